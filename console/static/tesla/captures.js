// Renews how far captures are, and then those parts of the page that depend on it. Without it, the page is loaded again.
"use strict";

const LATER = 10; // seconds to the next try when the server does not answer
const QUIET = 15; // seconds at least from one announcement to the next, while a page looks more often than that
const part = document.getElementById("captures");
let tag = part.dataset.tag;
let timer = 0;
let isAsking = false;
let stale = []; // the parts of the page that are not renewed yet
let announcedAt = 0;

const now = () => part.querySelector(".captures");
const seconds = () => Number(now().dataset.seconds);

let announced = now().dataset.summary;

function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

function replace(old, fresh) {
  const open = Array.from(old.querySelectorAll("details"), (one) => one.open);
  fresh.querySelectorAll("details").forEach((one, place) => { one.open = open[place] ?? one.open; });
  old.replaceWith(document.adoptNode(fresh));
}

function announce() {
  const { summary } = now().dataset;
  if (summary === announced || (seconds() < QUIET && Date.now() - announcedAt < QUIET * 1000)) return;
  announced = summary;
  announcedAt = Date.now();
  document.getElementById("captures-said").textContent = summary;
}

function show(text) {
  const old = now();
  const hadFocus = old.contains(document.activeElement);
  replace(old, parsed(text).querySelector(".captures"));
  if (hadFocus) now().querySelector("[tabindex]")?.focus({ preventScroll: true });
}

// A part with the keyboard in it waits until the keyboard has left it.
async function renewStale() {
  const free = stale.filter((one) => !one.contains(document.activeElement));
  if (!free.length) return;
  const answer = await fetch(location.href, { redirect: "manual" });
  if (!answer.ok) return;
  const page = parsed(await answer.text());
  for (const old of free) {
    const fresh = page.getElementById(old.id);
    if (fresh) replace(old, fresh);
  }
  stale = stale.filter((one) => !free.includes(one));
}

function stop() {
  part.dataset.stopped = "";
  document.getElementById("captures-stopped").hidden = false;
}

async function ask() {
  const answer = await fetch(part.dataset.address, { headers: { "If-None-Match": tag }, redirect: "manual" });
  if (answer.status === 200) {
    tag = answer.headers.get("ETag");
    show(await answer.text());
    stale = [...document.querySelectorAll("[data-renewed]")];
  } else if (answer.status >= 500) {
    return LATER;
  } else if (answer.status !== 304) {
    stop(); // signed out, or not to be seen any more
    return 0;
  }
  announce();
  await renewStale();
  return stale.length ? Math.min(seconds(), LATER) : seconds();
}

async function look() {
  clearTimeout(timer);
  if (isAsking || document.hidden || "stopped" in part.dataset) return;
  isAsking = true;
  let next = LATER;
  try {
    next = await ask();
  } catch {
    // The server does not answer: later, perhaps.
  } finally {
    isAsking = false;
  }
  if (next) timer = setTimeout(look, next * 1000);
}

// Nobody looks at a hidden page; whoever comes back sees at once what is true now.
document.addEventListener("visibilitychange", look);
timer = setTimeout(look, seconds() * 1000);
