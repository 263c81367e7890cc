/* Stretches of a <video>, closed by its own events: timers of a hidden page are throttled. */

export const STRETCH_MS = 5000; // a stretch is closed at least this often
const NEAR_MS = 40; // the position stands where it should
const PAST_MS = 250; // a seek that lands so far behind a question has jumped over it

export class Film {
  /**
   * `questions`: see questions.js. `onask` is called when a check-in has stopped the film,
   * `onplay` when somebody presses play.
   */
  constructor(video, session, questions) {
    this.video = video;
    this.session = session;
    this.questions = questions;
    this.stretch = null;
    this.last = null;
    this.stopped = false; // taken over by another page
    this.onask = () => {};
    this.onplay = () => {};
    video.addEventListener("play", () => this.#pressed());
    video.addEventListener("playing", () => this.tick());
    video.addEventListener("timeupdate", () => this.tick());
    for (const name of ["pause", "ended"]) {
      video.addEventListener(name, () => {
        this.close();
        session.flush();
      });
    }
    video.addEventListener("waiting", () => this.close());
    video.addEventListener("ratechange", () => {
      this.close();
      this.tick();
    });
    // By now the position is the new one: the stretch ended where it was last seen.
    video.addEventListener("seeking", () => {
      this.close(this.last);
      this.#keepBehind();
    });
    video.addEventListener("seeked", () => this.tick());
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
    this.session.look();
    if (!this.session.isOpen || this.session.isWaking || this.stopped) return;
    if (video.paused || video.seeking || video.readyState < 3) return;
    const here = this.now();
    if (this.#gate(here)) return;
    if (this.stretch && here.wall - this.stretch.wall >= STRETCH_MS) this.close(here);
    this.stretch ||= { ...here, visible: document.visibilityState === "visible" };
    this.last = here;
    this.#watch(here);
  }

  /** Pause where a question or a check-in stands; whether one did. */
  #gate(here) {
    const question = this.questions.first;
    const moment = this.session.checkIns.due(here.wall);
    if (question && here.media >= question.position) {
      this.#hold(question.position, here);
      this.questions.ask();
    } else if (moment !== null) {
      const ahead = ((here.wall - moment) * here.rate) / 100;
      this.#hold(this.stretch ? Math.max(this.stretch.media, here.media - ahead) : here.media, here);
      this.onask();
    } else {
      return false;
    }
    return true;
  }

  /** Stand at exactly this position: what ran on beyond it is played again, so nothing is lost. */
  #hold(media, here) {
    const wall = here.wall - ((here.media - media) * 100) / here.rate;
    if (this.stretch) this.close({ media: Math.round(media), wall: Math.round(wall) });
    this.video.pause();
    if (here.media - media > NEAR_MS) this.video.currentTime = media / 1000;
  }

  /** Look again when the next gate is reached: the video's own events come four times a second. */
  #watch(here) {
    clearTimeout(this.timer);
    const question = this.questions.first;
    const toQuestion = question ? ((question.position - here.media) * 100) / here.rate : Infinity;
    const wait = Math.min(toQuestion, this.session.checkIns.until(here.wall));
    if (wait < STRETCH_MS) this.timer = setTimeout(() => this.tick(), Math.max(0, wait));
  }

  /** Whoever presses play after a check-in has said that somebody is there. */
  #pressed() {
    this.session.look();
    if (this.session.isOpen) this.session.checkIns.answer(this.session.clock);
    const question = this.questions.first;
    if (question && this.video.currentTime * 1000 >= question.position - NEAR_MS) {
      this.video.pause();
      this.questions.ask();
    } else {
      this.questions.waiting = false; // what came before is looked at again
    }
    this.onplay();
  }

  /** Nothing behind an unanswered question can be jumped to. */
  #keepBehind() {
    const question = this.questions.first;
    if (!question || this.video.currentTime * 1000 <= question.position + PAST_MS) return;
    this.video.pause();
    this.video.currentTime = question.position / 1000;
    this.questions.ask();
  }

  close(end = this.session.isOpen ? this.now() : null) {
    const begin = this.stretch;
    this.stretch = null;
    clearTimeout(this.timer);
    if (!begin || !end) return;
    this.session.add(begin.media, end.media, begin.wall, end.wall, begin.rate, begin.visible);
  }

  /** The device has slept: the stretch ended where it was last seen. */
  cut() {
    this.close(this.last);
  }

  visibility() {
    this.session.look();
    this.close();
    this.tick();
  }

  reset() {
    this.stretch = this.last = null;
    this.stopped = false;
  }

  /** Another page goes on with this. */
  stop() {
    this.close();
    this.stopped = true;
    this.video.pause();
  }

  /** Go on by a press of a button. */
  resume() {
    this.video.play().catch(() => {}); // a browser that forbids it leaves the play button
  }
}
