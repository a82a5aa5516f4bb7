// Which window is the telephone: of one browser's the one that holds a lock, of several browsers' the one that the
// server takes for it.  Windows that are not, wait; the next one takes over by itself when the telephone is closed.

import { SignedOut, ask, desk, rename, root } from "./page.js";

const BEAT_TICKS = 4;
const LOCK_PATIENCE_MS = 300;
const LOCK = `telephone-${root?.dataset.agent}`;

export class Place extends EventTarget {
  /** `registered()` tells whether the carrier can ring this window. */
  constructor(registered) {
    super();
    this.is = false; // the telephone
    this.known = false; // whether it is
    this.server = true; // it answers
    this.refused = null; // elsewhere | busy
    this.registered = registered;
    this.holds = false;
    this.silent = 0;
    this.ticks = 0;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(LOCK) : null;
    this.elsewhere = null; // what the window that is the telephone says of itself
    this.channel?.addEventListener("message", (event) => {
      this.elsewhere = event.data;
      this.changed();
    });
  }

  async begin() {
    await this.#name();
    addEventListener("pagehide", () => this.#leave());
    // Whoever signs out says goodbye first: afterwards nobody would listen.
    addEventListener("submit", (event) => event.target.matches("[action='/sign-out']") && this.#leave());
    this.#wait();
    setTimeout(() => this.holds || this.beat(), LOCK_PATIENCE_MS);
  }

  /** Once a second. */
  tick() {
    this.ticks += 1;
    if (this.ticks % BEAT_TICKS === 0) this.beat();
  }

  /** Says that this window is there, and hears whether it is the telephone. */
  async beat(take = false) {
    const wants = this.holds || take;
    try {
      const answer = await ask("/desk/beat", { desk: desk.id, phone: wants, registered: this.registered(), take });
      if (!answer.ok) throw new Error(String(answer.status));
      const { phone, refused, restored } = await answer.json();
      this.silent = 0;
      this.server = true;
      this.refused = refused;
      if (restored) this.dispatchEvent(new Event("restored"));
      if (take && phone && !this.holds) this.#steal(); // which says so once more
      else this.#become(phone && this.holds);
    } catch (error) {
      if (error instanceof SignedOut) {
        this.dispatchEvent(new Event("signed-out"));
        return;
      }
      this.silent += 1;
      if (this.silent > 1) this.server = false;
      if (this.holds && !this.refused) this.#become(true); // the server is away: whoever holds the lock goes on
      this.changed();
    }
  }

  /** From another window, if nobody is on the line there. */
  take() {
    return this.beat(true);
  }

  /** To the other windows of this browser. */
  tell(state) {
    if (this.is) this.channel?.postMessage(state);
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  #become(is) {
    const was = this.is;
    this.is = is;
    this.known = true;
    if (is) this.elsewhere = null;
    this.changed();
    if (was !== is) this.dispatchEvent(new Event(is ? "here" : "gone"));
  }

  /** Each window has a name of its own, which it keeps when it is loaded anew. */
  async #name() {
    if (!navigator.locks) return;
    for (const patience of [0, 400, 800]) {
      await new Promise((go) => setTimeout(go, patience));
      if (await this.#hold(`desk-${desk.id}`)) return;
    }
    rename();
    await this.#hold(`desk-${desk.id}`);
  }

  /** True: it is ours until the window is closed. */
  #hold(name) {
    return new Promise((decided) => {
      navigator.locks.request(name, { ifAvailable: true }, (lock) => {
        decided(lock !== null);
        return lock ? new Promise(() => {}) : undefined;
      });
    });
  }

  #wait() {
    this.queue = new AbortController();
    this.#want({ signal: this.queue.signal });
  }

  /** Waits no longer, and is the telephone. */
  #steal() {
    this.queue?.abort();
    this.#want({ steal: true });
  }

  #want(how) {
    let held = false;
    const hold = () => {
      held = this.holds = true;
      this.beat();
      return new Promise(() => {});
    };
    if (!navigator.locks) {
      hold();
      return;
    }
    navigator.locks.request(LOCK, how, hold).catch(() => {
      if (!held) return; // given up, to steal it
      this.holds = false;
      this.#become(false);
      this.#wait();
    });
  }

  #leave() {
    if (this.left) return;
    this.left = true;
    setTimeout(() => { this.left = false; }, 1000); // a page that stays after all
    const left = new Blob([JSON.stringify({ desk: desk.id })], { type: "application/json" });
    navigator.sendBeacon("/desk/leave", left);
  }
}
