// One telephone: its socket, its state, its card.  A customer's can dial; an agent's handset is only rung.

import * as book from "./people.js";
import { Setup } from "./setup.js";
import * as sound from "./sound.js";
import { Talk } from "./talk.js";
import { Voice } from "./voice.js";
import { Wire } from "./wire.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const WORDS = { setup: "Whose telephone is this?", connecting: "Plugging in…", idle: "Ready", calling: "Calling…", ringing: "Ringing", talking: "On the line", recording: "Recording your message" };
const OTHER = "other";
let made = 0;

export class Telephone {
  #wire = null;
  #state = "setup";
  #since = null;
  #stopRing = () => {};
  #whenReady = [];
  #who = ""; // the other end of the present call

  constructor(kind, { changed, gone }) {
    this.kind = kind;
    this.address = null;
    this.changed = changed;
    this.gone = gone;
    this.card = document.getElementById("telephone").content.firstElementChild.cloneNode(true);
    this.card.dataset.kind = kind;
    this.voice = new Voice((frame) => this.#wire?.send(frame));
    this.talk = new Talk(this.#part(".talk"));
    this.setup = new Setup(this.#part(".setup"), kind, (person) => this.plugIn(person));
    this.#label();
    this.#listen();
    this.#title(kind === "agent" ? "An agent’s handset" : "A customer’s telephone", "");
    this.#go("setup");
    this.ticking = setInterval(() => this.#tick(), 1000);
  }

  get free() {
    return this.address === null;
  }

  get busy() {
    return ["calling", "ringing", "talking", "recording"].includes(this.#state);
  }

  plugIn(person) {
    this.address = person.address;
    this.#title(person.name ?? book.nameOf(person.address), this.kind === "agent" ? "Agent’s handset" : book.spoken(person.address));
    this.#part("[name=withhold]").checked = Boolean(person.withhold);
    this.#empty(person.story);
    this.#go("connecting");
    this.#wire = new Wire({
      open: () => this.#wire.send({ type: "plug_in", address: this.address }),
      frame: (frame) => this.#receive(frame),
      lost: () => this.#lost(),
    });
    this.changed();
  }

  // Dials as soon as it can; `to` empty: the first line of the directory.
  ring(to) {
    this.#soon(() => this.#dial(to ?? book.theLines()[0]?.number));
  }

  putAway() {
    clearInterval(this.ticking);
    this.#stopRing();
    sound.hush(this);
    this.voice.stop();
    this.#wire?.close();
    this.card.remove();
    this.gone(this);
  }

  focus() {
    this.card.scrollIntoView({ block: "nearest", inline: "nearest" });
    const first = [...this.card.querySelectorAll(".controls input, .controls select, .controls button")].find((field) => field.offsetParent);
    first?.focus({ preventScroll: true });
  }

  // frames from the carrier

  #receive(frame) {
    const act = {
      plugged_in: () => this.#pluggedIn(),
      voice: () => this.voice.answered(frame.sdp),
      directory: () => this.#directory(frame.lines ?? [], frame.telephones ?? []),
      calling: () => this.#calling(frame.to),
      ringing: () => this.#ringing(frame.from),
      answered: () => this.#answered(),
      said: () => this.#said(frame),
      playing: () => this.#playing(frame),
      quiet: () => this.#status("Quiet on the line"),
      listening: () => this.#listening(frame),
      recording: () => this.#recording(),
      recorded: () => this.#recorded(),
      bridged: () => this.#bridged(frame.with ?? []),
      unbridged: () => this.#unbridged(),
      heard: () => this.talk.heard(book.nameOf(frame.from), frame.text),
      ended: () => this.#ended(frame.reason),
      text: () => this.#text(frame),
      error: () => this.#error(frame.message),
    }[frame.type];
    act?.();
  }

  #pluggedIn() {
    this.#go("idle");
    if (this.voice.on) this.#speakUp(); // the carrier was away, and knows nothing of the microphone
  }

  #directory(lines, telephones) {
    book.setLines(lines);
    for (const telephone of telephones) {
      const person = typeof telephone === "string" ? { address: telephone } : telephone;
      if (!lines.some((line) => line.number === person.address)) {
        book.remember({ ...person, name: person.name ?? book.nameOf(person.address), kind: book.isAgent(person.address) ? "agent" : "customer" });
      }
    }
    const select = this.#part("[name=to]");
    const chosen = select.value;
    select.replaceChildren(...lines.map((line) => new Option(`${line.name || "Line"} · ${book.grouped(line.number)}`, line.number)), new Option("Another number…", OTHER));
    if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
    this.#otherNumber();
    if (lines.length) for (const act of this.#whenReady.splice(0)) act();
  }

  #calling(to) {
    this.#who = book.nameOf(to);
    this.#go("calling", `Calling ${this.#who}…`);
  }

  #ringing(from) {
    this.#who = book.nameOf(from);
    this.#part(".alert").textContent = `${this.#who} is calling`;
    this.#go("ringing", "Ringing");
    this.#stopRing = sound.ring();
  }

  #answered() {
    this.#since = Date.now();
    this.#go("talking", this.kind === "agent" ? "Answered" : `On the line with ${this.#who}`);
  }

  #said(frame) {
    const bubble = this.talk.heard(this.kind === "agent" ? "Centralino" : this.#who, frame.text, frame.language);
    this.talk.speaking(bubble, frame.seconds ?? 2);
    sound.say(this, frame.spoken ?? frame.text, frame.language);
    this.#status(this.kind === "agent" ? "Listening to Centralino" : `${this.#who} is speaking`);
  }

  #playing(frame) {
    const ringing = /ring/i.test(frame.url.split("/").at(-1));
    if (ringing && !this.voice.on) sound.ringback(Math.min(frame.seconds ?? 2, 10));
    this.talk.note(ringing ? "It rings" : "A recording is played");
  }

  #listening({ keys, speech }) {
    this.#wanted(Boolean(keys), Boolean(speech));
  }

  #recording() {
    sound.beep();
    this.#wanted(false, true);
    this.#go("recording");
  }

  #recorded() {
    this.talk.note("Your message is recorded", "good");
    this.#wanted(false, false);
    this.#go("talking", `On the line with ${this.#who}`);
  }

  #bridged(others) {
    const names = others.map((other) => book.nameOf(other)).join(" and ");
    sound.hush(this);
    this.#wanted(false, true);
    this.talk.note(names ? `You are talking with ${names}` : "You are connected", "good");
    this.#go("talking", names ? `Talking with ${names}` : "Connected");
  }

  #unbridged() {
    this.#wanted(false, false);
    this.talk.note("The other side has left");
    this.#status("On the line");
  }

  #ended(reason) {
    sound.hush(this);
    this.#since = null;
    this.talk.note(ENDINGS[reason] ?? "The call has ended");
    this.#wanted(false, false);
    this.#go("idle");
  }

  #text(frame) {
    sound.chime();
    this.talk.text(`Text from ${book.nameOf(frame.from)}`, frame.body, false);
  }

  #error(message) {
    this.talk.note(message, "bad");
    if (this.#state !== "connecting") return;
    this.#wire.close();
    this.address = null;
    this.#go("setup", message);
    this.changed();
  }

  #lost() {
    sound.hush(this);
    this.#since = null;
    this.#go("connecting", "The line is dead. Trying again…");
  }

  // what the person does

  #listen() {
    this.card.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do], [data-digit]");
      if (!button) return;
      if (button.dataset.digit) this.#key(button.dataset.digit);
      else this.#press(button.dataset.do);
    });
    this.card.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (!typing && ["talking", "recording"].includes(this.#state) && KEYS.includes(event.key)) this.#key(event.key);
    });
    this.#part("[name=to]").addEventListener("change", () => this.#otherNumber());
    this.#part("[name=body]").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#press("text");
    });
    this.#submit(".dial", () => this.#dial(this.#number()));
    this.#submit(".speak", () => this.#speak());
  }

  #press(what) {
    if (what === "put_away") return this.putAway();
    if (what === "text") return this.#write();
    if (what === "microphone") return this.#toggleVoice();
    if (what === "hang_up") sound.hush(this);
    return this.#wire.send({ type: what });
  }

  #dial(to) {
    if (!to) return;
    const withhold = this.#part("[name=withhold]").checked ? "anonymous" : null;
    this.#wire.send({ type: "dial", to, withhold });
  }

  #key(digit) {
    sound.hush(this);
    sound.keyTone(digit);
    this.talk.key(digit);
    this.#wire.send({ type: "key", digit });
  }

  #speak() {
    const field = this.#part("[name=words]");
    const text = field.value.trim();
    if (!text) return;
    sound.hush(this);
    this.talk.mine(text);
    this.#wire.send({ type: "speak", text });
    field.value = "";
  }

  #toggleVoice() {
    if (!this.voice.on) return this.#speakUp();
    this.voice.stop();
    return this.#showVoice();
  }

  async #speakUp() {
    try {
      await this.voice.start();
    } catch (error) {
      this.voice.stop();
      this.talk.note(error.name === "NotAllowedError" ? "This page may not use the microphone: allow it in the address bar" : "There is no microphone", "bad");
    }
    this.#showVoice();
  }

  #showVoice() {
    this.#part("[data-do=microphone]").setAttribute("aria-pressed", String(this.voice.on));
    this.#part(".microphone-words").textContent = this.voice.on ? "Microphone on" : "Microphone off";
  }

  #write() {
    const field = this.#part("[name=body]");
    const body = field.value.trim();
    const to = this.#number();
    if (!body || !to) return;
    this.talk.text(`Text to ${book.nameOf(to)}`, body, true);
    this.#wire.send({ type: "text", to, body });
    field.value = "";
  }

  // the card

  #go(state, words) {
    if (this.#state === "ringing" && state !== "ringing") this.#stopRing();
    this.#state = state;
    this.card.dataset.state = state;
    for (const part of this.card.querySelectorAll("[data-when], [data-only]")) {
      const fits = !part.dataset.when || part.dataset.when.split(" ").includes(state);
      part.hidden = !fits || (part.dataset.only !== undefined && part.dataset.only !== this.kind);
    }
    this.#status(words ?? WORDS[state]);
    this.#tick();
  }

  #status(words) {
    const part = this.#part(".status-words");
    if (part.textContent !== words) part.textContent = words;
  }

  #wanted(keys, speech) {
    this.#part(".keypad").classList.toggle("wanted", keys);
    this.#part(".speak").classList.toggle("wanted", speech);
  }

  #tick() {
    const clock = this.#part(".clock");
    clock.hidden = this.#since === null;
    if (clock.hidden) return;
    const seconds = Math.floor((Date.now() - this.#since) / 1000);
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  #title(name, number) {
    this.#part("h2").textContent = name;
    this.#part(".number").textContent = number === name ? "" : number;
    book.wear(this.#part(".avatar"), this.address && name);
  }

  #empty(story) {
    const words = this.kind === "agent" ? "What is said to you, and by whom, is written here." : "What you hear is spoken, and written here.";
    this.talk.list.dataset.empty = story ?? words;
  }

  #label() {
    const id = `telephone-${++made}`;
    this.#part("h2").id = id;
    this.card.setAttribute("aria-labelledby", id);
    this.card.querySelectorAll(".join").forEach((join, n) => {
      const field = join.querySelector("input");
      field.id = `${id}-field-${n}`;
      join.querySelector("label").htmlFor = field.id;
    });
    this.#part(".keys").open = this.kind === "customer";
    this.#part(".keypad").replaceChildren(...KEYS.map((digit) => {
      const key = document.createElement("button");
      key.type = "button";
      key.textContent = digit;
      key.dataset.digit = digit;
      return key;
    }));
  }

  #otherNumber() {
    this.#part(".other").hidden = this.#part("[name=to]").value !== OTHER;
  }

  #number() {
    const chosen = this.#part("[name=to]").value;
    return chosen === OTHER ? this.#part("[name=other]").value.replace(/[\s()./-]/g, "") : chosen;
  }

  #soon(act) {
    if (this.#state === "idle" && book.theLines().length) act();
    else this.#whenReady.push(act);
  }

  #submit(selector, act) {
    this.#part(selector).addEventListener("submit", (event) => {
      event.preventDefault();
      act();
    });
  }

  #part(selector) {
    return this.card.querySelector(selector);
  }
}

const ENDINGS = { busy: "The other side is busy", "no-answer": "Nobody answered", declined: "The call was declined", failed: "The call could not be made", canceled: "The caller has hung up" };
