// The telephone by keyboard: Alt and a letter, which neither browsers nor screen readers take for something else.

import { phone } from "./page.js";

const KEYS = {
  a: ["answer"],
  x: ["decline", "hang-up"],
  m: ["mute"],
  h: ["hold"],
  k: ["keypad"],
  t: ["transfer"],
  r: ["ready"],
};

addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
  // On a Mac Alt makes another letter of it: then the place of the key counts.
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace(/^Key/, "").toLowerCase();
  for (const name of KEYS[letter] ?? []) {
    const button = [phone(), document.getElementById("ring-anyway")]
      .filter((box) => box && !box.hidden)
      .map((box) => box.querySelector(`[data-phone="${name}"]:not([disabled])`))
      .find(Boolean);
    if (button) {
      event.preventDefault();
      button.click();
      return;
    }
  }
});
