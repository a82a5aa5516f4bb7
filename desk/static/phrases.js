// Phrases: kept a moment after the last key, heard in a voice of the browser, and tried on somebody invented.

const WAIT_MS = 500;
const form = () => document.getElementById("own-form");
const phrase = document.getElementById("phrase");

// What is typed is kept by itself.  While a wording is added, moved or taken away, the others wait for the answer.
let timer = null;
function keep() {
  if (timer === null) return;
  clearTimeout(timer);
  timer = null;
  form()?.requestSubmit();
}
document.addEventListener("input", (event) => {
  if (!event.target.matches("#own-form textarea")) return;
  clearTimeout(timer);
  timer = setTimeout(keep, WAIT_MS);
});
document.addEventListener("submit", (event) => {
  if (event.target !== form() || event.submitter?.name !== "do") return;
  clearTimeout(timer);
  timer = null;
  for (const box of form().querySelectorAll("textarea")) box.readOnly = true;
}, true);
document.addEventListener("htmx:finally:request", () => {
  for (const box of form()?.querySelectorAll("textarea") ?? []) box.readOnly = false;
});
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (!opener) return;
  keep();
  // What answers meanwhile does not close the dialog.
  const part = opener.closest("#standing");
  if (!part) return;
  part.setAttribute("hx-morph-skip", "");
  document.getElementById(opener.dataset.opens).addEventListener("close", () => part.removeAttribute("hx-morph-skip"), { once: true });
}, true);
addEventListener("pagehide", () => {
  if (timer === null || !form()) return;
  const typed = new URLSearchParams();
  for (const [name, value] of new FormData(form())) typed.append(name, value);
  navigator.sendBeacon?.(form().action, typed);
});

document.addEventListener("wordings-placed", (event) => {
  const { at, do: done } = event.detail;
  for (const box of form().querySelectorAll("textarea")) box.value = box.defaultValue;
  const moved = done === "up" || done === "down";
  const button = moved ? document.getElementById(`${done}-${at}`) : null;
  const next = button && !button.disabled ? button : document.getElementById(`wording-${at}`);
  (next ?? document.getElementById("add"))?.focus();
  const told = document.getElementById("said");
  told.textContent = moved ? told.dataset.placed.replace("{n}", at + 1) : done === "drop" ? told.dataset.gone : "";
});

// What is wrong is also told to who does not see colours.
document.addEventListener("htmx:after:swap", () => {
  for (const box of form()?.querySelectorAll("textarea") ?? []) {
    const wrong = document.querySelector(`#${box.getAttribute("aria-describedby")} .fault`) !== null;
    if (wrong) box.setAttribute("aria-invalid", "true");
    else box.removeAttribute("aria-invalid");
  }
});

// A slot is put where one was writing last.
let writing = null;
document.addEventListener("focusin", (event) => {
  if (event.target.matches("#own-form textarea")) writing = event.target;
});
document.addEventListener("click", (event) => {
  const mark = event.target.closest("[data-inserts]")?.dataset.inserts;
  const box = writing?.isConnected ? writing : form()?.querySelector("textarea");
  if (!mark || !box) return;
  box.focus();
  box.setRangeText(mark, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

// The invented person stays from phrase to phrase, in this window only.
const REMEMBERED = "centralino-somebody";
document.addEventListener("input", (event) => {
  const somebody = event.target.closest("#somebody");
  if (somebody) sessionStorage.setItem(REMEMBERED, JSON.stringify(Object.fromEntries(new FormData(somebody))));
});
const remembered = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "null");
if (phrase && remembered) {
  const somebody = document.getElementById("somebody");
  for (const [name, value] of Object.entries(remembered)) {
    if (name !== "language" && somebody.elements[name]) somebody.elements[name].value = value;
  }
  // Not before htmx has the form: the browser itself would go to another page.
  somebody.addEventListener("htmx:after:init", () => somebody.requestSubmit(), { once: true });
}

// Voices: browsers find theirs by and by; one of the region's own comes first.
const tongue = phrase?.dataset.tongue ?? "";
function voice() {
  const voices = window.speechSynthesis?.getVoices() ?? [];
  const code = tongue.split("-")[0].toLowerCase();
  const fitting = voices.filter((one) => one.lang.toLowerCase().replace("_", "-").split("-")[0] === code);
  return fitting.find((one) => one.lang.replace("_", "-") === tongue) ?? fitting.find((one) => one.default) ?? fitting[0];
}
function voiced() {
  const found = voice() !== undefined;
  document.documentElement.classList.toggle("voiced", found);
  document.documentElement.classList.toggle("voiceless", !found);
}
let speaking = null;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-hears]");
  if (!button) return;
  speechSynthesis.cancel();
  if (speaking === button.dataset.hears) {
    speaking = null;
    return;
  }
  const said = new SpeechSynthesisUtterance(button.dataset.hears);
  said.voice = voice();
  said.lang = said.voice.lang;
  said.onend = said.onerror = () => { speaking = null; };
  speaking = button.dataset.hears;
  speechSynthesis.speak(said);
});
if (phrase) {
  window.speechSynthesis?.addEventListener?.("voiceschanged", voiced);
  voiced();
}

// The list: only what has these letters.
const finder = document.getElementById("finder");
if (finder) {
  finder.hidden = false;
  finder.addEventListener("input", () => {
    const wanted = finder.value.trim().toLowerCase();
    let found = 0;
    for (const group of document.querySelectorAll(".group")) {
      let here = 0;
      for (const row of group.querySelectorAll(".situations > li")) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
        here += row.hidden ? 0 : 1;
      }
      group.hidden = here === 0;
      if (wanted !== "") group.open = true;
      found += here;
    }
    const none = document.getElementById("none-found");
    none.hidden = found > 0;
    none.textContent = found > 0 ? "" : none.dataset.told;
  });
}
