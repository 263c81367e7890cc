/* Stretches of a text: which characters stood in view, while somebody was there. */

import { STRETCH_MS } from "./film.js";

const LOOK_MS = 1000;

export class Text {
  constructor(element, session, config) {
    this.session = session;
    this.config = config;
    this.blocks = [...element.querySelectorAll("[data-offset]")];
    this.inView = new Set();
    this.stretch = null;
    this.last = null; // when it was last looked at
    this.touched = performance.now();
    this.idle = false;
    this.stopped = false; // taken over by another page
    this.asking = false; // a check-in waits for its answer
    this.onidle = () => {};
    this.onask = () => {};
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
    setInterval(() => this.tick(), LOOK_MS);
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
    this.session.look();
    if (!this.session.isOpen || this.session.isWaking || this.stopped || this.asking) return;
    const range = document.visibilityState === "visible" ? this.range() : null;
    const idle = this.#isIdle(range);
    if (idle !== this.idle) {
      this.idle = idle;
      this.onidle(idle);
    }
    const wall = this.session.clock;
    this.last = wall;
    if (this.#gate(wall, range && !idle)) return;
    const old = this.stretch;
    const same = old && range && !idle && old.m0 === range.m0 && old.m1 === range.m1;
    if (same && wall - old.wall < STRETCH_MS) return;
    this.close(wall);
    if (range && !idle) this.stretch = { ...range, wall };
  }

  /** Stop at a check-in that came while somebody read; whoever comes back after one is there. */
  #gate(wall, active) {
    const { checkIns } = this.session;
    const moment = checkIns.due(wall);
    if (moment === null) return false;
    if (!this.stretch) {
      if (active) checkIns.answer(wall);
      return false;
    }
    this.close(moment);
    this.asking = true;
    this.session.flush();
    this.onask();
    return true;
  }

  close(wall = this.session.isOpen ? this.session.clock : null) {
    const begin = this.stretch;
    this.stretch = null;
    if (begin && wall !== null) {
      this.session.add(begin.m0, begin.m1, begin.wall, wall, 100, true);
    }
  }

  /** The device has slept: the stretch ended when it was last looked at. */
  cut() {
    this.close(this.last);
  }

  visibility() {
    this.session.look();
    this.close();
    this.touched = performance.now();
    this.tick();
  }

  reset() {
    this.stretch = this.last = null;
    this.stopped = this.asking = false;
    this.touched = performance.now();
  }

  /** Another page goes on with this. */
  stop() {
    this.close();
    this.stopped = true;
  }

  /** Go on by a press of a button. */
  resume() {
    this.session.look();
    this.asking = false;
    this.touched = performance.now();
    if (this.session.isOpen) this.session.checkIns.answer(this.session.clock);
    this.tick();
  }
}
