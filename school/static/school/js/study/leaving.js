/*
 * What any page of the school does for studying: it sends what this device still holds, and before
 * a member signs out it says what could not be sent. Loaded by shell.js only when there may be
 * something to send. Of what other members left behind nothing is ever shown.
 */

import { here } from "./here.js";
import { Line } from "./line.js";
import { Sender } from "./sender.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";

const LONGEST_WAIT_MS = 8_000; // nobody waits longer at the door

const member = document.querySelector('meta[name="member-key"]')?.content || "";
let own = null;

/** The page's own store and sender, or new ones where nothing is studied. */
function means() {
  if (here.page) return here.page;
  if (!own) {
    const store = new Store();
    own = { store, sender: new Sender(store, member), close: async () => {} };
  }
  return own;
}

/** Send what an earlier visit, of whomever, left on this device. */
export function flush() {
  if (!here.page) means().sender.flush();
}

/** Sign out by this form: send first, warn of what remains. */
export async function leave(form) {
  const button = form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  const remaining = await send();
  button.removeAttribute("aria-busy");
  if (remaining > 0) warn(form, remaining);
  else go(form);
}

/** Milliseconds of this member's study that the device still holds after a try to send it. */
async function send() {
  const { sender, close } = means();
  const enough = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS));
  sender.quiet.clear();
  sender.taken.clear();
  await Promise.race([close().then(() => sender.flush()), enough]);
  return sender.pending;
}

/** Say what has not been uploaded, and let the member choose. */
function warn(form, remaining) {
  const dialog = document.querySelector("[data-leaving]");
  const words = dialog.dataset;
  const place = dialog.querySelector("[data-leaving-says]");
  const time = new Line({ words }).time(Math.max(1000, remaining));
  const sentence = means().store.lasting ? words.kept : words.lost;
  place.textContent = sentence.replace("{time}", time);
  dialog.querySelector("[data-leaving-again]").onclick = () => {
    dialog.close();
    leave(form);
  };
  dialog.querySelector("[data-leaving-anyway]").onclick = () => {
    // Without a line the server would not hear of it, and the next one would be signed in as this.
    if (navigator.onLine) go(form);
    else place.textContent = words.offline;
  };
  dialog.showModal();
}

function go(form) {
  new Tabs(member).left();
  form.submit();
}
