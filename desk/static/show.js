// Small ways of showing things.  Everything goes in as text, never as markup.

let zone; // where the company is: the times that callers hear are its times

export function setZone(name) {
  zone = name;
}

export function el(tag, fields, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, fields);
  element.append(...children);
  return element;
}

export function when(instant) {
  const at = new Date(instant);
  const time = shown(at, { hour: "2-digit", minute: "2-digit" });
  const day = { weekday: "long", day: "numeric", month: "long" };
  return shown(at, day) === shown(new Date(), day) ? time : `${time} on ${shown(at, day)}`;
}

export function clock(instant) {
  return shown(new Date(instant), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function shown(at, parts) {
  return new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", timeZone: zone, ...parts }).format(at);
}

export function wear(avatar, name) {
  const words = name.split(/\s+/).filter((word) => /\p{L}/u.test(word));
  avatar.textContent = words.length ? (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toLocaleUpperCase() : "?";
  if (words.length) avatar.style.setProperty("--hue", [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 0));
}
