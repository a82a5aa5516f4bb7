// Shows what the line and this window are: in words, and in what can be pressed.

import { told } from "./line.js";
import { phone, root, words } from "./page.js";

const PATIENCE_MS = 1500;
const by = (id) => document.getElementById(id);

export class Paint {
  constructor(line, place, microphone) {
    this.line = line;
    this.place = place;
    this.microphone = microphone;
    this.asks = null;
  }

  all() {
    this.#state();
    this.#buttons();
    this.#elsewhere();
    this.#faults();
    this.#ask();
  }

  /** `on` undefined: the other way than now. */
  keypad(on) {
    const pad = by("keypad");
    const opens = on ?? pad.hidden;
    pad.hidden = !opens || !this.line.open;
    this.#button("keypad")?.setAttribute("aria-expanded", String(!pad.hidden));
    if (!pad.hidden) pad.querySelector("button").focus();
    else if (on === undefined) this.#button("keypad")?.focus();
  }

  async allow() {
    if (this.asks === "microphone") await this.microphone.ask();
    else if (this.asks === "notice") await Notification.requestPermission();
    this.all();
  }

  #state() {
    const [state, text] = told(this.line, this.place, this.microphone);
    by("line-state").dataset.state = state;
    if (by("line-told").textContent !== text) by("line-told").textContent = text;
  }

  #buttons() {
    const { line, place } = this;
    for (const name of ["answer", "decline"]) {
      const button = this.#button(name);
      if (button) button.disabled = !line.rings;
    }
    const mute = this.#button("mute");
    if (mute) {
      const muted = line.open && line.call.isMuted();
      mute.disabled = !line.open;
      mute.setAttribute("aria-pressed", String(muted));
      mute.querySelector("span").textContent = muted ? words.muted : words.mute;
    }
    const pad = this.#button("keypad");
    if (pad) {
      pad.disabled = !line.open;
      pad.setAttribute("aria-expanded", String(!by("keypad").hidden));
    }
    const transfer = this.#button("transfer");
    if (transfer) transfer.disabled = !document.getElementById("transfer");
    const elsewhere = phone().querySelector('[data-when="elsewhere"]');
    if (elsewhere) elsewhere.hidden = place.is;
    const late = Date.now() - line.rangAt > PATIENCE_MS; // the server does not say who it is
    by("ring-anyway").hidden = !line.rings || !late || Boolean(this.#button("answer"));
  }

  #elsewhere() {
    const { place } = this;
    const busy = place.refused === "busy" || place.elsewhere?.talks || place.elsewhere?.rings;
    by("line-elsewhere").hidden = place.is || !place.known;
    by("line-elsewhere-told").textContent = busy ? words.busy : words.elsewhere;
    by("line-elsewhere").querySelector("button").disabled = Boolean(place.elsewhere?.talks);
  }

  #faults() {
    const { fault } = this.microphone;
    by("line-microphone").hidden = !fault;
    if (fault) {
      by("line-microphone-title").textContent = words[`${fault}_title`];
      by("line-microphone-told").textContent = words[fault];
    }
    by("line-server").hidden = this.place.server;
    by("line-server").textContent = this.place.server ? "" : words.server;
  }

  /** One thing at a time, the most needed first; nothing while somebody is on the line. */
  #ask() {
    const { place, line, microphone } = this;
    const open = !place.is || line.call || microphone.fault;
    this.asks = open ? null : this.#wanted();
    by("line-ask").hidden = this.asks === null;
    if (this.asks === null) return;
    by("line-ask-told").textContent = words[`ask_${this.asks}`];
    by("line-ask").querySelector("button").textContent = words[`allow_${this.asks}`];
  }

  #wanted() {
    if (!this.microphone.granted) return "microphone";
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return "sound";
    if ("Notification" in window && Notification.permission === "default") return "notice";
    return null;
  }

  #button(name) {
    return phone().querySelector(`[data-phone="${name}"]`);
  }
}
