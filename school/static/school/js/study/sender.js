/*
 * Sends what the store holds until the server has it all.
 *
 * Every batch is proved by its own token, so what another member left on a shared device is sent
 * as well: without this page's cookies, so that it never goes up under the name of who sits here
 * now, and without a word about it on the screen.
 */

import { studiedIn } from "./store.js";

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
export const SLOW_MS = 900; // "uploading" is only worth saying when it takes this long

const DURABLE_MS = 60_000; // so long the server may take to store what it has taken in
const FORGET_MS = 30 * 24 * 3600 * 1000; // what it never called durable in so long

// Answers that say of this very batch that it can never count; any other refusal may be lifted (a
// member is let in again), so what was refused stays on the device.
const NEVER = [400, 413];

const SETTLED = "settled";
const HELD = "held"; // the server asked for patience with this session, or refused it for now
const CUT = "cut"; // there is no server

export const body = ({ token, seq, segments, answers }) =>
  JSON.stringify(answers?.length ? { token, seq, segments, answers } : { token, seq, segments });

export class Sender {
  /** `member`: the keyed name of who is signed in on this page; "" for nobody. */
  constructor(store, member = "") {
    this.store = store;
    this.member = member;
    this.sending = null;
    this.again = false;
    this.wait = FIRST_WAIT_MS; // before the next try; doubled by each that fails
    this.quiet = new Map(); // session id → until when it is not sent (performance.now)
    this.taken = new Map(); // id of a batch taken in but not durable yet → when to ask again
    this.listeners = new Map(); // session id → {accepted, refused}
    this.onchange = () => {};
    this.offline = false;
    this.slowed = false; // the server asked for a pause
    this.pending = 0; // milliseconds of the member's study that only this device knows
    this.late = 0; // milliseconds that came after their time
    this.busySince = 0;
    addEventListener("online", () => {
      this.wait = FIRST_WAIT_MS;
      this.flush();
    });
  }

  /** Send what there is; resolves when there is nothing more to do for now. */
  flush() {
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
        return this.flush();
      }
    });
    return this.sending;
  }

  async #drain() {
    const now = performance.now();
    const held = await this.store.sendable(new Set(this.listeners.keys()));
    const batches = held.filter((batch) => !(now < this.taken.get(batch.id)));
    const mine = (batch) => batch.member === this.member;
    this.pending = batches.filter(mine).reduce((sum, batch) => sum + studiedIn(batch), 0);
    const first = batches.filter((batch) => this.listeners.has(batch.sid));
    const rest = batches.filter((batch) => !this.listeners.has(batch.sid));
    for (const batch of [...first, ...rest]) {
      const quiet = (this.quiet.get(batch.sid) || 0) - performance.now();
      if (quiet > 0) {
        this.#wake(quiet + 1);
        continue;
      }
      if (mine(batch) && !this.busySince) {
        this.busySince = performance.now();
        setTimeout(() => this.onchange(), SLOW_MS);
      }
      const result = await this.#send(batch, mine(batch));
      if (result === CUT) return;
      if (result === SETTLED && mine(batch)) this.pending -= studiedIn(batch);
    }
  }

  async #post(batch, credentials) {
    return fetch(batch.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: body(batch),
      credentials,
      keepalive: true,
    });
  }

  async #send(batch, mine) {
    let response;
    try {
      response = await this.#post(batch, mine ? "same-origin" : "omit");
      // Somebody else has signed in behind this page's back: the token alone is the proof.
      if (mine && response.status === 403) response = await this.#post(batch, "omit");
    } catch {
      this.offline = true;
      this.#later(batch);
      return CUT;
    }
    const answer = await response.json().catch(() => null);
    this.offline = false;
    const busy = response.status >= 500 || response.status === 429 || response.status === 409;
    // What is not our server's own word (a hotel's sign-in page) settles nothing.
    if (busy || !answer || (!response.ok && !answer.error)) {
      this.slowed = response.status === 429;
      this.#later(batch, Number(response.headers.get("Retry-After")) * 1000);
      return HELD;
    }
    this.slowed = false;
    if (!response.ok && response.status !== 410 && !NEVER.includes(response.status)) {
      await this.#keep(batch, response);
      return HELD;
    }
    this.wait = FIRST_WAIT_MS;
    await this.#settle(batch, response, answer, mine);
    return SETTLED;
  }

  /** Refused for now, perhaps for long: it stays, and the page hears that it is not counted. */
  async #keep(batch, response) {
    if (this.#isForgotten(batch)) await this.store.remove(batch);
    else this.#later(batch, Number(response.headers.get("Retry-After")) * 1000);
    this.listeners.get(batch.sid)?.refused(response.status);
  }

  #isForgotten(batch) {
    return Math.abs(Date.now() - batch.at) > FORGET_MS;
  }

  /** Only what the server calls durable, or will never take, leaves the device. */
  async #settle(batch, response, answer, mine) {
    const listener = this.listeners.get(batch.sid);
    const late = response.status === 202 || response.status === 410;
    if (response.ok && !late) {
      await this.#stored(batch, answer.durable_seq);
      listener?.accepted(answer);
      return;
    }
    if (late && mine) this.late += studiedIn(batch);
    if (late || !batch.segments.length) {
      await this.store.remove(batch);
    } else {
      // It can never count; its number still has to come, or nothing after it is ever durable.
      await this.store.put({ ...batch, segments: [], answers: [] });
      this.again = true;
    }
    listener?.refused(response.status);
  }

  /** It stays on the device until it is durable; asked again later, not with every report. */
  async #stored(batch, durable) {
    await this.store.settle(batch, durable);
    this.taken.delete(batch.id);
    if (batch.seq <= durable) return;
    if (this.#isForgotten(batch)) {
      await this.store.remove(batch);
      return;
    }
    this.taken.set(batch.id, performance.now() + DURABLE_MS);
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.flush(), DURABLE_MS + 1);
  }

  /** Keep what is stored and try again; a server that names the wait is not asked before. */
  #later(batch, told = 0) {
    const wait = Math.max(this.wait, told || 0);
    if (!this.offline) this.quiet.set(batch.sid, performance.now() + wait - 1);
    this.#wake(wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  /** Look again after so many milliseconds, or sooner where that is wanted already. */
  #wake(wait) {
    const at = performance.now() + wait;
    if (this.retryAt <= at) return;
    clearTimeout(this.retry);
    this.retryAt = at;
    this.retry = setTimeout(() => {
      this.retryAt = undefined;
      this.flush();
    }, wait);
  }

  /** The page is going: hand over without waiting for an answer. */
  beacon(batches) {
    for (const batch of batches) navigator.sendBeacon?.(batch.url, body(batch));
  }
}
