"""Reasons -> words a person would accept: for the manager, and for the caller.  In Italian or English.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from routing.agents import Activity
from routing.choose import WAIT, Decision
from routing.explain_words import ENGLISH, ITALIAN, Words
from routing.forecast import spoken_seconds
from routing.weigh import Caller, Weighed

LANGUAGES = ("en", "it")
_WHY = ("kept", "preferred", "case_owner", "familiar", "stand_in", "rule")  # the strongest first


def sentence(decision: Decision, caller: Caller, language: str) -> str:
    """Why it was decided so, for the manager; `language` BCP 47, anything but Italian reads English.

    One sentence of what is done, and where somebody better placed was passed over, one of why.
    """
    words = _words(language)
    voice = {**words.common, **words.manager}
    said = [_core(decision, caller, voice)]
    passed = _passed_over(decision, caller, voice)
    if passed:
        said.append(passed)
    if caller.urgent:
        reasons = [voice["rule_urgent" if why == "rule" else why] for why in caller.urgent]
        said.append(voice["urgent"].format(seconds=caller.urgency_seconds, reasons=", ".join(reasons)))
    return " ".join(said)


def in_words(decision: Decision, caller: Caller) -> dict[str, str]:
    """`sentence` by language, so that each manager reads it in their own, also much later: {"en": …, "it": …}."""
    return {language: sentence(decision, caller, language) for language in LANGUAGES}


def to_caller(decision: Decision, caller: Caller, language: str) -> str:
    """The same as it may be told to the caller: nothing of other callers, or of how anybody is judged."""
    words = _words(language)
    return _core(decision, caller, {**words.common, **words.caller})


def language_of(language: str) -> str:
    """That of `LANGUAGES` in which somebody reads who reads `language`."""
    return "it" if language.lower().startswith("it") else "en"


def _words(language: str) -> Words:
    return ITALIAN if language_of(language) == "it" else ENGLISH


def _core(decision: Decision, caller: Caller, voice: Mapping[str, str]) -> str:
    who = caller.called or voice["caller"]
    slots = {"who": who, "estimate": _duration(decision.estimate_seconds, voice)}
    if decision.who is None:
        key = "offer_nobody" if decision.action == "offer_callback" else "wait"
    else:
        slots["agent"] = decision.who.agent.first_name
        why = _why(decision.who, caller, who, voice)
        if why is None:
            key = _stranger(decision, decision.who, caller)
        else:
            slots["why"] = why
            waits = "wait_for" if decision.hold else "wait_chosen" if caller.choice == WAIT else "wait_known"
            key = {"ring": "ring", "wait": waits, "offer_callback": "offer"}[decision.action]
    return voice[key].format(**slots).replace(" e è ", " ed è ")


def _stranger(decision: Decision, who: Weighed, caller: Caller) -> str:
    if not who.agent.speaks(caller.language):
        return "ring_only"
    if who.agent.since_at > caller.arrived_at:
        return "ring_next"
    longer = any(w.agent.ready and w.agent.since_at < who.agent.since_at for w in decision.weighed)
    return "ring_spare" if longer else "ring_stranger"


def _passed_over(decision: Decision, caller: Caller, voice: Mapping[str, str]) -> str | None:
    """Of those who were not rung, the one whom a manager would ask about."""
    who = decision.who
    if decision.action != "ring" or who is None:
        return None
    others = [w for w in decision.weighed if w.agent.id != who.agent.id]
    named = caller.called or voice["caller"]
    better = max((w for w in others if w.familiar and w.worth_seconds > who.worth_seconds), default=None, key=_worth)
    if better is not None and not better.agent.ready:
        why = _why(better, caller, named, voice)
        busy = "wrap_up" if better.agent.activity is Activity.WRAP_UP else "busy"
        return voice[busy].format(other=better.agent.first_name, why=why)
    if who.familiar:
        return None
    for w in sorted(others, key=lambda w: w.agent.since_at):
        if w.agent.ready and w.spare and w.agent.since_at < who.agent.since_at:
            return voice[max(w.spare, key=w.spare.__getitem__)].format(other=w.agent.first_name)
    return None


def _worth(weighed: Weighed) -> float:
    return weighed.worth_seconds


def _why(weighed: Weighed, caller: Caller, who: str, voice: Mapping[str, str]) -> str | None:
    """What binds the two; None for strangers."""
    because = next((why for why in _WHY if why in weighed.because), None)
    if because is None:
        return None
    if because != "familiar":
        return voice[because].format(who=who)
    tie = caller.ties.get(weighed.agent.id)
    times = tie.times if tie else 1
    return voice["familiar_one" if times == 1 else "familiar"].format(who=who, times=_spelled(times, voice))


def _spelled(times: int, voice: Mapping[str, str]) -> str:
    spelled: Sequence[str] = voice["numbers"].split()
    return spelled[times - 2] if 2 <= times < len(spelled) + 2 else str(times)


def _duration(seconds: float | None, voice: Mapping[str, str]) -> str:
    rounded = spoken_seconds(seconds or 0.0)
    if rounded < 100:
        return voice["seconds"].format(n=rounded)
    minutes = rounded // 60
    return voice["minute"] if minutes == 1 else voice["minutes"].format(n=minutes)
