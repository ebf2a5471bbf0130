// Buttons that copy the field beside them. Without it, the fields are copied by hand.
"use strict";

const said = document.getElementById("copied");

async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value); // only on pages that came over HTTPS
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const isCopied = await copy(field);
    said.textContent = isCopied ? `Copied: ${field.labels[0].innerText}` : "Not copied: the field is marked, press Ctrl+C.";
    button.classList.toggle("done", isCopied);
  });
}
