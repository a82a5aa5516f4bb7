// A ring that is noticed although the window is behind others: its title, a notification, a buzz.  The sound is the SDK's.

import { phone, root, words } from "./page.js";

const plain = document.title;
const LOOKS = 5; // for who it is: the server says so a moment after the ring
const LOOK_MS = 300;

export class Bell {
  constructor() {
    this.rings = false;
    this.notice = null;
    this.lit = false;
  }

  begin() {
    this.rings = true;
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([400, 200, 400, 200, 400]);
    this.#notify();
  }

  /** Who it is may be known a moment after it rings. */
  #title() {
    return words.rings.replace("{}", phone()?.dataset.who || words.unknown);
  }

  tick() {
    if (!this.rings) return;
    this.lit = !this.lit;
    document.title = this.lit ? `☎ ${this.#title()}` : plain;
  }

  end() {
    if (!this.rings) return;
    this.rings = this.lit = false;
    document.title = plain;
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(0);
    this.notice?.close();
    this.notice = null;
  }

  async #notify() {
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    if (!document.hidden && document.hasFocus()) return;
    for (let n = 0; n < LOOKS && !phone()?.dataset.who; n++) await new Promise((go) => setTimeout(go, LOOK_MS));
    if (!this.rings) return;
    try {
      const given = { body: words.rings_body, icon: root.dataset.icon, tag: "ring", requireInteraction: true };
      this.notice = new Notification(this.#title(), given);
      this.notice.addEventListener("click", () => {
        window.focus();
        this.notice?.close();
      });
    } catch {
      // some telephones' browsers have notifications for other kinds of programs only
    }
  }
}
