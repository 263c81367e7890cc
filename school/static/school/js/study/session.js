/* A session: the token, the clock that starts with it, the numbered batches, the check-ins. */

import { Store, lockName } from "./store.js";

const FIRST_MS = 10_000;
const SESSION_MS = 11 * 3600 * 1000; // a new session before the old one ends (12 h)
const SLEPT_MS = 5_000; // so far the calendar's clock may run ahead of the page's own
const WAKING_MS = 3_000; // so long nothing is counted while a new session is asked for

/** How far the calendar's clock is ahead of the page's own, which a sleeping phone stops. */
const ahead = () => Date.now() - performance.now();

/** The moments of a session, in milliseconds since its opening, at which somebody has to answer. */
export class CheckIns {
  constructor(moments = []) {
    this.moments = moments;
    this.answers = new Map(); // number of the check-in → moment of the answer
  }

  /** Number of the last check-in before a moment; -1 for none. */
  before(moment) {
    return this.moments.findLastIndex((each) => each <= moment);
  }

  /** The moment of the check-in that waits for an answer, or null. */
  due(now) {
    const number = this.before(now);
    return number < 0 || this.answers.has(number) ? null : this.moments[number];
  }

  answer(now) {
    const number = this.before(now);
    if (number >= 0 && !this.answers.has(number)) this.answers.set(number, now);
  }

  /** Milliseconds until the next one. */
  until(now) {
    const next = this.moments[this.before(now) + 1];
    return next === undefined ? Infinity : next - now;
  }

  /** The answers that stretches rely on: `[[number, moment], …]`. */
  behind(segments) {
    const numbers = new Set(segments.map(([, , begin]) => this.before(begin)));
    return [...this.answers].filter(([number]) => numbers.has(number));
  }
}

export class Session {
  constructor(config, store, sender) {
    this.config = config;
    this.store = store;
    this.sender = sender;
    this.segments = [];
    this.unsent = new Map(); // batches of this page, for the beacon
    this.opened = null;
    this.checkIns = new CheckIns();
    this.seq = 0;
    this.flushed = performance.now();
    this.cadence = config.cadence * 1000;
    this.done = false; // seen again, a completed item earns nothing: nothing is sent
    this.onstate = () => {};
    this.onrefused = () => {};
    this.onend = () => {}; // the last chance to add a stretch
    this.ahead = ahead();
    this.wakingUntil = 0;
    this.onslept = () => {}; // what ran when it fell asleep is cut where it was last seen
    this.onwoken = () => {}; // a new session is wanted
  }

  get isOpen() {
    return this.opened !== null;
  }

  /** Milliseconds since the session was opened. */
  get clock() {
    return Math.max(0, Math.round(performance.now() - this.began));
  }

  /** Whether a new session has to be opened before more can be counted. */
  get isOver() {
    return this.isOpen && performance.now() - this.began > SESSION_MS;
  }

  /**
   * Look whether the device has slept. What is studied after it would be told for a wrong moment,
   * so it belongs to a new session; until there is one (no line), the old one's clock is put right.
   * A clock that somebody has set forward looks the same and loses nothing by it; one that was set
   * back never slept.
   */
  look() {
    const slept = ahead() - this.ahead;
    if (Math.abs(slept) <= SLEPT_MS) return;
    this.ahead += slept;
    if (slept < 0 || !this.isOpen) return;
    this.onslept();
    this.began -= slept;
    this.wakingUntil = performance.now() + WAKING_MS;
    this.flush();
    this.onwoken();
  }

  /** Whether it is not known yet which moment it is. */
  get isWaking() {
    return performance.now() < this.wakingUntil;
  }

  /** Open one; `take`: the member's other pages learn that study goes on here. */
  async open(take) {
    try {
      await this.#open(take);
    } finally {
      this.wakingUntil = 0;
    }
  }

  async #open(take) {
    const response = await fetch(this.config.open_url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json",
        "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content || "",
      },
      body: JSON.stringify({ item: this.config.item, member: this.config.member, take }),
      credentials: "same-origin",
    });
    if (!response.ok) {
      const refusal = new Error(String(response.status));
      refusal.status = response.status;
      refusal.sentence = (await response.json().catch(() => ({}))).error;
      throw refusal;
    }
    const opened = await response.json();
    this.end();
    // The clock starts with the answer: never ahead of the server's own.
    this.began = this.flushed = performance.now();
    this.ahead = ahead();
    this.opened = opened;
    this.seq = 0;
    this.cadence = opened.cadence * 1000;
    this.checkIns = new CheckIns(opened.check_ins);
    this.sender.listeners.set(opened.sid, this.#listener(opened.sid));
    this.live();
    this.onstate(opened);
  }

  #listener(sid) {
    return {
      accepted: (answer) => {
        for (const [id, batch] of this.unsent) {
          if (batch.sid === sid && batch.seq <= answer.durable_seq) this.unsent.delete(id);
        }
        if (this.opened?.sid !== sid) return; // news of a session that is over
        this.cadence = answer.cadence * 1000;
        this.onstate(answer);
      },
      refused: (status) => {
        for (const [id, batch] of this.unsent) if (batch.sid === sid) this.unsent.delete(id);
        if (this.opened?.sid === sid) this.onrefused(status);
      },
    };
  }

  /** Tell the other pages of this browser that somebody sits here: its draft is not theirs. */
  live() {
    this.release?.();
    const name = lockName(this.opened.sid);
    navigator.locks?.request(name, () => new Promise((resolve) => (this.release = resolve)));
  }

  add(m0, m1, w0, w1, rate, visible) {
    if (this.done || !this.isOpen || w1 <= w0 || m1 < m0) return;
    this.segments.push([m0, m1, w0, w1, rate, visible ? 1 : 0]);
    // The first batch goes early, so that the line shows soon that time is being counted.
    const wanted = this.seq ? this.cadence : Math.min(this.cadence, FIRST_MS);
    const full = this.segments.length >= this.config.most_segments; // the server takes no more
    if (full || performance.now() - this.flushed >= wanted) this.flush();
    else this.store.put({ ...this.#batch(this.seq + 1), draft: true });
  }

  #batch(seq) {
    const batch = {
      member: this.config.member,
      sid: this.opened.sid,
      seq,
      token: this.opened.token,
      url: this.config.report_url,
      segments: [...this.segments],
      answers: this.checkIns.behind(this.segments),
      at: Date.now(),
    };
    return { ...batch, id: Store.id(batch) };
  }

  /** Close the batch, store it, send it. `leaving`: there is no time to wait for anything. */
  flush(leaving = false) {
    this.look();
    this.flushed = performance.now();
    let stored = Promise.resolve();
    if (this.isOpen && this.segments.length) {
      const batch = this.#batch(++this.seq);
      this.segments = [];
      this.unsent.set(batch.id, batch);
      stored = this.store.put(batch);
    }
    if (leaving) this.sender.beacon(this.unsent.values());
    return leaving ? stored : stored.then(() => this.sender.flush());
  }

  /** Nothing more is counted under this token; what it has counted is sent. */
  end() {
    if (!this.isOpen) return;
    this.onend();
    this.flush();
    this.release?.();
    this.opened = null;
  }
}
