// What every page does: hears what changes, opens dialogs, keeps sliders' sentences, and says when the line is gone.

const TOPICS = ["calls", "agents", "promises", "decisions", "mine", "limits"];
const QUIET_MS = 250; // a topic wakes the page at once, and then no oftener than this

const waiting = new Map(); // topic -> timer of its quiet time
const again = new Set(); // topics that came meanwhile

/** Tells the page that something of `topic` has changed: parts listen with hx-trigger="calls-changed from:body". */
function changed(topic) {
  if (waiting.has(topic)) {
    again.add(topic);
    return;
  }
  document.body.dispatchEvent(new CustomEvent(`${topic}-changed`, { bubbles: true }));
  waiting.set(topic, setTimeout(() => {
    waiting.delete(topic);
    if (again.delete(topic)) changed(topic);
  }, QUIET_MS));
}

function listen(address) {
  let delay = 500;
  let last = "";
  const connect = () => {
    const source = new EventSource(last ? `${address}?after=${encodeURIComponent(last)}` : address);
    source.addEventListener("hello", (event) => {
      delay = 500;
      last = event.lastEventId || last;
      shown(true);
      TOPICS.forEach(changed); // whatever was missed: while away, or between the page's making and its first word
      document.body.dispatchEvent(new CustomEvent("line-up"));
    });
    for (const topic of TOPICS) {
      source.addEventListener(topic, (event) => {
        last = event.lastEventId || last;
        document.body.dispatchEvent(new CustomEvent(`live-${topic}`, { detail: event.data }));
        changed(topic);
      });
    }
    source.addEventListener("signed-out", () => location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`));
    source.onerror = () => {
      shown(false);
      document.body.dispatchEvent(new CustomEvent("line-down"));
      source.close();
      setTimeout(connect, delay);
      delay = Math.min(delay * 2, 5000);
    };
  };
  connect();
  addEventListener("online", () => TOPICS.forEach(changed));
}

function shown(on) {
  const link = document.getElementById("link");
  if (!link) return;
  link.classList.toggle("on", on);
  link.title = on ? link.dataset.on : link.dataset.off;
  link.firstElementChild.textContent = link.title;
}

/** A short message at the foot of the page; kind: good | bad | calm. */
function toast(text, kind = "calm") {
  const box = document.createElement("p");
  box.className = `alert ${kind}`;
  box.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), kind === "bad" ? 12000 : 5000);
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});

document.addEventListener("input", (event) => {
  const slider = event.target;
  if (slider.type !== "range") return;
  const box = slider.closest(".slider");
  const output = box?.querySelector("output");
  if (output) output.textContent = slider.dataset.unit ? `${slider.value} ${slider.dataset.unit}` : slider.value;
  const sentence = box?.querySelector(".hint");
  if (sentence && slider.dataset.sentence) sentence.textContent = slider.dataset.sentence.replaceAll("{}", slider.value);
});

// A form with data-saves sends itself a moment after the last key, and again and again until the server has it.
const PAUSE_MS = 700;
const LONGEST_MS = 4000; // so long at most, if the hand never pauses
const AGAIN_MS = 3000;
const drafts = new WeakMap(); // form -> timer of its next sending
const since = new WeakMap(); // form -> since when there is something to send

function sends(form, delay) {
  clearTimeout(drafts.get(form));
  form.classList.add("unsaved");
  drafts.set(form, setTimeout(() => {
    drafts.delete(form);
    since.delete(form);
    if (form.isConnected) form.requestSubmit();
    else leaves(form); // what it stood in has gone meanwhile
  }, delay));
}
function leaves(form) {
  navigator.sendBeacon?.(form.action, new URLSearchParams(new FormData(form)));
}
document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-saves]");
  if (!form) return;
  if (!since.has(form)) since.set(form, Date.now());
  sends(form, Math.min(PAUSE_MS, Math.max(0, since.get(form) + LONGEST_MS - Date.now())));
});
addEventListener("beforeunload", () => document.querySelectorAll("form[data-saves].unsaved").forEach(leaves));
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-saves]")) return;
  const { request, response } = event.detail.ctx;
  if (request.submitter && response.status < 400) { // its button has sent all of it: nothing is left for later
    clearTimeout(drafts.get(form));
    drafts.delete(form);
    since.delete(form);
  }
  if (drafts.has(form)) return;
  if (response.status < 500) form.classList.remove("unsaved", "fails");
  else sends(form, AGAIN_MS);
});
document.addEventListener("htmx:error", (event) => {
  const form = event.target.matches?.("form[data-saves]") ? event.target : null;
  if (form && !drafts.has(form)) sends(form, AGAIN_MS);
  if (form?.classList.contains("fails")) return; // it has been told
  form?.classList.add("fails");
  toast(document.documentElement.lang === "it" ? "Il server non risponde. Riprovi tra un attimo." : "The server does not answer. Please try again in a moment.", "bad");
});

// On a narrow screen the place one is at is among those that are seen.
for (const here of document.querySelectorAll(".places [aria-current], .tabs [aria-current], .plan-tabs [aria-current]")) {
  const row = here.closest("nav");
  row.scrollLeft += here.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - here.offsetWidth) / 2;
}

// A photo that is not where it was: initials, as without one.
const lost = (photo) => photo.replaceWith(photo.dataset.initials);
document.addEventListener("error", (event) => event.target.matches?.(".avatar img") && lost(event.target), true);
document.querySelectorAll(".avatar img").forEach((photo) => photo.complete && !photo.naturalWidth && lost(photo));

window.centralino = { toast, changed };
if (document.body.dataset.live) listen(document.body.dataset.live);
