// Results while typing: waits for a pause and for the end of an input method's composition, then lets
// HTMX fetch the part below the box. The address follows, so it can be copied at any moment.

const PAUSE_MS = 250;

const form = document.querySelector("[data-search]");
const box = form?.querySelector("input[name=q]");

if (box) {
  let timer = 0;
  let composing = false;
  let last = box.value.trim();

  const ask = () => {
    const text = box.value.trim();
    if (composing || text === last) return;
    last = text;
    box.dispatchEvent(new CustomEvent("search-typed"));
    const address = new URL(form.action, window.location.href);
    if (text) address.searchParams.set("q", text);
    window.history.replaceState(null, "", address);
  };

  const later = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, PAUSE_MS);
  };

  box.addEventListener("compositionstart", () => {
    composing = true;
  });
  box.addEventListener("compositionend", () => {
    composing = false;
    later();
  });
  box.addEventListener("input", later);

  form.addEventListener("submit", (event) => {
    // With results already on the screen the page need not load again; focus stays in the box.
    if (!window.htmx) return;
    event.preventDefault();
    window.clearTimeout(timer);
    ask();
    // On a phone the keyboard would cover the results.
    if (window.matchMedia("(pointer: coarse)").matches) box.blur();
    else box.focus();
  });

  const tellOffline = () => {
    last = null;
    const words = document.createElement("p");
    words.className = "search-count";
    words.setAttribute("role", "alert");
    words.textContent = form.dataset.offline;
    document.getElementById("results").replaceChildren(words);
  };
  box.addEventListener("htmx:sendError", tellOffline);
  box.addEventListener("htmx:responseError", tellOffline);
}
