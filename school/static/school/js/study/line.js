/* The one line under the player: a drawing, words, and at most one thing to press. */

export const NOTICE_MS = 4000;

export class Line {
  constructor(config) {
    this.box = document.querySelector("[data-study-line]");
    this.words = config.words;
    this.said = "";
    this.noticeUntil = 0;
  }

  time(milliseconds) {
    const { hour, minute, second } = this.words;
    const all = Math.floor(milliseconds / 1000);
    const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
    if (hours) return minutes ? `${hours} ${hour} ${minutes} ${minute}` : `${hours} ${hour}`;
    if (!minutes) return `${seconds} ${second}`;
    return seconds ? `${minutes} ${minute} ${seconds} ${second}` : `${minutes} ${minute}`;
  }

  fill(word, values = {}) {
    return Object.entries(values).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, value),
      this.words[word],
    );
  }

  /**
   * `kind` names the state: a reader of the page aloud hears a new state, not every number.
   * `then`: {href} makes the words a link, {label, press} puts a button behind them.
   */
  say(kind, tone, icon, text, then = {}) {
    if (!this.box || performance.now() < this.noticeUntil) return;
    const key = [kind, tone, icon, text, then.href, then.label].join("|");
    if (key === this.said) return;
    this.box.setAttribute("aria-live", this.kind === kind ? "off" : "polite");
    this.kind = kind;
    this.said = key;
    this.box.dataset.state = kind;
    for (const name of ["info", "done", "warn", "late"]) {
      this.box.classList.toggle(`study-line--${name}`, name === tone);
    }
    const use = this.box.querySelector("use");
    if (use) use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${icon}`);
    this.#words(text, then.href);
    this.#button(then);
  }

  #words(text, href) {
    const place = this.box.querySelector(".study-line__text");
    if (!place) return;
    if (!href) {
      place.textContent = text;
      return;
    }
    const anchor = document.createElement("a");
    anchor.href = href;
    anchor.textContent = text;
    place.replaceChildren(anchor);
  }

  #button({ label, press }) {
    this.box.querySelector(".study-line__action")?.remove();
    if (!label) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "study-line__action";
    button.textContent = label;
    button.addEventListener("click", press);
    this.box.append(button);
  }

  notice(text) {
    this.noticeUntil = 0;
    this.say("notice", "warn", "info", text);
    this.noticeUntil = performance.now() + NOTICE_MS;
  }
}
