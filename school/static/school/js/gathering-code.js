/* The code on the wall: keeps the screen awake and says when the line is lost. */

const box = document.getElementById("code");
const lost = document.querySelector("[data-lost]");

function say(text) {
  lost.textContent = text;
  lost.hidden = !text;
}

if (box && lost) {
  document.addEventListener("htmx:sendError", () => say(lost.dataset.lost));
  document.addEventListener("htmx:timeout", () => say(lost.dataset.lost));
  document.addEventListener("htmx:responseError", () => say(lost.dataset.over));
  document.addEventListener("htmx:afterSwap", () => say(""));
}

async function stayAwake() {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // A phone low on power refuses; the code is shown all the same.
  }
}

document.addEventListener("visibilitychange", stayAwake);
stayAwake();
