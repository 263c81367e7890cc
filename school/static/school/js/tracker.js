/*
 * The tracker: tells the server what was studied and shows the server's answer, never its own sum.
 *
 * Binds to every [data-study-item]: a <video> (axis media) or an element whose parts carry
 * data-offset and data-length (axis text). data-study-config holds the settings as JSON, or the id
 * of a <script type="application/json">.
 *
 *   "study:state"   out  on the element: {coveredUntilMs, covered, length, maxRate,
 *                       completed, credit, state}
 *   "player:notice" in   a sentence for the line
 *   [data-study-line], [data-study-progress]   what it writes to
 *
 * A batch is stored on this device before it is sent and leaves the store only when the server says
 * it is durable, so a dead battery or a lost line costs nothing.
 */

const STRETCH_MS = 5000; // a stretch is closed at least this often
const FIRST_MS = 10000;
const LATE_MS = 8 * 24 * 3600 * 1000; // nobody takes a batch older than this
const SESSION_MS = 11 * 3600 * 1000; // a new session before the old one ends (12 h)
const NOTICE_MS = 4000;
const SLOW_MS = 900; // "uploading" is only worth saying when it takes this long

/* ---- the store on this device ---------------------------------------------------------------- */

class Store {
  /** Batches not yet durable; each belongs to one member and is never read for another. */
  constructor() {
    this.memory = new Map();
    this.opening = this.#open();
  }

  #open() {
    return new Promise((resolve) => {
      let request;
      try {
        request = indexedDB.open("study", 1);
      } catch {
        resolve(null);
        return;
      }
      request.onupgradeneeded = () => request.result.createObjectStore("batches", { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null); // private mode: memory has to do
      request.onblocked = () => resolve(null);
    });
  }

  async #run(mode, work) {
    const database = await this.opening;
    if (!database) return null;
    return new Promise((resolve) => {
      const transaction = database.transaction("batches", mode);
      const request = work(transaction.objectStore("batches"));
      transaction.oncomplete = () => resolve(request?.result ?? null);
      transaction.onerror = transaction.onabort = () => resolve(null);
    });
  }

  static id(batch) {
    return `${batch.member}/${batch.sid}/${String(batch.seq).padStart(10, "0")}`;
  }

  async put(batch) {
    this.memory.set(batch.id, batch);
    await this.#run("readwrite", (store) => store.put(batch));
  }

  async remove(batch) {
    this.memory.delete(batch.id);
    await this.#run("readwrite", (store) => store.delete(batch.id));
  }

  /** All batches of a member, oldest first. */
  async of(member) {
    const range = IDBKeyRange.bound(`${member}/`, `${member}/\uffff`);
    const stored = (await this.#run("readonly", (store) => store.getAll(range))) || [];
    const found = new Map(stored.map((batch) => [batch.id, batch]));
    for (const batch of this.memory.values()) if (batch.member === member) found.set(batch.id, batch);
    return [...found.values()].sort((a, b) => a.at - b.at || a.seq - b.seq);
  }

  /** Forget what is too old for any server, whoever it belonged to. */
  async tidy() {
    await this.#run("readwrite", (store) => {
      const walk = store.openCursor();
      walk.onsuccess = () => {
        const cursor = walk.result;
        if (!cursor) return;
        if (Date.now() - cursor.value.at > LATE_MS) cursor.delete();
        cursor.continue();
      };
      return null;
    });
  }
}

const studiedIn = (batch) =>
  batch.segments.reduce((sum, [, , w0, w1, , visible]) => sum + (visible ? w1 - w0 : 0), 0);

class Sender {
  /** Sends stored batches of one member, one after the other, until the server has them all. */
  constructor(store, member) {
    this.store = store;
    this.member = member;
    this.sending = null;
    this.again = false;
    this.wait = 2000;
    this.listeners = new Map(); // session id → {accepted, refused}
    this.onchange = () => {};
    this.offline = false;
    this.slowed = false; // the server asked for a pause
    this.quietUntil = 0;
    this.pending = 0; // milliseconds of study that only this device knows
    this.busySince = 0;
    addEventListener("online", () => this.flush());
  }

  flush() {
    if (Date.now() < this.quietUntil) return Promise.resolve();
    if (this.sending) {
      this.again = true;
      return this.sending;
    }
    this.sending = this.#drain().finally(() => {
      this.sending = null;
      this.busySince = 0;
      this.onchange();
      if (this.again) {
        this.again = false;
        this.flush();
      }
    });
    return this.sending;
  }

  async #drain() {
    const batches = await this.store.of(this.member);
    this.pending = batches.reduce((sum, batch) => sum + studiedIn(batch), 0);
    for (const batch of batches) {
      this.busySince ||= Date.now();
      setTimeout(() => this.onchange(), SLOW_MS);
      if (!(await this.#send(batch))) return;
      this.pending -= studiedIn(batch);
    }
  }

  /** Whether the batch is settled, one way or the other. */
  async #send(batch) {
    let response;
    try {
      response = await fetch(batch.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: body(batch),
        credentials: "same-origin",
        keepalive: true,
      });
    } catch {
      return this.#later(true);
    }
    if (response.status >= 500 || response.status === 429 || response.status === 409) {
      this.slowed = response.status === 429;
      return this.#later(false, Number(response.headers.get("Retry-After")) * 1000);
    }
    this.slowed = false;
    this.offline = false;
    this.wait = 2000;
    const listener = this.listeners.get(batch.sid);
    if (!response.ok) {
      await this.store.remove(batch); // the server will never take it
      listener?.refused(response.status);
      return true;
    }
    const answer = await response.json().catch(() => null);
    if (!answer) return this.#later(false);
    await this.#settle(batch, answer.durable_seq);
    listener?.accepted(answer);
    return true;
  }

  /** Only what the server calls durable leaves the device. */
  async #settle(batch, durable) {
    for (const each of await this.store.of(this.member)) {
      if (each.sid === batch.sid && each.seq <= durable) await this.store.remove(each);
    }
  }

  /** Keep what is stored and try again; a server that names the wait is not asked before. */
  #later(offline, told = 0) {
    this.offline = offline;
    clearTimeout(this.retry);
    const wait = Math.max(this.wait, told || 0);
    this.quietUntil = told ? Date.now() + told : 0;
    this.retry = setTimeout(() => {
      this.quietUntil = 0;
      this.flush();
    }, wait);
    this.wait = Math.min(this.wait * 2, 60000);
    return false;
  }

  /** The page is going: hand over without waiting for an answer. */
  beacon(batches) {
    for (const batch of batches) navigator.sendBeacon?.(batch.url, body(batch));
  }
}

const body = (batch) =>
  JSON.stringify({ token: batch.token, seq: batch.seq, segments: batch.segments });

/* ---- a session ------------------------------------------------------------------------------- */

class Session {
  /** One visit: the token, the clock that starts with it, the numbered batches. */
  constructor(config, store, sender) {
    this.config = config;
    this.store = store;
    this.sender = sender;
    this.segments = [];
    this.unsent = new Map(); // batches of this page, for the beacon
    this.opened = null;
    this.seq = 0;
    this.flushed = performance.now();
    this.cadence = config.cadence * 1000;
    this.done = false; // seen again, a completed item earns nothing: nothing is sent
    this.onstate = () => {};
    this.onrefused = () => {};
  }

  get isOpen() {
    return this.opened !== null;
  }

  /** Milliseconds since the session was opened. */
  get clock() {
    return Math.max(0, Math.round(performance.now() - this.began));
  }

  async open() {
    const response = await fetch(this.config.open_url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content || "",
      },
      body: JSON.stringify({ item: this.config.item }),
      credentials: "same-origin",
    });
    if (!response.ok) {
      const refusal = new Error(String(response.status));
      refusal.status = response.status;
      refusal.sentence = (await response.json().catch(() => ({}))).error;
      throw refusal;
    }
    const opened = await response.json();
    // The clock starts with the answer: never ahead of the server's own.
    this.began = this.flushed = performance.now();
    this.opened = opened;
    this.seq = 0;
    this.cadence = opened.cadence * 1000;
    this.sender.listeners.set(opened.sid, {
      accepted: (answer) => {
        this.cadence = answer.cadence * 1000;
        for (const seq of this.unsent.keys()) if (seq <= answer.durable_seq) this.unsent.delete(seq);
        this.onstate(answer);
      },
      refused: (status) => {
        this.unsent.clear();
        this.onrefused(status);
      },
    });
    this.onstate(opened);
  }

  add(m0, m1, w0, w1, rate, visible) {
    if (this.done || w1 <= w0 || m1 < m0) return;
    this.segments.push([m0, m1, w0, w1, rate, visible ? 1 : 0]);
    // The first batch goes early, so that the line shows soon that time is being counted.
    const wanted = this.seq ? this.cadence : Math.min(this.cadence, FIRST_MS);
    const full = this.segments.length >= this.config.most_segments; // the server takes no more
    if (full || performance.now() - this.flushed >= wanted) this.flush();
  }

  /** Close the batch, store it, send it. `leaving`: there is no time to wait for anything. */
  flush(leaving = false) {
    this.flushed = performance.now();
    if (this.isOpen && this.segments.length) {
      const batch = {
        member: this.config.member,
        sid: this.opened.sid,
        seq: ++this.seq,
        token: this.opened.token,
        url: this.config.report_url,
        segments: this.segments.splice(0),
        at: Date.now(),
      };
      batch.id = Store.id(batch);
      this.unsent.set(batch.seq, batch);
      const stored = this.store.put(batch);
      if (!leaving) stored.then(() => this.sender.flush());
    }
    if (leaving) this.sender.beacon(this.unsent.values());
    if (this.isOpen && performance.now() - this.began > SESSION_MS) this.opened = null;
  }
}

/* ---- what is studied ------------------------------------------------------------------------- */

class Film {
  /** Stretches of a <video>, closed by its own events: timers of a hidden page are throttled. */
  constructor(video, session) {
    this.video = video;
    this.session = session;
    this.stretch = null;
    this.last = null;
    video.addEventListener("playing", () => this.tick());
    video.addEventListener("timeupdate", () => this.tick());
    for (const name of ["pause", "ended"]) {
      video.addEventListener(name, () => {
        this.close();
        session.flush();
      });
    }
    video.addEventListener("waiting", () => this.close());
    video.addEventListener("ratechange", () => this.close(this.last));
    // By now the position is the new one: the stretch ended where it was last seen.
    video.addEventListener("seeking", () => this.close(this.last));
    video.addEventListener("emptied", () => this.close(this.last));
  }

  now() {
    return {
      media: Math.round(this.video.currentTime * 1000),
      wall: this.session.clock,
      rate: Math.round(this.video.playbackRate * 100),
    };
  }

  tick() {
    const video = this.video;
    if (!this.session.isOpen || video.paused || video.seeking || video.readyState < 3) return;
    const here = this.now();
    if (this.stretch && here.wall - this.stretch.wall >= STRETCH_MS) this.close(here);
    this.stretch ||= { ...here, visible: document.visibilityState === "visible" };
    this.last = here;
  }

  close(end = this.now()) {
    const begin = this.stretch;
    this.stretch = null;
    if (!begin || !end) return;
    this.session.add(begin.media, end.media, begin.wall, end.wall, begin.rate, begin.visible);
  }

  visibility() {
    this.close();
    this.tick();
  }

  reset() {
    this.stretch = this.last = null;
  }

  get active() {
    return !this.video.paused;
  }
}

class Text {
  /** Stretches of a text: which characters stood in view, while somebody was there. */
  constructor(element, session, config) {
    this.session = session;
    this.config = config;
    this.blocks = [...element.querySelectorAll("[data-offset]")];
    this.inView = new Set();
    this.stretch = null;
    this.touched = performance.now();
    this.idle = false;
    this.onidle = () => {};
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) this.inView.add(entry.target);
        else this.inView.delete(entry.target);
      }
      this.tick();
    });
    for (const block of this.blocks) observer.observe(block);
    for (const name of ["scroll", "wheel", "pointerdown", "pointermove", "keydown", "touchmove"]) {
      addEventListener(name, () => this.#input(), { passive: true });
    }
    setInterval(() => this.tick(), 1000);
  }

  #input() {
    const now = performance.now();
    const rest = now - this.touched;
    this.touched = now;
    if (this.idle || rest > 250) this.tick();
  }

  /** First and last character in view, or null. */
  range() {
    let first = Infinity;
    let last = -1;
    for (const block of this.inView) {
      const box = block.getBoundingClientRect();
      if (box.bottom <= 0 || box.top >= innerHeight || box.height <= 0) continue;
      const offset = Number(block.dataset.offset);
      const length = Number(block.dataset.length);
      const above = Math.max(0, -box.top) / box.height;
      const below = Math.max(0, box.bottom - innerHeight) / box.height;
      first = Math.min(first, Math.round(offset + length * above));
      last = Math.max(last, Math.round(offset + length * (1 - below)));
    }
    return last > first ? { m0: first, m1: Math.min(last, this.config.length) } : null;
  }

  #isIdle(range) {
    const reading = range ? ((range.m1 - range.m0) / this.config.idle_characters_per_minute) * 60 : 0;
    const limit = Math.max(this.config.idle_seconds, reading) * 1000;
    return performance.now() - this.touched > limit;
  }

  tick() {
    if (!this.session.isOpen) return;
    const range = document.visibilityState === "visible" ? this.range() : null;
    const idle = this.#isIdle(range);
    if (idle !== this.idle) {
      this.idle = idle;
      this.onidle(idle);
    }
    const wall = this.session.clock;
    const old = this.stretch;
    const same = old && range && !idle && old.m0 === range.m0 && old.m1 === range.m1;
    if (same && wall - old.wall < STRETCH_MS) return;
    this.close(wall);
    if (range && !idle) this.stretch = { ...range, wall };
  }

  close(wall = this.session.clock) {
    const begin = this.stretch;
    this.stretch = null;
    if (begin) this.session.add(begin.m0, begin.m1, begin.wall, wall, 100, true);
  }

  visibility() {
    this.close();
    this.touched = performance.now();
    this.tick();
  }

  reset() {
    this.stretch = null;
  }

  get active() {
    return document.visibilityState === "visible" && !this.idle;
  }
}

/* ---- the line -------------------------------------------------------------------------------- */

class Line {
  /** The one line under the player: a drawing and words. */
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

  /** `kind` names the state: a reader of the page aloud hears a new state, not every number. */
  say(kind, tone, icon, text, link = "") {
    if (!this.box || performance.now() < this.noticeUntil) return;
    const key = `${kind}|${tone}|${icon}|${text}|${link}`;
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
    const place = this.box.querySelector(".study-line__text");
    if (!place) return;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = text;
      place.replaceChildren(anchor);
    } else {
      place.textContent = text;
    }
  }

  notice(text) {
    this.noticeUntil = 0;
    this.say("notice", "warn", "info", text);
    this.noticeUntil = performance.now() + NOTICE_MS;
  }
}

/* ---- one tracked element --------------------------------------------------------------------- */

function settings(element) {
  const given = element.dataset.studyConfig || "study-config";
  const text = given.trimStart().startsWith("{") ? given : document.getElementById(given)?.textContent;
  return text ? JSON.parse(text) : null;
}

class Tracker {
  constructor(element, config, store) {
    this.element = element;
    this.config = config;
    this.line = new Line(config);
    this.sender = new Sender(store, config.member);
    this.session = new Session(config, store, this.sender);
    this.state = null;
    this.trouble = "";
    this.subject =
      config.axis === "media"
        ? new Film(element, this.session)
        : new Text(element, this.session, config);
    this.session.onstate = (answer) => this.#answered(answer);
    this.session.onrefused = (status) => this.#refused(status);
    this.sender.onchange = () => this.show();
    if (config.axis === "text") this.subject.onidle = () => this.show();
    element.addEventListener("player:notice", (event) => {
      this.line.notice(event.detail.text);
      setTimeout(() => this.show(), NOTICE_MS + 50);
    });
    document.addEventListener("visibilitychange", () => {
      this.subject.visibility();
      if (document.visibilityState === "hidden") this.session.flush(true);
      else this.sender.flush();
    });
    addEventListener("pagehide", () => {
      this.subject.close();
      this.session.flush(true);
    });
    this.line.box?.addEventListener("click", (event) => {
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (link && this.signedOut) link.href = this.#doorAndBack(); // the second it is now
    });
    this.wait = 2000;
    this.open();
    this.sender.flush(); // what an earlier visit left behind
  }

  async open() {
    this.line.say("opening", "info", "sync", this.line.words.opening);
    try {
      await this.session.open();
      this.wait = 2000;
      this.trouble = "";
      this.signedOut = false;
      this.subject.reset();
      this.subject.tick();
    } catch (error) {
      if (error.status && error.status < 500 && error.status !== 429) {
        this.signedOut = error.status === 401;
        this.trouble = this.signedOut
          ? this.line.words.signed_out
          : error.sentence || this.line.words.signed_out;
      } else {
        this.trouble = this.line.words.unconnected;
        setTimeout(() => this.open(), this.wait);
        this.wait = Math.min(this.wait * 2, 60000);
      }
      this.show();
    }
  }

  #answered(answer) {
    this.state = answer;
    this.session.done = answer.completed;
    const cover = answer.cover || [];
    const until = cover.length ? cover[cover.length - 1] : 0;
    for (const bar of document.querySelectorAll("[data-study-progress]")) {
      bar.max = Math.max(1, answer.length);
      bar.value = answer.completed ? bar.max : answer.covered;
    }
    this.element.dispatchEvent(
      new CustomEvent("study:state", {
        bubbles: true,
        detail: {
          coveredUntilMs: answer.completed || answer.seek_free ? answer.length : until,
          covered: answer.covered,
          length: answer.length,
          maxRate: answer.max_rate ? answer.max_rate / 100 : undefined, // said at the opening
          completed: answer.completed,
          credit: answer.credit,
          state: answer.state,
        },
      }),
    );
    this.show();
  }

  #refused(status) {
    this.session.opened = null;
    this.subject.reset();
    if (status === 410) this.trouble = this.line.words.closed;
    this.open(); // a fresh session says for itself when study is not allowed any more
  }

  /** The sign-in page, which leads back to this page and this second. */
  #doorAndBack() {
    const film = this.config.axis === "media" ? this.element : null;
    const second = film && film.currentTime >= 1 ? `#t=${Math.floor(film.currentTime)}` : "";
    const back = location.pathname + location.search + second;
    return `/sign-in/?next=${encodeURIComponent(back)}`;
  }

  show() {
    const { line, state, sender } = this;
    if (sender.offline && sender.pending > 0) {
      const time = line.time(sender.pending);
      line.say("offline", "warn", "offline", line.fill("offline", { time }));
    } else if (sender.slowed && sender.pending > 0) {
      line.say("slowed", "info", "sync", line.words.slowed);
    } else if (this.trouble) {
      line.say("trouble", "warn", "warning", this.trouble, this.signedOut ? this.#doorAndBack() : "");
    } else if (sender.busySince && Date.now() - sender.busySince >= SLOW_MS) {
      line.say("uploading", "info", "sync", line.words.uploading);
    } else if (!state) {
      return;
    } else if (state.completed) {
      const credit = state.credit ? String(state.credit / 100) : "";
      const text = credit ? line.fill("done_credit", { credit }) : line.words.done;
      line.say("done", "done", "check", text);
    } else if (state.state === "waiting" && state.outstanding.length) {
      const [first] = state.outstanding;
      line.say("waiting", "warn", "quiz", line.fill("waiting", { what: first.text }), first.path);
    } else if (this.subject.idle) {
      line.say("idle", "warn", "pause", line.words.paused);
    } else {
      this.#count(state);
    }
  }

  #count(state) {
    const all = this.line.time(state.required_ms);
    if (!state.covered) {
      this.line.say("ready", "info", "clock", this.line.fill("ready", { all }));
      return;
    }
    const seen = Math.floor((state.required_ms * state.covered) / Math.max(1, state.length));
    const done = this.line.time(seen);
    this.line.say("counting", "info", "clock", this.line.fill("counted", { done, all }));
  }
}

const store = new Store();
store.tidy();
for (const element of document.querySelectorAll("[data-study-item]")) {
  const config = settings(element);
  if (config) new Tracker(element, config, store);
}
