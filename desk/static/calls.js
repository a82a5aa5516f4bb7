// One card per call, the newest on top: who rings, what was decided and why, whose telephone rings, how it ended.

import { clock, el } from "./show.js";

const MOST = 12;
const STATES = { greeting: "greeting", choosing: "choosing", waiting: "waiting", ringing: "ringing", talking: "talking", ended: "ended" };
const OUTCOMES = { agent: "They talked", voicemail: "Left a message", callback: "Will be called back", abandoned: "Hung up before anybody answered", backup: "Went to the backup" };

let numbered = 0;

export class Calls {
  #cards = new Map(); // sid or id -> card

  constructor(list, agentName) {
    this.list = list;
    this.agentName = agentName;
  }

  changed(call) {
    const key = call.id ?? call.sid;
    let card = this.#cards.get(key);
    if (!card) {
      card = this.#card(call);
      this.#cards.set(key, card);
      this.list.prepend(card.element);
      while (this.list.children.length > MOST) this.list.lastElementChild.remove();
    }
    this.#fill(card, call);
  }

  #card(call) {
    const title = el("h3", { id: `call-${++numbered}` });
    const chip = el("span", { className: "chip" });
    const trail = el("ol", { className: "trail" });
    const element = el("article", { className: "call" }, el("header", {}, title, chip), trail);
    element.setAttribute("aria-labelledby", title.id);
    return { element, title, chip, trail, told: new Set(), state: null, direction: call.direction };
  }

  #fill(card, call) {
    const name = call.customer_name ?? (call.from?.startsWith("+") ? "A caller" : "Somebody, number withheld");
    card.title.textContent = name;
    card.chip.textContent = STATES[call.state] ?? call.state;
    card.chip.className = `chip ${call.state}`;
    card.element.classList.toggle("live", call.state !== "ended");
    this.#once(card, "start", call.started_at, call.direction === "outbound" ? "We ring, as promised" : "Rings us");
    for (const decision of call.decisions ?? []) this.#once(card, `${decision.at}${decision.action}`, decision.at, decision.sentence, "why");
    for (const [n, leg] of (call.legs ?? []).entries()) {
      if (leg.role !== "agent" || !leg.agent) continue;
      const decided = call.decisions?.findLast((decision) => decision.action === "ring" && decision.agent === leg.agent);
      this.#once(card, `leg ${n}`, decided?.at, `${this.agentName(leg.agent)}’s telephone rings`);
    }
    if (call.said) this.#once(card, `said ${call.said}`, null, `“${call.said}”`, "said");
    this.#follow(card, call);
  }

  #follow(card, call) {
    const agent = this.agentName(call.agent);
    const before = card.state;
    card.state = `${call.state} ${call.agent}`;
    if (before === card.state) return;
    if (call.state === "talking") this.#add(card, null, agent ? `${agent} is on the line${waited(call)}` : `They talk${waited(call)}`);
    if (call.state === "ended") this.#once(card, "end", call.ended_at, OUTCOMES[call.outcome] ?? "The call has ended");
  }

  #once(card, what, at, words, kind) {
    if (card.told.has(what)) return;
    card.told.add(what);
    this.#add(card, at, words, kind);
  }

  #add(card, at, words, kind = "") {
    const instant = at ?? new Date().toISOString();
    card.trail.append(el("li", {}, el("time", { textContent: clock(instant), dateTime: instant }), el("span", { textContent: words, className: kind })));
  }
}

function waited(call) {
  return Number.isFinite(call.waited_seconds) ? `, after ${Math.round(call.waited_seconds)} s` : "";
}
