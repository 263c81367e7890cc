/*
 * A text box that finds a branch by name or code and browses the tree.
 *
 * <span data-branch-picker="/branches/find/?for=manage" data-browse="浏览" …><input></span>
 * Typing searches. With an empty box, Arrow down or 浏览 lists the top nodes; Arrow right goes
 * below a node, Arrow left back. Without this script the code is typed.
 */
(() => {
  const WAIT = 200;
  let number = 0;

  class Picker {
    constructor(root) {
      this.root = root;
      this.words = root.dataset;
      this.input = root.querySelector("input");
      this.id = `branch-picker-${(number += 1)}`;
      this.trail = [];
      this.rows = [];
      this.active = -1;
      this.build();
      this.input.addEventListener("input", () => this.later());
      this.input.addEventListener("keydown", (event) => this.key(event));
      root.addEventListener("focusout", (event) => {
        if (!root.contains(event.relatedTarget)) this.close();
      });
    }

    build() {
      const { input, id } = this;
      for (const [name, value] of Object.entries({
        role: "combobox",
        "aria-autocomplete": "list",
        "aria-expanded": "false",
        "aria-controls": id,
      }))
        input.setAttribute(name, value);
      this.button = document.createElement("button");
      this.button.type = "button";
      this.button.className = "branch-picker__browse";
      this.button.textContent = this.words.browse;
      this.button.addEventListener("click", () => {
        if (this.isOpen && this.browsing) return this.close();
        input.focus();
        return this.browse([]);
      });
      this.panel = document.createElement("div");
      this.panel.className = "branch-picker__panel";
      this.panel.hidden = true;
      this.path = document.createElement("p");
      this.path.className = "branch-picker__path";
      this.list = document.createElement("ul");
      this.list.id = id;
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", this.words.browse);
      this.status = document.createElement("p");
      this.status.className = "branch-picker__status";
      this.status.setAttribute("role", "status");
      this.panel.append(this.path, this.list, this.status);
      // The box keeps the focus while the list is used.
      this.panel.addEventListener("mousedown", (event) => event.preventDefault());
      this.root.append(this.button, this.panel);
    }

    get isOpen() {
      return !this.panel.hidden;
    }

    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        const text = this.input.value.trim();
        if (text) this.search(text);
        else this.close();
      }, WAIT);
    }

    async search(text) {
      this.browsing = false;
      this.trail = [];
      const rows = await this.ask({ q: text });
      if (rows && this.input.value.trim() === text) this.show(rows);
    }

    async browse(trail) {
      this.browsing = true;
      const under = trail.at(-1);
      const rows = await this.ask(under ? { under: under.pk } : {});
      if (!rows) return;
      this.trail = trail;
      this.show(rows);
    }

    async ask(query) {
      const address = new URL(this.words.branchPicker, location.href);
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
      try {
        const response = await fetch(address, { headers: { Accept: "application/json" } });
        if (!response.ok) throw new Error(String(response.status));
        return (await response.json()).branches;
      } catch {
        this.show([]);
        this.status.textContent = this.words.failed;
        return null;
      }
    }

    show(rows) {
      this.rows = rows;
      this.path.replaceChildren();
      this.path.hidden = !this.trail.length;
      if (this.trail.length) {
        const back = document.createElement("button");
        back.type = "button";
        back.tabIndex = -1;
        back.textContent = `‹ ${this.words.back}`;
        back.addEventListener("click", () => this.browse(this.trail.slice(0, -1)));
        this.path.append(back, ` ${this.trail.map((row) => row.label).join(" / ")}`);
      }
      this.list.replaceChildren(...rows.map((row, index) => this.option(row, index)));
      this.status.textContent = rows.length
        ? this.words.found.replace("%d", rows.length)
        : this.words.none;
      this.panel.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      this.mark(rows.length && !this.browsing ? 0 : -1);
    }

    option(row, index) {
      const item = document.createElement("li");
      item.id = `${this.id}-${index}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const label = document.createElement("span");
      label.className = "branch-picker__label";
      label.textContent = row.label;
      const note = document.createElement("span");
      note.className = "branch-picker__note";
      note.textContent = [row.kind, row.line].filter(Boolean).join(" · ");
      item.append(label, note);
      item.addEventListener("click", () => this.choose(row));
      if (row.parent && this.browsing) {
        const into = document.createElement("button");
        into.type = "button";
        into.tabIndex = -1;
        into.className = "branch-picker__into";
        into.textContent = `${this.words.into} ›`;
        into.addEventListener("click", (event) => {
          event.stopPropagation();
          this.browse([...this.trail, row]);
        });
        item.append(into);
      }
      return item;
    }

    mark(index) {
      this.active = index;
      [...this.list.children].forEach((item, place) => {
        item.setAttribute("aria-selected", String(place === index));
        if (place === index) item.scrollIntoView({ block: "nearest" });
      });
      if (index < 0) this.input.removeAttribute("aria-activedescendant");
      else this.input.setAttribute("aria-activedescendant", `${this.id}-${index}`);
    }

    choose(row) {
      this.input.value = row.label;
      this.close();
      this.input.focus();
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    }

    close() {
      clearTimeout(this.timer);
      this.panel.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.mark(-1);
    }

    key(event) {
      const row = this.rows[this.active];
      const count = this.rows.length;
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key === "ArrowDown" && !this.isOpen) {
        event.preventDefault();
        const text = this.input.value.trim();
        if (text) this.search(text);
        else this.browse([]);
      } else if (!this.isOpen) {
        return;
      } else if (event.key in steps && count) {
        event.preventDefault();
        const start = this.active < 0 && steps[event.key] < 0 ? 0 : this.active;
        this.mark((start + steps[event.key] + count) % count);
      } else if (event.key === "Enter" && row) {
        event.preventDefault();
        this.choose(row);
      } else if (event.key === "Escape") {
        event.preventDefault();
        this.close();
      } else if (this.browsing && event.key === "ArrowRight" && row?.parent) {
        event.preventDefault();
        this.browse([...this.trail, row]);
      } else if (this.browsing && event.key === "ArrowLeft" && this.trail.length) {
        event.preventDefault();
        this.browse(this.trail.slice(0, -1));
      }
    }
  }

  const start = (within) => {
    for (const root of within.querySelectorAll("[data-branch-picker]:not([data-ready])")) {
      root.dataset.ready = "";
      new Picker(root);
    }
  };
  if (document.readyState === "loading")
    document.addEventListener("DOMContentLoaded", () => start(document));
  else start(document);
  document.addEventListener("htmx:load", (event) => start(event.target));
})();
