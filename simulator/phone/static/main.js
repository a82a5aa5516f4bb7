// The shelf of telephones: adds them, and does what the address line or the page around it asks.
//
//   ?ring=+39…      a customer's telephone that dials the first line at once (&to=+39… another, &withhold=1)
//   ?phone=+39…     a customer's telephone, idle          ?handset=client:anna   an agent's handset
//
// A page that frames this one, on the same host, may post {telephones: "ring" | "phone" | "handset", address, …}
// and is told {telephones: "open", addresses: […]}.

import * as book from "./people.js";
import { setSound, soundIsOn } from "./sound.js";
import { Telephone } from "./telephone.js";

const shelf = document.getElementById("shelf");
const phones = new Set();
const framed = window.parent !== window;

function add(kind) {
  const phone = new Telephone(kind, { changed: tell, gone: forget });
  phones.add(phone);
  shelf.append(phone.card);
  return phone;
}

function forget(phone) {
  phones.delete(phone);
  tell();
  if (!phones.size) add("customer");
}

// The telephone at that address, or a new one there; an unused card is taken first.
function at(kind, person) {
  for (const phone of phones) if (phone.address === person.address) return phone;
  const phone = [...phones].find((one) => one.free && one.kind === kind) ?? add(kind);
  phone.plugIn({ ...book.list(kind).find((one) => one.address === person.address), ...person });
  return phone;
}

function ask({ telephones: what, address, name, to, withhold }) {
  const person = { address, ...(name && { name }), ...(withhold !== undefined && { withhold }) };
  if (what === "handset") return at("agent", person).focus();
  const phone = at("customer", person);
  if (what === "ring" && !phone.busy) phone.ring(to);
  return phone.focus();
}

function tell() {
  if (framed) window.parent.postMessage({ telephones: "open", addresses: [...phones].map((phone) => phone.address).filter(Boolean) }, "*");
}

function showSound() {
  document.getElementById("sound").setAttribute("aria-pressed", String(soundIsOn()));
  document.getElementById("sound-words").textContent = soundIsOn() ? "Sound on" : "Sound off";
}

function fromAddressLine() {
  const query = new URLSearchParams(location.search);
  const withhold = query.has("withhold") ? true : undefined;
  for (const what of ["phone", "ring", "handset"]) {
    for (const address of query.getAll(what)) ask({ telephones: what, address: plus(address), to: plus(query.get("to")) ?? undefined, withhold });
  }
}

// In an address line a plus that nobody escaped arrives as a space.
function plus(address) {
  return address?.replace(/^ (?=\d)/, "+");
}

document.documentElement.classList.toggle("framed", framed);
document.getElementById("add-customer").addEventListener("click", () => add("customer").focus());
document.getElementById("add-agent").addEventListener("click", () => add("agent").focus());
document.getElementById("sound").addEventListener("click", () => {
  setSound(!soundIsOn());
  showSound();
});
showSound();

await book.openBook();
window.addEventListener("message", (event) => {
  const neighbour = event.source === window.parent && new URL(event.origin).hostname === location.hostname;
  if (framed && neighbour && event.data?.telephones) ask(event.data);
});
fromAddressLine();
if (!phones.size) add("customer");
tell();
if (framed) window.parent.postMessage({ telephones: "ready" }, "*");
