// The demo's page: people to ring as, agents to answer as, and everything that changes, told by the server.

import { Calls } from "./calls.js";
import { el, setZone, wear, when } from "./show.js";

const AVAILABLE = { ready: "Ready", away: "Away", offline: "Not at work" };
const ACTIVE = { reserved: "Telephone rings", talking: "Talking", wrap_up: "Writing it down" };
const PROMISE = { promised: "promised", due: "due now", ringing_agent: "ringing the agent", ringing_customer: "ringing them", talking: "talking", kept: "kept", broken: "broken", cancelled: "cancelled", merged: "served", unreachable: "not reached" };
const CLOSED = ["kept", "broken", "cancelled", "merged", "unreachable"];
const SHOWN_CLOSED = 4;

const frame = document.getElementById("phones");
const link = document.getElementById("link");
const agents = new Map(); // id -> agent
const promises = new Map(); // id -> callback
const open = new Set(); // addresses of telephones that are on the shelf
const waiting = []; // wishes for the telephones until they are there
let ready = false;

const book = await (await fetch("/inside/book.json")).json();
const calls = new Calls(document.getElementById("calls"), (id) => agents.get(id)?.name);

function ask(wish) {
  frame.scrollIntoView({ block: "nearest" });
  if (!ready) waiting.push(wish);
  else frame.contentWindow.postMessage(wish, new URL(book.phones).origin);
}

function person({ address, name, story, withhold }) {
  const button = el("button", { className: "button strong", type: "button", textContent: "Ring" });
  button.setAttribute("aria-label", `Ring as ${name}`);
  button.addEventListener("click", () => ask({ telephones: "ring", address, name, withhold, to: book.line }));
  return el("li", { className: "row" }, face(withhold ? "" : name), el("div", {}, el("strong", { textContent: name }), el("small", { textContent: story })), button);
}

function face(name) {
  const avatar = el("span", { className: "avatar" });
  avatar.setAttribute("aria-hidden", "true");
  wear(avatar, name);
  return avatar;
}

function showAgents() {
  const seated = new Map([...agents.values()].map((agent) => [agent.address, agent]));
  const rows = book.agents.filter((seat) => seated.has(seat.address)).map((seat) => agentRow(seated.get(seat.address), seat));
  const list = document.getElementById("agents");
  const focused = document.activeElement?.dataset?.address;
  list.replaceChildren(...rows);
  if (focused) list.querySelector(`[data-address="${CSS.escape(focused)}"]`)?.focus();
}

function agentRow(agent, seat) {
  const here = open.has(agent.address);
  const button = el("button", { className: "button", type: "button", textContent: here ? "Show" : "Handset" });
  button.dataset.address = agent.address;
  button.setAttribute("aria-label", here ? `${agent.name}’s handset is open: go there` : `Open ${agent.name}’s handset`);
  button.addEventListener("click", () => ask({ telephones: "handset", address: agent.address, name: agent.name }));
  const desk = el("a", { className: "button", href: book.desks[agent.address], target: `desk-${agent.address}`, textContent: "Desk" });
  desk.setAttribute("aria-label", `${agent.name}’s desk, in a new window`);
  const state = ACTIVE[agent.activity] ?? AVAILABLE[agent.availability] ?? agent.availability;
  const row = el("li", { className: "row agent" }, face(agent.name), el("div", {}, el("strong", { textContent: agent.name }), el("small", { textContent: `${state} · ${seat.story}` })), el("span", { className: "both" }, desk, button));
  row.classList.toggle("ready", agent.availability === "ready" && agent.activity === "idle");
  row.classList.toggle("busy", agent.activity !== "idle");
  row.classList.toggle("ringing", agent.activity === "reserved");
  return row;
}

function showPromises() {
  const byDue = [...promises.values()].sort((one, two) => one.due_at.localeCompare(two.due_at));
  const done = byDue.filter((promise) => CLOSED.includes(promise.state)).slice(-SHOWN_CLOSED);
  const shown = [...byDue.filter((promise) => !CLOSED.includes(promise.state)), ...done];
  document.getElementById("promises").replaceChildren(...shown.map(promiseRow));
  document.getElementById("no-promises").hidden = shown.length > 0;
}

function promiseRow(promise) {
  const who = promise.customer_name ?? "Somebody";
  const by = agents.get(promise.agent)?.name;
  const words = el("div", {}, el("strong", { textContent: who }), ` is called back${by ? ` by ${by}` : ""} at `, el("time", { textContent: when(promise.due_at), dateTime: promise.due_at }));
  return el("li", {}, words, el("span", { className: `chip ${promise.state}`, textContent: PROMISE[promise.state] ?? promise.state }));
}

const take = {
  "call.changed": (call) => {
    calls.changed(call);
    document.getElementById("no-calls").hidden = true;
  },
  "agent.changed": (agent) => {
    agents.set(agent.id, agent);
    showAgents();
  },
  "callback.changed": (promise) => {
    promises.set(promise.id, promise);
    showPromises();
  },
};

async function start() {
  const now = await (await fetch("/inside/now.json")).json();
  for (const agent of now.agents) agents.set(agent.id, agent);
  for (const promise of now.callbacks) promises.set(promise.id, promise);
  for (const call of now.calls) take["call.changed"](call);
  showAgents();
  showPromises();
  const source = new EventSource(`/inside/events?after=${now.last}`);
  source.addEventListener("open", () => tell("Live", true));
  source.addEventListener("error", () => tell("The demo has stopped", false));
  for (const [type, act] of Object.entries(take)) source.addEventListener(type, (event) => act(JSON.parse(event.data)));
}

function tell(words, live) {
  link.textContent = words;
  link.classList.toggle("live", live);
}

window.addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || event.origin !== new URL(book.phones).origin) return;
  if (event.data?.telephones === "ready") {
    ready = true;
    for (const wish of waiting.splice(0)) ask(wish);
  } else if (event.data?.telephones === "open") {
    open.clear();
    for (const address of event.data.addresses) open.add(address);
    showAgents();
  }
});

const console_ = document.getElementById("console");
console_.href = book.manager.address;
console_.append(` · ${book.manager.name}`);
setZone(book.zone);
document.getElementById("company").textContent = book.company;
document.title = `${book.company} · Centralino`;
document.getElementById("people").replaceChildren(...book.people.filter((one) => one.featured).map(person));
frame.src = book.phones;
await start();
