"""Reasons -> one sentence that the caller would accept, in Italian or English.  Pure."""

from __future__ import annotations

from routing.choose import Caller, Decision, Weighed
from routing.forecast import spoken_seconds

_ITALIAN = {
    "ring": "{agent} è disponibile e {why}.",
    "ring_stranger": "{agent} è disponibile da più tempo e parla la lingua di {who}.",
    "wait_for": "{agent} {why} e sarà disponibile tra circa {estimate}: vale l'attesa.",
    "wait": "Nessuno che possa aiutare {who} è libero: la prima persona lo sarà tra circa {estimate}.",
    "offer": "{agent} {why} ma sarà disponibile solo tra circa {estimate}: la scelta è di {who}.",
    "offer_nobody": "Nessuno che possa aiutare {who} è presente: resta la promessa di richiamare.",
    "preferred": "è la persona scelta da {who}",
    "case_owner": "segue una sua pratica aperta",
    "familiar_one": "ha già aiutato {who} una volta",
    "familiar": "ha già aiutato {who} {times} volte",
    "caller": "chi chiama",
    "numbers": "due tre quattro cinque sei sette otto nove dieci",
    "seconds": "{n} secondi",
    "minute": "un minuto",
    "minutes": "{n} minuti",
}
_ENGLISH = {
    "ring": "{agent} {why} and is free.",
    "ring_stranger": "{agent} has been free the longest and speaks {who}'s language.",
    "wait_for": "{agent} {why} and will be free in about {estimate}; that is worth the wait.",
    "wait": "Nobody who can help {who} is free; the first will be in about {estimate}.",
    "offer": "{agent} {why} but will only be free in about {estimate}, so {who} is asked.",
    "offer_nobody": "Nobody who can help {who} is here, so a call back is offered.",
    "preferred": "is the person {who} chose",
    "case_owner": "holds an open matter of {who}'s",
    "familiar_one": "has helped {who} once",
    "familiar": "has helped {who} {times} times",
    "caller": "the caller",
    "numbers": "two three four five six seven eight nine ten",
    "seconds": "{n} seconds",
    "minute": "one minute",
    "minutes": "{n} minutes",
}


def sentence(decision: Decision, caller: Caller, language: str) -> str:
    """Why it was decided so, for the manager; `language` BCP 47, anything but Italian reads English."""
    words = _ITALIAN if language.lower().startswith("it") else _ENGLISH
    who = caller.called or words["caller"]
    slots = {"who": who, "estimate": _duration(decision.estimate_seconds, words)}
    if decision.who is None:
        key = "offer_nobody" if decision.action == "offer_callback" else "wait"
    else:
        slots["agent"] = decision.who.agent.first_name
        slots["why"] = _why(decision.who, caller, who, words)
        key = {"ring": "ring", "wait": "wait_for", "offer_callback": "offer"}[decision.action]
        if not decision.who.familiar:
            key = "ring_stranger"
    return words[key].format(**slots).replace(" e è ", " ed è ")


def _why(weighed: Weighed, caller: Caller, who: str, words: dict[str, str]) -> str:
    if "preferred" in weighed.because:
        return words["preferred"].format(who=who)
    if "case_owner" in weighed.because:
        return words["case_owner"].format(who=who)
    tie = caller.ties.get(weighed.agent.id)
    times = tie.times if tie else 1
    spelled = words["numbers"].split()
    count = spelled[times - 2] if 2 <= times < len(spelled) + 2 else str(times)
    return words["familiar_one" if times == 1 else "familiar"].format(who=who, times=count)


def _duration(seconds: float | None, words: dict[str, str]) -> str:
    rounded = spoken_seconds(seconds or 0.0)
    if rounded < 100:
        return words["seconds"].format(n=rounded)
    minutes = rounded // 60
    return words["minute"] if minutes == 1 else words["minutes"].format(n=minutes)
