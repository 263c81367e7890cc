/* The frame of every page: menus that close, dialogs that open, htmx that carries the CSRF token. */

const token = document.querySelector('meta[name="csrf-token"]')?.content;

document.addEventListener("htmx:configRequest", (event) => {
  if (token && !/^(get|head|options)$/i.test(event.detail.verb)) {
    event.detail.headers["X-CSRFToken"] = token;
  }
});

/** Close every open menu except the one that holds `keep`. */
function closeMenus(keep) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!keep || !menu.contains(keep)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  closeMenus(target);

  const opener = target?.closest("[data-open-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.openDialog);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  if (target?.closest("[data-close-dialog]")) {
    event.preventDefault();
    target.closest("dialog")?.close();
  } else if (target instanceof HTMLDialogElement) {
    target.close(); // a press on the backdrop
  }
  if (target?.closest("[data-print]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary")?.focus();
});

/* "全选" and the count on a sticky action bar: <form data-select>. */
function countSelected(form) {
  const boxes = [...form.querySelectorAll("input[type=checkbox][data-row]")];
  const chosen = boxes.filter((box) => box.checked).length;
  for (const place of form.querySelectorAll("[data-selected-count]")) place.textContent = chosen;
  for (const bar of form.querySelectorAll("[data-selected-bar]")) bar.hidden = chosen === 0;
  for (const all of form.querySelectorAll("input[data-row-all]")) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches?.("[data-submit-on-change]")) field.form?.requestSubmit();
  const form = field.closest?.("form[data-select]");
  if (!form) return;
  if (field.matches("input[data-row-all]")) {
    for (const box of form.querySelectorAll("input[type=checkbox][data-row]")) {
      box.checked = field.checked;
    }
  }
  countSelected(form);
});

for (const form of document.querySelectorAll("form[data-select]")) countSelected(form);

/* What was studied without a line is sent from any page, and before signing out. */
function holdsStudy() {
  try {
    return localStorage.getItem("study-queue") !== null;
  } catch {
    return false;
  }
}

if (holdsStudy()) import("./study/leaving.js").then(({ flush }) => flush());

document.addEventListener("submit", (event) => {
  const form = event.target;
  const studying = holdsStudy() || document.querySelector("[data-study-item]");
  if (!form.matches('[data-place="sign_out"]') || !studying) return;
  event.preventDefault();
  import("./study/leaving.js").then(({ leave }) => leave(form));
});

/* A form sends once; a second press while it is on its way does nothing. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.matches("[data-resend], [method=dialog]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method.toLowerCase() !== "post" || form.matches("[hx-post]")) return;
  form.dataset.sent = "1";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
