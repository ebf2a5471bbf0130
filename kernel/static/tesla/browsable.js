// Sends the browsable API's forms by their own method, and shows the answer in place. Without it, POST forms still work.
"use strict";

const methodOf = (form, button) => button?.dataset.method ?? form.dataset.method;

function dropEmpty(form) {
  for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
  // Whoever comes back by the Back button finds them enabled.
  setTimeout(() => { for (const field of form.elements) field.disabled = false; });
}

function show(text, type) {
  if (type.startsWith("text/html")) {
    const page = new DOMParser().parseFromString(text, "text/html");
    document.title = page.title;
    document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
    document.querySelector("main h1")?.focus({ preventScroll: true });
  } else {
    const note = document.createElement("p");
    note.className = "note bad";
    note.setAttribute("role", "alert");
    note.textContent = text || "The server did not answer.";
    document.querySelector("main").prepend(note);
  }
  scrollTo(0, 0);
}

async function send(form, method) {
  const json = "json" in form.dataset;
  const headers = { Accept: "text/html", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  if (json) headers["Content-Type"] = "application/json";
  if (form.dataset.tag) headers["If-Match"] = form.dataset.tag; // refused if the row has changed since
  const data = new FormData(form);
  data.delete("csrfmiddlewaretoken");
  const body = json ? form.elements.json.value : data;
  const answer = await fetch(form.action, { method, headers, body: method === "DELETE" ? undefined : body });
  show(await answer.text(), answer.headers.get("Content-Type") ?? "");
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const method = methodOf(form, event.submitter);
  if (form.method === "get" && !method) return dropEmpty(form);
  if (!method) return;
  event.preventDefault();
  form.inert = true;
  try {
    await send(form, method);
  } catch (error) {
    show(String(error), "");
  } finally {
    form.inert = false;
  }
});
