// The card looks again when it is time, and what is typed outlives a reload that was quicker than its saving.

let timer;

/** A minute before a promise nothing happens that could tell the card to. */
function lookAgain() {
  clearTimeout(timer);
  const card = document.getElementById("card");
  if (!card?.dataset.lookAgain) return;
  const wait = new Date(card.dataset.lookAgain) - Date.now();
  timer = setTimeout(() => card.dispatchEvent(new CustomEvent("look-again")), Math.max(wait, 0) + 200);
}

// Words that the server has not confirmed yet stay with this window, by whom and which call they are about, and nowhere
// else: what was begun about one person is never taken up for the next.
const OF_A_DRAFT = "draft ";
const draftOf = (form) => `${OF_A_DRAFT}${form.getAttribute("action")} ${form.elements.call.value}`;
const written = (form) => [...form.elements].filter((field) => field.name && field.matches("textarea, input[type=text]"));

document.addEventListener("input", (event) => {
  const form = event.target.closest("#card form[data-saves]");
  if (!form) return;
  const words = written(form).map((field) => [field.name, field.value]);
  sessionStorage.setItem(draftOf(form), JSON.stringify(words));
});

document.addEventListener("htmx:after:request", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-saves]") || event.detail.ctx.response.status >= 400) return;
  if (!form.classList.contains("unsaved")) sessionStorage.removeItem(draftOf(form));
});

// Another window of the same desk writes into the same note: it shows what this one has saved, and saves on from there.
const windows = "BroadcastChannel" in window ? new BroadcastChannel("notes") : null;

document.addEventListener("htmx:after:request", (event) => {
  const form = event.target;
  if (!form.matches?.("#card form.notes") || event.detail.ctx.response.status >= 400) return;
  windows?.postMessage({ draft: draftOf(form), words: written(form).map((field) => [field.name, field.value]) });
});
windows?.addEventListener("message", ({ data }) => {
  const form = [...document.querySelectorAll("#card form.notes:not(.unsaved)")].find((one) => draftOf(one) === data.draft);
  for (const [name, value] of form ? data.words : []) form.elements[name].value = value;
});

function takeUpDrafts() {
  for (const form of document.querySelectorAll("#card form[data-saves]:not([data-taken-up])")) {
    form.dataset.takenUp = "";
    const kept = sessionStorage.getItem(draftOf(form));
    if (!kept) continue;
    const words = new Map(JSON.parse(kept));
    for (const field of written(form)) field.value = words.get(field.name) ?? field.value;
    form.dispatchEvent(new Event("input", { bubbles: true })); // which sends it
  }
}

// What was chosen after a talk counts, also when the time is over before anybody has pressed Done.
let wrap = null; // the form in which something was chosen

document.addEventListener("input", (event) => {
  const form = event.target.closest("#wrap");
  if (form) wrap = form;
});
document.addEventListener("htmx:after:request", (event) => {
  const { request, response } = event.detail.ctx;
  if (event.target === wrap && request.submitter && response.status < 400) wrap = null; // it was pressed
});

function sendWhatWasChosen() {
  if (!wrap || wrap.isConnected) return;
  const all = new URLSearchParams(new FormData(wrap));
  all.set("done", "1");
  navigator.sendBeacon(wrap.action, all);
  wrap = null;
}

document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/sign-out") return;
  Object.keys(sessionStorage).filter((key) => key.startsWith(OF_A_DRAFT)).forEach((key) => sessionStorage.removeItem(key));
});

// The dialog of a transfer is asked for as it opens, with what has been written down by then, to the last letter.
document.addEventListener("toggle", (event) => {
  if (event.target.id !== "transfer" || event.newState !== "open") return;
  const typed = document.querySelector("#card form.notes.unsaved")?.elements.note.value;
  htmx.ajax("GET", "/desk/transfer", { target: "#transfer-state", swap: "outerMorph" }).then(() => {
    const note = document.getElementById("transfer-note");
    if (typed && note && note.value === note.defaultValue) note.value = typed;
  });
}, true);

function drawn() {
  sendWhatWasChosen();
  lookAgain();
  takeUpDrafts();
}
document.addEventListener("htmx:after:swap", drawn);
document.addEventListener("DOMContentLoaded", drawn);

// Choosing "another time" goes straight to its field.
document.addEventListener("change", (event) => {
  const choice = event.target;
  if (choice.name !== "at" || choice.value !== "another") return;
  choice.closest(".times")?.querySelector("input[type=datetime-local]")?.focus();
});
