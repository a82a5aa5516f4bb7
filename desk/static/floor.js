// The floor: times that run on, and the ear of whoever listens in.

const pad = (n) => String(n).padStart(2, "0");

/** Seconds as the server writes them: 3:07, 1:02:45. */
function clock(seconds) {
  const s = Math.max(Math.floor(seconds), 0);
  if (s < 3600) return `${Math.floor(s / 60)}:${pad(s % 60)}`;
  return `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}

setInterval(() => {
  for (const time of document.querySelectorAll("time.running")) {
    const told = clock((Date.now() - Date.parse(time.dataset.since)) / 1000);
    if (time.textContent !== told) time.textContent = told;
  }
}, 1000);

// Before the room rings this browser, its ear must be open; the form goes once it is.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches?.("[data-needs-ear]") || !window.ear) return;
  if (["open", "listening"].includes(window.ear.state)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const told = form.querySelector(".ear-told");
  const say = (text, kind) => {
    told.hidden = !text;
    told.className = `ear-told alert ${kind}`;
    told.textContent = text;
  };
  try {
    say("…", "calm");
    await window.ear.open();
    say("", "calm");
    form.requestSubmit(event.submitter);
  } catch (error) {
    say(error.message, "bad");
  }
}, true);

let mode = null;

/** The microphone of who only listens is off, in the browser too; who has left is not on the line any more. */
function follow() {
  if (!window.ear) return;
  const was = mode;
  mode = document.querySelector(".ear[data-mode]")?.dataset.mode ?? null;
  if (mode !== null) window.ear.mute(mode === "listen");
  else if (was !== null) window.ear.close();
}
document.addEventListener("htmx:after:swap", follow);
document.body.addEventListener("ear-changed", follow);
