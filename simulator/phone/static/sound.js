// What is heard: the browser's own voice for words, WebAudio for bells.  One voice at a time for the whole page.

const MUTE_MILLISECONDS = 3000;

let on = localStorage.getItem("sound") !== "off";
let context = null;
const queue = []; // {owner, utterance}
let speaking = null;

export function soundIsOn() {
  return on;
}

export function setSound(wanted) {
  on = wanted;
  localStorage.setItem("sound", on ? "on" : "off");
  if (!on) {
    queue.length = 0;
    speaking = null;
    window.speechSynthesis?.cancel();
    context?.suspend();
  } else {
    audio()?.resume();
  }
}

export function say(owner, words, language) {
  if (!on || !window.speechSynthesis) return;
  const utterance = new SpeechSynthesisUtterance(words);
  if (language) utterance.lang = language;
  const voice = voiceFor(language);
  if (voice) utterance.voice = voice;
  queue.push({ owner, utterance });
  next();
}

// The caller pressed a key, spoke or hung up: what was being said to them stops.
export function hush(owner) {
  for (let i = queue.length - 1; i >= 0; i--) if (queue[i].owner === owner) queue.splice(i, 1);
  if (speaking?.owner !== owner) return;
  speaking = null;
  window.speechSynthesis.cancel();
  next();
}

function next() {
  if (speaking || !queue.length) return;
  const turn = queue.shift();
  speaking = turn;
  const done = () => {
    clearTimeout(mute);
    if (speaking !== turn) return;
    speaking = null;
    next();
  };
  const mute = setTimeout(done, MUTE_MILLISECONDS); // a browser without voices says nothing, not even that
  turn.utterance.addEventListener("start", () => clearTimeout(mute));
  turn.utterance.addEventListener("end", done);
  turn.utterance.addEventListener("error", done);
  window.speechSynthesis.speak(turn.utterance);
}

function voiceFor(language) {
  if (!language) return null;
  const voices = window.speechSynthesis.getVoices();
  const wanted = language.toLowerCase();
  const plain = (voice) => voice.lang.replace("_", "-").toLowerCase();
  return voices.find((voice) => plain(voice) === wanted) ?? voices.find((voice) => plain(voice).split("-")[0] === wanted.split("-")[0]);
}

function audio() {
  if (!context && window.AudioContext) context = new AudioContext();
  return context;
}

function tone(frequencies, start, seconds, loudness) {
  const box = audio();
  const gain = box.createGain();
  const at = box.currentTime + start;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(loudness, at + 0.02);
  gain.gain.setValueAtTime(loudness, at + seconds - 0.06);
  gain.gain.linearRampToValueAtTime(0, at + seconds);
  gain.connect(box.destination);
  for (const frequency of frequencies) {
    const source = box.createOscillator();
    source.frequency.value = frequency;
    source.connect(gain);
    source.start(at);
    source.stop(at + seconds);
  }
}

function play(notes) {
  const box = on ? audio() : null;
  if (!box) return;
  if (box.state === "suspended") box.resume(); // silent until somebody has clicked: the browser's rule
  if (box.state === "running") for (const note of notes) tone(...note);
}

// A handset rings until the returned function is called.
export function ring() {
  const bell = [[[587, 740], 0, 0.35, 0.07], [[587, 740], 0.45, 0.35, 0.07]];
  play(bell);
  const again = setInterval(() => play(bell), 2500);
  return () => clearInterval(again);
}

// What a caller hears while somebody's telephone rings, as in Italy: one second in five.
export function ringback(seconds) {
  const tones = [];
  for (let at = 0; at + 1 <= Math.max(seconds, 1); at += 5) tones.push([[425], at, 1, 0.03]);
  play(tones);
}

export function beep() {
  play([[[880], 0, 0.4, 0.05]]);
}

export function chime() {
  play([[[784], 0, 0.14, 0.06], [[1047], 0.16, 0.22, 0.06]]);
}

export function keyTone(digit) {
  const column = { 1: 1209, 2: 1336, 3: 1477 };
  const place = "123456789*0#".indexOf(digit);
  if (place >= 0) play([[[[697, 770, 852, 941][Math.floor(place / 3)], column[(place % 3) + 1]], 0, 0.12, 0.04]]);
}

// A browser lets sound out only after a first click or key anywhere in the page.
for (const gesture of ["pointerdown", "keydown"]) {
  addEventListener(gesture, () => on && audio()?.resume(), { capture: true });
}
