// The editor of the rules: figures that slide, rules that move, the draft that is never drawn over what is being typed.

const tab = () => document.getElementById("tab");

// Every answer is the whole part as it was when it was asked for.  One that is older than what was typed since is left
// away: the next one, which that typing asks for, has everything in it.
let typedAt = 0;
const askedAt = new WeakMap();
const touched = (event) => { if (tab()?.contains(event.target) && !event.target.closest("#try, #replay")) typedAt += 1; };
document.addEventListener("input", touched, true);
document.addEventListener("htmx:before:request", (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (form) askedAt.set(form, typedAt);
});
document.addEventListener("htmx:before:swap", (event) => {
  const { sourceElement: form, target } = event.detail.ctx ?? {};
  if (target?.id === "tab" && askedAt.has(form) && askedAt.get(form) < typedAt) event.preventDefault();
});

// A morph leaves choices and ticks as the browser has them; here they are always as they have been saved.
document.addEventListener("htmx:after:swap", () => {
  const part = tab();
  if (!part) return;
  for (const option of part.querySelectorAll("#tab option")) {
    if (option.closest("#try, #replay")) continue;
    if (option.selected !== option.hasAttribute("selected") && option.hasAttribute("selected")) option.selected = true;
  }
  for (const choice of part.querySelectorAll("select.add, .adder select")) choice.selectedIndex = 0;
  for (const box of part.querySelectorAll("input[type=checkbox]")) {
    if (!box.closest("#try, #tried")) box.checked = box.hasAttribute("checked");
  }
  for (const box of part.querySelectorAll(".entry input, .week input, .rule-form input")) {
    if (box !== document.activeElement && !["checkbox", "radio", "hidden"].includes(box.type)) box.value = box.getAttribute("value") ?? "";
  }
});

// A slider and its figure are one thing; the sentence below follows both.
function spoken(unit, text, hint) {
  const value = Number(text.replace(",", "."));
  if (text.trim() === "" || Number.isNaN(value)) return text;
  const plain = String(Math.round(value * 1e7) / 1e7);
  if (unit === "seconds") return value >= 120 && value % 60 === 0 ? `${value / 60} min` : `${plain} s`;
  if (unit === "minutes") return value >= 60 && value % 60 === 0 ? `${value / 60} h` : `${plain} min`;
  if (unit === "percent") return `${plain} %`;
  return plain;
}

document.addEventListener("input", (event) => {
  const slider = event.target;
  const box = slider.dataset?.slides ? document.getElementById(slider.dataset.slides) : null;
  if (box) box.value = slider.value;
  const typed = box ?? slider;
  if (typed.name !== "value" || !typed.closest(".entry .figure")) return;
  const entry = typed.closest(".entry");
  const range = entry.querySelector("[data-slides]");
  if (!box && range) range.value = typed.value.replace(",", ".");
  const hint = entry.querySelector("[data-sentence]");
  if (hint?.dataset.sentence.includes("{}") && hint.dataset.unit !== "days") {
    hint.textContent = hint.dataset.sentence.replace("{}", spoken(hint.dataset.unit, typed.value));
  }
});

// Moving: by buttons, by Alt and the arrow keys on the grip, by dragging it.
function moveTo(from, to) {
  const mover = document.getElementById("mover");
  const order = document.querySelector("[data-order]");
  if (!mover || !order || from === to || to < 0) return;
  mover.elements.path.value = JSON.stringify([...JSON.parse(order.dataset.order), from]);
  mover.elements.key.value = to;
  mover.requestSubmit();
}

document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const entry = event.target.closest?.("[data-entry]");
  if (!entry || event.target.closest("input, select, textarea")) return;
  event.preventDefault();
  const from = Number(entry.dataset.entry);
  const to = from + (event.key === "ArrowUp" ? -1 : 1);
  if (to < entry.parentElement.querySelectorAll("[data-entry]").length) moveTo(from, to);
});

let dragged = null;
document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.(".grip");
  if (!grip || event.button !== 0) return;
  dragged = { entry: grip.closest("[data-entry]"), grip, to: null };
  grip.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  dragged.entry.classList.add("dragged");
  const list = dragged.entry.parentElement;
  const entries = [...list.querySelectorAll(":scope > [data-entry]")];
  const from = entries.indexOf(dragged.entry);
  entries.forEach((entry) => entry.classList.remove("over-before", "over-after"));
  const under = entries.findIndex((entry) => {
    const box = entry.getBoundingClientRect();
    return event.clientY >= box.top && event.clientY <= box.bottom;
  });
  dragged.to = null;
  if (under < 0 || under === from) return;
  entries[under].classList.add(under < from ? "over-before" : "over-after");
  dragged.to = under;
});
const dropped = () => {
  if (!dragged) return;
  const { entry, to } = dragged;
  document.querySelectorAll(".dragged, .over-before, .over-after").forEach((one) => one.classList.remove("dragged", "over-before", "over-after"));
  dragged = null;
  if (to !== null) moveTo(Number(entry.dataset.entry), to);
};
document.addEventListener("pointerup", dropped);
document.addEventListener("pointercancel", dropped);

document.addEventListener("entry-moved", (event) => {
  const { to, told } = event.detail;
  const pressed = document.activeElement?.id?.split("-")[0];
  const next = ["up", "down", "grip"].includes(pressed) ? document.getElementById(`${pressed}-${to}`) : null;
  const grip = document.getElementById(`grip-${to}`);
  (next && !next.disabled ? next : grip)?.focus();
  document.getElementById("said").textContent = told;
});
document.addEventListener("entry-opened", () => {
  document.getElementById("rule-name")?.focus();
});

// What if this one were busy?
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-tries]")) event.target.form?.requestSubmit();
});

// Past days once more: told as it goes.
let source = null;
function stopped() {
  source?.close();
  source = null;
  document.getElementById("replay-progress").hidden = true;
  document.getElementById("replay-stop").hidden = true;
}
document.addEventListener("submit", (event) => {
  if (event.target.id !== "replay") return;
  event.preventDefault();
  stopped();
  const answer = document.getElementById("replayed");
  const bar = document.getElementById("replay-bar");
  const share = document.getElementById("replay-share");
  answer.replaceChildren();
  bar.value = 0;
  share.textContent = "0 %";
  document.getElementById("replay-progress").hidden = false;
  document.getElementById("replay-stop").hidden = false;
  source = new EventSource(`${event.target.action}?days=${event.target.elements.days.value}`);
  source.addEventListener("progress", (told) => {
    bar.value = Number(told.data);
    share.textContent = `${Math.round(bar.value * 100)} %`;
  });
  source.addEventListener("done", (told) => {
    stopped();
    answer.innerHTML = told.data;
  });
  source.onerror = () => {
    stopped();
    window.centralino.toast(document.documentElement.lang === "it" ? "La simulazione si è interrotta. Riprovi." : "The replay was cut short. Please try again.", "bad");
  };
}, true);
document.addEventListener("click", (event) => {
  if (event.target.closest?.("#replay-stop")) stopped();
});
