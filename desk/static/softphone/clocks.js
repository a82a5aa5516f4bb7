// Times that run: how long a talk lasts, how much of a wrap-up is left.  By the server's clock, not this computer's.

let ahead = 0; // how far this computer's clock is before the server's, in ms

export function look() {
  const now = document.getElementById("phone")?.dataset.now;
  if (now) ahead = Date.now() - Date.parse(now);
  tick();
}

export function tick() {
  for (const clock of document.querySelectorAll("time[data-counts]")) {
    const passed = (Date.now() - ahead - Date.parse(clock.dataset.at)) / 1000;
    const seconds = Math.max(0, Math.round(clock.dataset.counts === "up" ? passed : -passed));
    const told = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (clock.textContent !== told) clock.textContent = told;
  }
}
