/*
 * What was studied and is not yet safe at the server, kept on this device.
 *
 * A batch is {id, member, sid, seq, token, url, segments, answers, at}; `member` is a keyed name
 * that tells nobody who it is, and no title or name is ever stored. A *draft* is the batch that a
 * page is still filling: it is stored as it grows, so that a dead battery costs five seconds, and is
 * sent only once its page is gone.
 */

const FLAG = "study-queue"; // tells pages without a player that there is something to send
const ORPHAN_MS = 120_000; // without locks: a page that lives writes its draft more often

/** Whether this device may hold something; spares other pages the store. */
export function mayHold() {
  try {
    return localStorage.getItem(FLAG) !== null;
  } catch {
    return false; // what forbids this forbids the store as well
  }
}

function flag(holds) {
  try {
    if (holds) localStorage.setItem(FLAG, "1");
    else localStorage.removeItem(FLAG);
  } catch {
    // Private mode: nothing outlives the page anyway.
  }
}

/** Milliseconds that a person studied in this batch. */
export const studiedIn = (batch) =>
  batch.segments.reduce((sum, [, , w0, w1, , visible]) => sum + (visible ? w1 - w0 : 0), 0);

export const lockName = (sid) => `study/${sid}`;

/** The sessions whose pages live somewhere in this browser, or null where that cannot be known. */
async function living() {
  if (!navigator.locks) return null; // plain http
  const { held } = await navigator.locks.query();
  return new Set(held.map((lock) => lock.name));
}

export class Store {
  constructor() {
    this.memory = new Map(); // what could not be stored
    this.lasting = true; // whether what is put here outlives the page
    this.opening = this.#open();
  }

  #open() {
    return new Promise((resolve) => {
      const without = () => {
        this.lasting = false;
        resolve(null);
      };
      let request;
      try {
        request = indexedDB.open("study", 1);
      } catch {
        without();
        return;
      }
      request.onupgradeneeded = () => request.result.createObjectStore("batches", { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = without; // private mode: memory has to do
      request.onblocked = without;
    });
  }

  /** The answer to one request of a transaction once it is durable; undefined when it failed. */
  async #run(mode, work) {
    const database = await this.opening;
    if (!database) return undefined;
    return new Promise((resolve) => {
      let transaction;
      try {
        transaction = database.transaction("batches", mode);
      } catch {
        resolve(undefined); // the browser has closed the store under us
        return;
      }
      const request = work(transaction.objectStore("batches"));
      transaction.oncomplete = () => resolve(request.result ?? null);
      transaction.onerror = transaction.onabort = () => resolve(undefined);
    });
  }

  static id(batch) {
    return `${batch.member}/${batch.sid}/${String(batch.seq).padStart(10, "0")}`;
  }

  /** Keep a batch, or a longer version of a draft. */
  async put(batch) {
    this.memory.set(batch.id, batch);
    flag(true);
    const stored = await this.#run("readwrite", (store) => store.put(batch));
    this.lasting = stored !== undefined;
    if (this.lasting && this.memory.get(batch.id) === batch) this.memory.delete(batch.id);
  }

  async remove(batch) {
    this.memory.delete(batch.id);
    await this.#run("readwrite", (store) => store.delete(batch.id));
  }

  /** Forget every batch of the session that the server calls durable. */
  async settle(batch, durable) {
    const first = `${batch.member}/${batch.sid}/`;
    const last = Store.id({ ...batch, seq: durable });
    for (const id of this.memory.keys()) if (id >= first && id <= last) this.memory.delete(id);
    await this.#run("readwrite", (store) => store.delete(IDBKeyRange.bound(first, last)));
  }

  /**
   * What may be sent now, whoever it belongs to, each session in the order of its numbers.
   * `own`: sessions of this page, whose drafts grow on.
   */
  async sendable(own) {
    const stored = (await this.#run("readonly", (store) => store.getAll())) || [];
    const found = new Map(stored.map((batch) => [batch.id, batch]));
    for (const batch of this.memory.values()) found.set(batch.id, batch);
    if (!found.size) flag(false);
    const alive = [...found.values()].some((batch) => batch.draft) ? await living() : null;
    const free = [...found.values()].filter((batch) => !batch.draft || this.#orphan(batch, own, alive));
    return free.sort((a, b) => (a.sid === b.sid ? a.seq - b.seq : a.sid < b.sid ? -1 : 1));
  }

  #orphan(batch, own, alive) {
    if (own.has(batch.sid)) return false;
    if (alive) return !alive.has(lockName(batch.sid));
    return Math.abs(Date.now() - batch.at) > ORPHAN_MS;
  }
}
