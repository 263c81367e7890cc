/*
 * The tree of branches: opens a node in its place, and lets a branch be dragged onto another.
 *
 * Dropping only opens the page of the move with both names filled in; nothing changes before it is
 * confirmed there. Without this script a node opens on a page of its own and moves by its form.
 */
const tree = document.querySelector("[data-branch-tree]");
const status = tree?.querySelector("[data-branch-status]");
const OPEN_AFTER = 700;

const say = (text) => {
  status.textContent = text;
};

async function fragment(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  return holder.content;
}

async function open(twist) {
  const node = twist.closest(".branch-node");
  const below = node.querySelector(":scope > .branch-level");
  if (below) {
    below.hidden = !below.hidden;
    twist.setAttribute("aria-expanded", String(!below.hidden));
    return;
  }
  if (twist.ariaBusy === "true") return;
  twist.ariaBusy = "true";
  try {
    node.append(await fragment(twist.dataset.branchOpen));
    twist.setAttribute("aria-expanded", "true");
    say("");
  } catch {
    say(tree.dataset.failed);
  } finally {
    twist.ariaBusy = "false";
  }
}

async function more(link) {
  const item = link.closest("li");
  try {
    const next = await fragment(link.dataset.branchMore);
    const rows = [...next.querySelector("ul").children];
    item.replaceWith(...rows);
    rows[0]?.querySelector("a[href]:not([aria-expanded])")?.focus();
  } catch {
    say(tree.dataset.failed);
  }
}

tree?.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const twist = event.target.closest("[data-branch-open][aria-expanded]");
  const link = event.target.closest("[data-branch-more]");
  if (!twist && !link) return;
  event.preventDefault();
  if (twist) open(twist);
  else more(link);
});

// A node is opened by the keyboard as links are, and by the space bar, as what it looks like.
tree?.addEventListener("keydown", (event) => {
  const twist = event.target.closest("[data-branch-open][aria-expanded]");
  if (twist && event.key === " ") {
    event.preventDefault();
    open(twist);
  }
});

// -- dragging ------------------------------------------------------------------------------------

let dragged = null;
let over = null;
let timer = 0;

function leave() {
  clearTimeout(timer);
  over?.removeAttribute("data-drop");
  over = null;
}

function target(event) {
  if (!dragged) return null;
  const node = event.target.closest?.(".branch-node:not(.branch-node--ended)");
  return node && !dragged.node.contains(node) ? node : null;
}

tree?.addEventListener("dragstart", (event) => {
  const link = event.target.closest?.("[data-branch-drag]");
  if (!link) return;
  dragged = { link, node: link.closest(".branch-node") };
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.node.dataset.label);
  say(tree.dataset.branchTree);
});

tree?.addEventListener("dragover", (event) => {
  const node = target(event);
  if (node !== over) {
    leave();
    over = node;
    if (node) {
      node.setAttribute("data-drop", "");
      const twist = node.querySelector(":scope > .branch-row [data-branch-open][aria-expanded='false']");
      if (twist) timer = setTimeout(() => open(twist), OPEN_AFTER);
    }
  }
  if (node) event.preventDefault();
});

tree?.addEventListener("drop", (event) => {
  const node = target(event);
  if (!node) return;
  event.preventDefault();
  const address = new URL(dragged.link.dataset.branchDrag, location.href);
  address.searchParams.set("parent", node.dataset.label);
  location.assign(address);
});

tree?.addEventListener("dragend", () => {
  dragged = null;
  leave();
  say("");
});
