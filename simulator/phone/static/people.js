// Who is in the telephone book: people and agents from /phone/people.json, lines from the carrier's directory.

const people = new Map(); // address -> {address, name, story, kind}
let lines = []; // [{number, name}]

export async function openBook() {
  const answer = await fetch("/phone/people.json").catch(() => null);
  if (!answer?.ok) return;
  const book = await answer.json();
  for (const person of book.people ?? []) remember({ ...person, kind: "customer" });
  for (const agent of book.agents ?? []) remember({ ...agent, kind: "agent" });
}

export function remember(person) {
  if (person.address && !people.has(person.address)) people.set(person.address, person);
}

export function setLines(given) {
  lines = given;
}

export function theLines() {
  return lines;
}

export function list(kind) {
  return [...people.values()].filter((person) => person.kind === kind);
}

export function lineName(number) {
  return lines.find((line) => line.number === number)?.name;
}

// A name when the book has one, else the address as people read it.
export function nameOf(address) {
  return lineName(address) ?? people.get(address)?.name ?? spoken(address);
}

export function storyOf(address) {
  return people.get(address)?.story;
}

export function spoken(address) {
  if (!address || /^(anonymous|restricted|unavailable|unknown|private|blocked)$/i.test(address)) return "Number withheld";
  if (address.startsWith("client:")) {
    const name = address.slice(7);
    return name.charAt(0).toUpperCase() + name.slice(1);
  }
  return grouped(address);
}

// +390655550123 -> +39 06 5555 0123, roughly as the country writes it.
export function grouped(number) {
  const found = /^\+(1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(\d+)$/.exec(number);
  if (!found) return number;
  const [, country, rest] = found;
  const head = /^0[26]/.test(rest) ? 2 : country === "44" ? 4 : 3;
  const parts = [rest.slice(0, head)];
  for (let at = head; at < rest.length; ) {
    const left = rest.length - at;
    const size = left === 4 || left > 7 || left === 8 ? 4 : Math.min(3, left);
    parts.push(rest.slice(at, at + size));
    at += size;
  }
  return `+${country} ${parts.join(" ")}`;
}

export function isAgent(address) {
  return /^(client|sip):/.test(address);
}

export function initials(name) {
  const words = name.replace(/[^\p{L}\s'-]/gu, "").split(/\s+/).filter(Boolean);
  if (!words.length) return "?";
  return (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toLocaleUpperCase();
}

export function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

// Without a name: a face that nobody has yet.
export function wear(avatar, name) {
  avatar.textContent = name ? initials(name) : "+";
  if (!name) return avatar.style.removeProperty("--hue");
  return avatar.style.setProperty("--hue", hue(name));
}
