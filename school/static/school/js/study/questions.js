/*
 * Questions that stand in the film. The server holds back what lies behind one until it has been
 * answered; this shows the question over the player and goes on at the same position.
 *
 * A gate is {position, key, path, passed}: milliseconds of the film, and where its fragment of HTML
 * is had. The form in it is posted to its own address, which answers {passed, html}; the film goes
 * on when [data-gate-continue] is pressed.
 */

export class Questions {
  /** `dialog`: see components/question_gate.html; null on a page that has none. */
  constructor(dialog, words) {
    this.dialog = dialog;
    this.words = words;
    this.gates = [];
    this.passed = false; // the one on the screen has been answered
    this.waiting = false; // the film stands at a question
    this.onwait = () => {}; // it begins to
    this.onpassed = () => {};
    if (!dialog) return;
    this.place = dialog.querySelector("[data-gate-body]");
    dialog.addEventListener("submit", (event) => this.#submit(event));
    dialog.addEventListener("click", (event) => {
      if (event.target.closest?.("[data-gate-retry]")) this.ask();
      if (event.target.closest?.("[data-gate-continue]")) this.#pass();
      if (event.target.closest?.("[data-gate-back]")) this.#back();
    });
    addEventListener("online", () => {
      if (dialog.open && this.unreached) this.ask();
    });
  }

  set(gates) {
    const open = this.dialog ? gates.filter((gate) => !gate.passed) : [];
    this.gates = open.sort((a, b) => a.position - b.position);
  }

  /** The first question that has not been answered, or null. */
  get first() {
    return this.gates[0] || null;
  }

  /** Show the question that the film stands at. */
  async ask() {
    const gate = this.first;
    if (!gate || this.busy) return;
    if (this.passed) {
      this.#pass();
      return;
    }
    this.waiting = true;
    this.onwait();
    if (!this.dialog.open) {
      this.place.textContent = this.words.question_loading;
      this.dialog.showModal();
    }
    await this.#ask(gate);
  }

  async #ask(gate) {
    const response = await this.#reach(gate.path, { headers: { Accept: "text/html" } });
    if (response?.ok && !response.redirected) this.#draw(await response.text());
    else this.#trouble(response, true);
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.target;
    const headers = {
      Accept: "application/json",
      "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content || "",
    };
    const sent = { method: "POST", body: new FormData(form, event.submitter), headers };
    const response = await this.#reach(form.getAttribute("action"), sent);
    const answer = await response?.json().catch(() => null);
    if (!answer?.html) {
      this.#trouble(response, false); // what was chosen stays on the screen
      return;
    }
    this.passed = answer.passed;
    this.#draw(answer.html);
  }

  /** The answer to one request; null without a line, or while another one is under way. */
  async #reach(address, options) {
    if (this.busy) return null;
    this.busy = true;
    this.dialog.setAttribute("aria-busy", "true");
    try {
      return await fetch(address, options);
    } catch {
      return null;
    } finally {
      this.busy = false;
      this.dialog.removeAttribute("aria-busy");
    }
  }

  #draw(html) {
    this.unreached = false;
    this.place.innerHTML = html; // from our own server, escaped there
    this.place.querySelector("input:not([type=hidden]), textarea, button")?.focus();
  }

  /** Say what is the matter; `anew`: there is nothing on the screen that has to stay. */
  #trouble(response, anew) {
    this.unreached = anew;
    this.place.querySelector("[data-gate-trouble]")?.remove();
    const trouble = document.createElement("p");
    trouble.className = "film-question__trouble";
    trouble.dataset.gateTrouble = "";
    trouble.setAttribute("role", "alert");
    trouble.textContent = response ? this.words.question_failed : this.words.question_offline;
    if (!anew) {
      this.place.append(trouble);
      return;
    }
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button button--primary";
    again.dataset.gateRetry = "";
    again.textContent = this.words.question_again;
    this.place.replaceChildren(trouble, again);
    again.focus();
  }

  /** Look again at what came before; the question is asked when the film comes to it again. */
  #back() {
    this.waiting = false;
    this.dialog.close();
    this.onwait();
  }

  #pass() {
    this.gates.shift();
    this.waiting = this.passed = false;
    this.dialog.close();
    this.onpassed();
  }
}
