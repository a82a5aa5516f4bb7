// The desk's telephone.  What is going on says the server, in #phone; what is heard and said goes through here.

import { Bell } from "./bell.js";
import * as clocks from "./clocks.js";
import { Devices, constraints } from "./devices.js";
import "./keys.js";
import { Line } from "./line.js";
import { Microphone } from "./microphone.js";
import { ask, look, phone, root, words, works } from "./page.js";
import { Paint } from "./paint.js";
import { Place } from "./place.js";

const microphone = new Microphone(constraints);
const line = new Line(constraints);
const place = new Place(() => line.state === "on" && !microphone.fault);
const bell = new Bell();

if (works) begin();
shared();

function begin() {
  const devices = new Devices(line, microphone);
  const paint = new Paint(line, place, microphone);

  const news = () => {
    paint.all();
    place.tell({ rings: line.rings, talks: line.open });
  };
  line.addEventListener("change", news);
  place.addEventListener("change", news);
  microphone.addEventListener("change", news);

  // which window
  place.addEventListener("here", () => (microphone.fault ? null : line.start()));
  place.addEventListener("gone", () => line.stop());
  place.addEventListener("restored", () => window.centralino.toast(words.restored, "good"));
  place.addEventListener("signed-out", () => line.open || location.assign("/sign-in"));

  // the line
  line.addEventListener("registered", () => {
    devices.apply();
    place.beat();
  });
  line.addEventListener("ring", () => {
    bell.begin();
    look();
    goOn();
  });
  line.addEventListener("over", () => {
    bell.end();
    paint.keypad(false);
    look();
  });
  line.addEventListener("deaf", () => microphone.ask());

  // the microphone: who cannot be heard is not rung
  microphone.addEventListener("change", () => {
    if (microphone.fault) {
      line.decline();
      if (!line.open) line.stop();
      if (phone().dataset.availability === "ready") present({ choice: "away", reason: "microphone" });
    } else if (place.is) {
      line.start();
      if (phone().dataset.reason === "microphone") present({ choice: "ready" });
    }
    place.beat();
  });

  addEventListener("online", () => {
    line.hurry();
    place.beat();
  });
  document.body.addEventListener("line-up", () => {
    line.hurry();
    place.beat();
    look();
  });

  let putDown = null; // the call that they have hung up, until the server has heard of it

  function answer() {
    putDown = null;
    bell.end();
    line.answer();
    look();
  }

  /** They were talking until the line broke: nobody has to press for that.  Unless it was they who hung up. */
  function goOn() {
    const { mode, call } = phone().dataset;
    if (mode !== "reconnecting") return;
    if (putDown === call) sayAgain(call);
    else if (line.rings) answer();
  }

  let saying = false;
  async function sayAgain(call) {
    if (saying) return;
    saying = true;
    try {
      const answer = await ask("/desk/call/hang-up", { call }, { form: true });
      if (answer.ok) putDown = null;
    } catch {
      // our server does not answer: once more in a second
    } finally {
      saying = false;
      look();
    }
  }

  const acts = {
    answer,
    decline: () => line.decline(),
    mute: () => line.mute(),
    keypad: () => paint.keypad(),
    take: () => place.take(),
    microphone: () => microphone.ask(),
    allow: () => paint.allow(),
    test: () => devices.test(),
    bell: () => devices.bell(),
  };
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-phone], [data-digit]");
    if (!button) return;
    if (button.dataset.digit) {
      line.press(button.dataset.digit);
      document.getElementById("dialled").textContent = button.dataset.digit;
    } else acts[button.dataset.phone]?.();
  });
  document.getElementById("keypad").addEventListener("keydown", (event) => {
    if (/^[0-9*#]$/.test(event.key)) document.querySelector(`[data-digit="${CSS.escape(event.key)}"]`).click();
    else if (event.key === "Escape") paint.keypad(false);
  });

  // Hanging up is said to the server first: a line that ends without has broken.
  const hangsUp = (event) => event.target.closest?.("form")?.querySelector('[data-phone="hang-up"]');
  document.addEventListener("htmx:before:request", (event) => {
    if (!hangsUp(event)) return;
    putDown = event.target.closest("form").elements.call.value;
    const { call } = line;
    setTimeout(() => line.call === call && line.hangUp(), 2000); // whatever becomes of the request
  });
  document.addEventListener("htmx:after:request", (event) => {
    if (hangsUp(event) && event.detail.ctx.response?.status < 400) putDown = null;
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (hangsUp(event)) line.hangUp();
  });

  // Whoever looks something up in a talk stays in it: another page opens beside this one, which is the telephone.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!line.call || !link || link.target || link.origin !== location.origin || link.hasAttribute("download")) return;
    if (link.pathname === location.pathname || link.pathname === "/") { // the desk: they are there
      if (!link.hash) event.preventDefault();
      return;
    }
    link.target = "_blank";
    setTimeout(() => link.removeAttribute("target"));
  });

  // Who says that they are ready can be heard; the browser may have to ask for the microphone.
  root.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-readies]") || !place.is || (microphone.granted && !microphone.fault)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = event.target;
    microphone.ask().then((works) => works && form.requestSubmit());
  }, true);

  document.addEventListener("htmx:after:swap", () => {
    goOn();
    paint.all();
  });
  // Not as it is pressed down: a question that goes then moves what is under the finger, and nothing is clicked.
  document.addEventListener("click", () => paint.all(), { once: true });

  const ticker = new Worker(root.dataset.ticks);
  ticker.addEventListener("message", () => {
    line.tick();
    place.tick();
    bell.tick();
    if (putDown) goOn();
    if (line.rings) paint.all();
  });

  window.telephone = { line, place, microphone }; // for who looks for a fault
  devices.begin();
  paint.all();
  microphone.begin().then(() => place.begin());
}

async function present(chosen) {
  try {
    await ask("/desk/presence", chosen, { form: true });
  } finally {
    look();
  }
}

function shared() {
  clocks.look();
  setInterval(clocks.tick, 1000);
  document.addEventListener("htmx:after:swap", clocks.look);
  // Words of their own say that it is none of the reasons above.
  document.addEventListener("input", (event) => {
    if (event.target.id === "away-own" && event.target.value) document.getElementById("away-other").checked = true;
  });
  // A dialog whose form was taken has done its work.
  document.addEventListener("htmx:after:request", (event) => {
    const { response } = event.detail.ctx;
    if (response?.status < 400) event.target.closest?.("dialog#away")?.close();
  });
}
