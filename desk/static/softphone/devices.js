// Which microphone and which ear, how loud, and a test of them.

import { loudness, setLoudness } from "./loudness.js";
import { meter, record } from "./microphone.js";
import { root, words } from "./page.js";

const TEST_MS = 3000;
const AUDIBLE = 30; // of the meter's 100
const KINDS = { input: "audioinput", output: "audiooutput", ring: "audiooutput" };
const CAN_CHOOSE_EARS = "setSinkId" in HTMLMediaElement.prototype;

export const chosen = (kind) => localStorage.getItem(`telephone-${kind}`) ?? "default";

export function constraints() {
  const id = chosen("input");
  return id === "default" ? true : { deviceId: { ideal: id } };
}

export class Devices {
  constructor(line, microphone) {
    this.line = line;
    this.microphone = microphone;
    this.panel = document.getElementById("devices");
    this.stopMeter = null;
  }

  begin() {
    for (const kind of Object.keys(KINDS)) {
      const select = this.#select(kind);
      if (kind !== "input" && !CAN_CHOOSE_EARS) select.closest(".field").hidden = true;
      select.addEventListener("change", () => this.#choose(kind, select.value));
    }
    for (const kind of ["voice", "bell"]) {
      const slider = document.getElementById(`loud-${kind}`);
      slider.value = loudness(kind);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      slider.addEventListener("input", () => setLoudness(kind, Number(slider.value)));
    }
    navigator.mediaDevices?.addEventListener("devicechange", () => this.list());
    this.microphone.addEventListener("change", () => this.list());
    this.panel.addEventListener("toggle", () => (this.panel.open ? this.#listen() : this.#deafen()));
    this.list();
  }

  /** What is plugged in; their names are told to pages that may use the microphone. */
  async list() {
    const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    for (const [kind, type] of Object.entries(KINDS)) {
      const select = this.#select(kind);
      const named = found.filter((one) => one.kind === type && one.label && one.deviceId !== "default");
      select.replaceChildren(
        new Option(words.default_device, "default"),
        ...named.map((one) => new Option(one.label, one.deviceId)),
      );
      const wanted = chosen(kind);
      select.value = named.some((one) => one.deviceId === wanted) ? wanted : "default";
    }
    this.apply();
  }

  /** To the device, also to one that was just made. */
  apply() {
    const audio = this.line.device?.audio;
    if (!audio || !CAN_CHOOSE_EARS) return;
    audio.speakerDevices.set(this.#select("output").value).catch(() => {});
    audio.ringtoneDevices.set(this.#select("ring").value).catch(() => {});
  }

  async test() {
    const told = document.getElementById("test-told");
    if (!(await this.microphone.ask())) return;
    this.#deafen();
    const stream = await this.microphone.open();
    let loudest = 0;
    const stop = meter(stream, (level) => {
      loudest = Math.max(loudest, level);
      this.#level(level);
    });
    told.textContent = words.test_speak;
    const heard = await record(stream, TEST_MS);
    stop();
    stream.getTracks().forEach((track) => track.stop());
    told.textContent = words.test_hear;
    await this.#play(URL.createObjectURL(heard));
    told.textContent = loudest >= AUDIBLE ? words.test_good : words.test_quiet;
    if (this.panel.open) this.#listen();
  }

  bell() {
    return this.#play(JSON.parse(root.dataset.sounds).incoming, "ring");
  }

  async #play(address, kind = "output") {
    const sound = new Audio(address);
    if (kind === "output") sound.volume = loudness("voice") / 100;
    if (CAN_CHOOSE_EARS) await sound.setSinkId(this.#select(kind).value === "default" ? "" : this.#select(kind).value);
    await new Promise((done) => {
      sound.addEventListener("ended", done);
      sound.addEventListener("error", done);
      sound.play().catch(done);
    });
    if (address.startsWith("blob:")) URL.revokeObjectURL(address);
  }

  #choose(kind, id) {
    localStorage.setItem(`telephone-${kind}`, id);
    if (kind !== "input") this.apply();
    else if (this.line.open) this.line.device.audio.setInputDevice(id).catch(() => {});
    if (kind === "input" && this.panel.open) this.#listen();
  }

  async #listen() {
    this.#deafen();
    if (!this.microphone.granted) return;
    try {
      const stream = await this.microphone.open();
      const stop = meter(stream, (level) => this.#level(level));
      this.stopMeter = () => {
        stop();
        stream.getTracks().forEach((track) => track.stop());
      };
      if (!this.panel.open) this.#deafen();
    } catch {
      // its fault is told where the line is
    }
  }

  #deafen() {
    this.stopMeter?.();
    this.stopMeter = null;
    this.#level(0);
  }

  #level(value) {
    document.getElementById("level").value = value;
  }

  #select(kind) {
    return document.getElementById(`device-${kind}`);
  }
}
