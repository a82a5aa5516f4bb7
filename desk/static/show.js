// Small ways of showing things.  Everything goes in as text, never as markup.

const DAY = { hourCycle: "h23" };

export function el(tag, fields, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, fields);
  element.append(...children);
  return element;
}

export function when(instant) {
  const at = new Date(instant);
  const today = new Date().toDateString() === at.toDateString();
  const time = at.toLocaleTimeString([], { ...DAY, hour: "2-digit", minute: "2-digit" });
  return today ? time : `${at.toLocaleDateString([], { weekday: "long" })}, ${time}`;
}

export function clock(instant) {
  return new Date(instant).toLocaleTimeString([], { ...DAY, hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function wear(avatar, name) {
  const words = name.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  avatar.textContent = words.length ? (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toLocaleUpperCase() : "?";
  if (words.length) avatar.style.setProperty("--hue", [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 0));
}
