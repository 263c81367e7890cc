/*
 * The tracker: tells the server what was studied and shows the server's answer, never its own sum.
 *
 * Binds to the [data-study-item] of the page: a <video> (axis media) or an element whose parts
 * carry data-offset and data-length (axis text). data-study-config holds the settings as JSON, or
 * the id of a <script type="application/json">.
 *
 *   "study:state"   out  on the element: {coveredUntilMs, covered, length, maxRate,
 *                       completed, credit, state}
 *   "player:notice" in   a sentence for the line
 *   [data-study-line], [data-study-progress]   what it writes to
 *   [data-check-in], [data-gate]   dialogs that ask
 *
 * A batch is stored on this device before it is sent and leaves the store only when the server says
 * it is durable, so a dead battery or a lost line costs nothing.
 */

import { Film } from "./study/film.js";
import { here } from "./study/here.js";
import { Line, NOTICE_MS } from "./study/line.js";
import { Questions } from "./study/questions.js";
import { SLOW_MS, Sender } from "./study/sender.js";
import { Session } from "./study/session.js";
import { Store } from "./study/store.js";
import { Tabs } from "./study/tabs.js";
import { Text } from "./study/text.js";

const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;
const SOON_MS = 10 * 60_000; // so long ahead the line says that today's cap is near

function settings(element) {
  const given = element.dataset.studyConfig || "study-config";
  const text = given.trimStart().startsWith("{") ? given : document.getElementById(given)?.textContent;
  return text ? JSON.parse(text) : null;
}

class Tracker {
  constructor(element, config) {
    this.element = element;
    this.config = config;
    this.line = new Line(config);
    this.store = new Store();
    this.sender = new Sender(this.store, config.member);
    this.session = new Session(config, this.store, this.sender);
    this.questions = new Questions(document.querySelector("[data-gate]"), config.words);
    this.subject =
      config.axis === "media"
        ? new Film(element, this.session, this.questions)
        : new Text(element, this.session, config);
    this.tabs = new Tabs(config.member);
    this.state = null; // the server's last word
    this.trouble = "";
    this.superseded = false;
    this.wait = RETRY_MS;
    this.#bind();
    this.#bindDialog();
    this.open();
    this.sender.flush(); // what an earlier visit left behind
  }

  #bind() {
    this.session.onstate = (answer) => this.#answered(answer);
    this.session.onrefused = () => this.#refused();
    this.session.onend = () => this.subject.close();
    this.session.onslept = () => this.subject.cut();
    this.session.onwoken = () => this.open();
    this.sender.onchange = () => this.show();
    this.tabs.ontaken = () => this.#taken();
    this.tabs.onleft = () => location.reload(); // the sign-in page, and back here after it
    this.subject.onidle = () => this.show();
    this.subject.onask = () => this.#ask();
    this.subject.onplay = () => this.#played();
    this.questions.onwait = () => this.show();
    this.questions.onpassed = () => {
      this.show();
      this.subject.resume();
    };
    this.element.addEventListener("player:notice", (event) => {
      this.line.notice(event.detail.text);
      setTimeout(() => this.show(), NOTICE_MS + 50);
    });
    document.addEventListener("visibilitychange", () => {
      this.subject.visibility();
      if (document.visibilityState === "hidden") this.session.flush(true);
      else this.#returned();
    });
    addEventListener("pagehide", () => {
      this.subject.close();
      this.session.flush(true);
      this.session.release?.();
    });
    // A page that comes back whole has slept: somebody else may have signed in meanwhile.
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.open();
    });
    addEventListener("beforeunload", (event) => {
      if (!this.store.lasting && this.sender.pending > 0) event.preventDefault();
    });
    this.line.box?.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (link && this.signedOut) link.href = this.#doorAndBack(); // the second it is now
    });
  }

  /* ---- the session ---- */

  async open() {
    if (this.opening) return;
    this.opening = true;
    this.superseded = false;
    this.line.say("opening", "info", "sync", this.line.words.opening);
    try {
      // A page opened in the background lets the one in front go on.
      this.taken = document.visibilityState === "visible";
      await this.session.open(this.taken);
      if (this.taken) this.tabs.taken();
      this.wait = RETRY_MS;
      this.trouble = "";
      this.signedOut = false;
      this.subject.reset();
      this.subject.tick();
    } catch (error) {
      this.#unopened(error);
    }
    this.opening = false;
    this.show();
  }

  #unopened(error) {
    const { words } = this.line;
    if (error.status && error.status < 500 && error.status !== 429) {
      this.signedOut = error.status === 401;
      this.trouble = this.signedOut ? words.signed_out : error.sentence || words.signed_out;
      return;
    }
    this.trouble = words.unconnected;
    setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_RETRY_MS);
  }

  #refused() {
    this.session.end();
    this.open(); // a fresh session says for itself when study is not allowed any more
  }

  /** The page is in front again. */
  #returned() {
    this.sender.flush();
    // Two texts in two tabs: whoever turns to this one reads on here.
    const reads = this.config.axis === "text" && (this.superseded || !this.taken);
    if (reads || this.session.isOver) this.open();
  }

  /** Another page or device studies now: courtesy, the same minutes never count twice. */
  #taken() {
    if (this.superseded || !this.session.isOpen) return;
    this.superseded = true;
    this.subject.stop();
    this.session.end();
    this.checkIn?.close();
    this.show();
  }

  #answered(answer) {
    if (answer.superseded) {
      this.#taken();
      return;
    }
    this.state = answer;
    if ("token" in answer) this.#begun(answer);
    this.session.done = answer.again && !this.mayReview;
    for (const bar of document.querySelectorAll("[data-study-progress]")) {
      bar.max = Math.max(1, answer.length);
      bar.value = answer.completed ? bar.max : answer.covered;
    }
    this.#tell(answer);
    this.show();
    if (this.session.isOver) this.open();
  }

  /** What only the opening says. */
  #begun(opened) {
    this.questions.set(opened.questions ? opened.gates : []);
    this.already = opened.completed;
    this.mayReview = opened.review_ms > 0;
    this.room = opened.room && { ...opened.room, from: opened.studied_ms };
  }

  #tell(answer) {
    const until = answer.cover?.at(-1) || 0;
    this.element.dispatchEvent(
      new CustomEvent("study:state", {
        bubbles: true,
        detail: {
          coveredUntilMs: answer.completed || answer.seek_free ? answer.length : until,
          covered: answer.covered,
          length: answer.length,
          maxRate: answer.max_rate ? answer.max_rate / 100 : undefined, // said at the opening
          completed: answer.again, // who completed it in a gathering sees it for the first time
          credit: answer.credit,
          state: answer.state,
        },
      }),
    );
  }

  /* ---- is somebody there ---- */

  #bindDialog() {
    this.checkIn = document.querySelector("[data-check-in]");
    this.checkIn?.querySelector("[data-check-in-yes]")?.addEventListener("click", () => {
      this.checkIn.close();
      this.#present();
    });
    // Esc leaves the film paused; the line and the play button still lead on.
    this.checkIn?.addEventListener("close", () => this.show());
  }

  #ask() {
    this.asking = true;
    // A phone's own player covers the page.
    if (this.element.webkitDisplayingFullscreen) this.element.webkitExitFullscreen();
    if (this.checkIn && !this.checkIn.open) this.checkIn.showModal();
    this.show();
  }

  #present() {
    this.asking = false;
    this.subject.resume();
    this.show();
  }

  /** Play was pressed, by whatever means. */
  #played() {
    this.asking = false;
    if (this.checkIn?.open) this.checkIn.close();
    if (this.superseded || !this.taken || this.session.isOver) this.open();
    else this.show();
  }

  /* ---- the line ---- */

  /** The sign-in page, which leads back to this page and this second. */
  #doorAndBack() {
    const film = this.config.axis === "media" ? this.element : null;
    const second = film && film.currentTime >= 1 ? `#t=${Math.floor(film.currentTime)}` : "";
    const back = location.pathname + location.search + second;
    return `/sign-in/?next=${encodeURIComponent(back)}`;
  }

  show() {
    if (this.#showHold() || this.#showSending()) return;
    const { line, state } = this;
    if (!state) return;
    // Completed in a gathering, it is paid by time all the same when it is studied alone.
    if (state.completed && (state.again || this.config.pay?.state !== "by_time")) {
      this.#showDone(state);
    } else if (state.state === "waiting" && state.outstanding.length) {
      const [first] = state.outstanding;
      const text = line.fill("waiting", { what: first.text });
      line.say("waiting", "warn", "quiz", text, { href: first.path });
    } else if (this.subject.idle) {
      line.say("idle", "warn", "pause", line.words.paused);
    } else {
      this.#count(state);
    }
  }

  /** What stands still until somebody does something. */
  #showHold() {
    const { line } = this;
    const { words } = line;
    if (this.superseded) {
      const press = () => this.#here();
      line.say("superseded", "warn", "pause", words.superseded, { label: words.take_here, press });
    } else if (this.asking) {
      const press = () => this.#present();
      line.say("check_in", "warn", "pause", words.check_in, { label: words.go_on, press });
    } else if (this.questions.waiting) {
      const press = () => this.questions.ask();
      line.say("question", "warn", "quiz", words.question, { label: words.answer, press });
    } else if (this.trouble && !(this.sender.offline && this.sender.pending > 0)) {
      const href = this.signedOut ? this.#doorAndBack() : "";
      line.say("trouble", "warn", "warning", this.trouble, { href });
    } else {
      return false;
    }
    return true;
  }

  /** Go on in this page. */
  async #here() {
    await this.open();
    if (this.session.isOpen) this.subject.resume();
  }

  /** What is on its way, or cannot go. */
  #showSending() {
    const { line, sender } = this;
    if (sender.offline && sender.pending > 0) {
      const word = this.store.lasting ? "offline" : "offline_page";
      line.say("offline", "warn", "offline", line.fill(word, { time: line.time(sender.pending) }));
    } else if (sender.slowed && sender.pending > 0) {
      line.say("slowed", "info", "sync", line.words.slowed);
    } else if (sender.busySince && performance.now() - sender.busySince >= SLOW_MS) {
      line.say("uploading", "info", "sync", line.words.uploading);
    } else if (sender.late) {
      line.say("late", "warn", "info", line.fill("late", { time: line.time(sender.late) }));
    } else {
      return false;
    }
    return true;
  }

  #showDone(state) {
    const { line } = this;
    const { pay } = this.config;
    const credit = state.credit ? String(state.credit / 100) : "";
    let text = line.words.done;
    if (this.already && pay?.state === "paid") text += ` · ${pay.text}`;
    else if (credit) text = line.fill("done_credit", { credit });
    line.say("done", "done", "check", text);
  }

  #count(state) {
    const { line } = this;
    const all = line.time(state.required_ms);
    if (!state.covered) {
      this.#ready(all);
      return;
    }
    const seen = Math.floor((state.required_ms * state.covered) / Math.max(1, state.length));
    const counted = line.fill("counted", { done: line.time(seen), all });
    const left = this.#room(state);
    const text =
      left > SOON_MS
        ? counted
        : left > 0
          ? line.fill("room_left", { counted, time: line.time(left) })
          : line.fill("room_full", { counted, full: this.room.full });
    line.say(left > 0 ? "counting" : "full", "info", "clock", text);
  }

  /** Before it begins: what it takes and pays, or that today pays no more. */
  #ready(all) {
    const { line } = this;
    const credit = this.config.award ? String(this.config.award / 100) : "";
    const text = credit ? line.fill("ready_award", { all, credit }) : line.fill("ready", { all });
    const before = this.session.clock < this.room?.until_ms ? this.room.before : "";
    if (this.room?.left_ms === 0 && before) line.say("full", "info", "info", before);
    else line.say("ready", "info", "clock", before ? `${text}。${before}` : text);
  }

  /** Milliseconds of study that today's cap still lets count. */
  #room(state) {
    const { room } = this;
    if (!room || room.left_ms === null || this.session.clock >= room.until_ms) return Infinity;
    return room.left_ms - Math.max(0, state.studied_ms - room.from);
  }
}

const element = document.querySelector("[data-study-item]");
const config = element && settings(element);
if (config) {
  const { store, sender, session, subject } = new Tracker(element, config);
  const close = () => {
    subject.close();
    return session.flush();
  };
  here.page = { store, sender, close };
}
