// The Voice SDK's device: registered as long as this window is the telephone, whatever breaks; and the call it has.

import { ask, root, words } from "./page.js";

const OF_TOKENS = new Set([20101, 20104, 20151, 31201, 31202, 31204, 31205, 31207, 53000]);
const OF_MICROPHONES = new Set([31401, 31402]);
const LONGEST_PAUSE_MS = 15_000;
const PATIENCE_MS = 10_000; // a registration that says neither yes nor no
const LOG = localStorage.getItem("centralino-telephone-log") ?? "silent"; // for who looks for a fault: debug

export class Line extends EventTarget {
  /** `microphone()` gives the constraints of the chosen one. */
  constructor(microphone) {
    super();
    this.microphone = microphone;
    this.device = null;
    this.call = null;
    this.rangAt = 0;
    this.wanted = false;
    this.expired = false; // the carrier knows this device no more, although the SDK takes it for registered
    this.refused = false; // by the carrier, with a token that was new
    this.mending = false;
    this.weak = false;
    this.next = 0;
    this.failures = 0;
    this.trying = 0;
    this.renewAt = Infinity;
  }

  get state() {
    if (!this.wanted) return "off";
    if (this.device?.state === "registered" && !this.expired) return "on";
    return this.refused ? "refused" : "connecting";
  }

  get rings() {
    return this.call?.status() === "pending";
  }

  get open() {
    return this.call !== null && !this.rings;
  }

  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.next = 0;
    this.tick();
  }

  stop() {
    this.wanted = false;
    this.#destroy();
    this.changed();
  }

  /** Something may have become better: try now. */
  hurry() {
    this.next = 0;
    this.tick();
  }

  /** Once a second. */
  tick() {
    if (!this.wanted) return;
    const now = Date.now();
    if (this.trying && now - this.trying > PATIENCE_MS) this.#failed();
    if (this.trying) return;
    if (this.device?.state === "registered" && (!this.expired || this.call)) {
      if (now >= this.renewAt) this.#renew();
    } else if (now >= this.next && !this.mending) { // a call's connection only the SDK can mend, and it registers then
      if (this.expired) this.#destroy();
      this.#connect();
    }
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  // the call

  answer() {
    if (!this.rings) return;
    this.call.accept({ rtcConstraints: { audio: this.microphone() } });
    this.changed();
  }

  decline() {
    if (this.rings) this.call.reject();
  }

  hangUp() {
    if (this.open) this.call.disconnect();
  }

  mute(on = !this.call?.isMuted()) {
    if (this.open) this.call.mute(on);
  }

  press(digit) {
    if (this.open) this.call.sendDigits(digit);
  }

  // the device

  async #connect() {
    this.trying = Date.now();
    const attempt = this.trying;
    try {
      const token = await this.#token();
      if (!this.wanted || this.trying !== attempt) return;
      if (!this.call) { // what a device sends while its own connection is away is lost, and never said again
        this.#destroy();
        this.trying = attempt;
      }
      if (this.device) this.device.updateToken(token);
      else this.device = this.#made(token);
      if (this.device.state === "unregistered") await this.device.register();
    } catch {
      if (this.trying === attempt) this.#failed();
    }
  }

  #made(token) {
    const device = new Twilio.Device(token, {
      allowIncomingWhileBusy: false,
      appName: "centralino",
      closeProtection: true,
      disableAudioContextSounds: true, // so that each sound is an element, which has a loudness and a place
      logLevel: LOG,
      publishEvents: false,
      sounds: JSON.parse(root.dataset.sounds),
      tokenRefreshMs: 60_000,
    });
    device.on("registered", () => {
      this.trying = this.failures = 0;
      this.refused = this.expired = false;
      this.dispatchEvent(new Event("registered"));
      this.changed();
    });
    device.on("unregistered", () => this.#lost());
    device.on("registering", () => this.changed());
    device.on("tokenWillExpire", () => this.#renew());
    device.on("error", (error, call) => this.#wrong(error, call));
    device.on("incoming", (call) => this.#incoming(call));
    return device;
  }

  #lost() {
    if (!this.trying) this.next = Date.now() + 1500; // it mostly finds back by itself
    this.changed();
  }

  #failed() {
    this.trying = 0;
    this.failures += 1;
    const pause = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(this.failures, 5));
    this.next = Date.now() + pause * (0.5 + Math.random()); // not all desks at the same moment
    if (this.device && this.device.state !== "registered" && !this.call) this.#destroy();
    this.changed();
  }

  #wrong(error, call) {
    if (call) return; // its own listeners hear it
    if (OF_TOKENS.has(error.code)) {
      this.refused = this.failures > 0;
      this.expired = true;
      this.renewAt = 0;
      if (this.trying) this.#failed();
      else this.tick();
    } else if (this.trying && error.code >= 31200) this.#failed();
    this.changed();
  }

  async #renew() {
    this.renewAt = Date.now() + LONGEST_PAUSE_MS;
    try {
      this.device?.updateToken(await this.#token());
      if (this.device?.state === "unregistered") this.hurry();
    } catch {
      // again in a while: the present one holds for half its life
    }
  }

  async #token() {
    const answer = await ask("/desk/token");
    if (!answer.ok) throw new Error(String(answer.status));
    const { token, ttl } = await answer.json();
    this.renewAt = Date.now() + ttl * 500; // at half its life
    return token;
  }

  #destroy() {
    const { device } = this;
    this.device = null;
    this.expired = false;
    this.trying = 0;
    device?.removeAllListeners();
    device?.on("error", () => {});
    device?.destroy();
  }

  #incoming(call) {
    this.call = call;
    this.rangAt = Date.now();
    this.weak = this.mending = false;
    const over = () => {
      if (this.call !== call) return;
      this.call = null;
      this.weak = this.mending = false;
      this.dispatchEvent(new Event("over"));
      this.changed();
    };
    for (const end of ["cancel", "reject", "disconnect"]) call.on(end, over);
    for (const news of ["accept", "mute"]) call.on(news, () => this.changed());
    call.on("reconnecting", () => this.#condition({ mending: true }));
    call.on("reconnected", () => this.#condition({ mending: false }));
    call.on("warning", (name) => /mos|loss|jitter|rtt/i.test(name) && this.#condition({ weak: true }));
    call.on("warning-cleared", () => this.#condition({ weak: false }));
    call.on("error", (error) => {
      if (OF_MICROPHONES.has(error.code)) this.dispatchEvent(new CustomEvent("deaf", { detail: error }));
      if (call.status() === "closed") over();
    });
    this.dispatchEvent(new Event("ring"));
    this.changed();
  }

  #condition(change) {
    Object.assign(this, change);
    this.changed();
  }
}

/** What the line says of itself, as [state, words]. */
export function told(line, place, microphone) {
  if (!place.known) return ["connecting", words.connecting];
  if (!place.is) return ["mirror", words.mirror];
  if (microphone.fault) return ["blocked", words.blocked];
  if (line.mending) return ["connecting", words.mending];
  if (line.open && line.weak) return ["connecting", words.weak];
  if (line.state === "on") return ["on", words.on];
  if (!navigator.onLine) return ["off", words.nonet];
  if (line.state === "refused") return ["off", words.refused];
  return line.failures > 1 ? ["off", words.off] : ["connecting", words.connecting];
}
