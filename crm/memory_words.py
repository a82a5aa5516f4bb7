"""Why somebody is familiar with a person, and a person weary of us, as sentences in Italian and English.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from babel.dates import format_date

from crm.familiarity import Why
from crm.weariness import Reason

_ITALIAN: Mapping[str, str] = {
    "once": "una volta",
    "twice": "due volte",
    "times": "{n} volte",
    "date": "d MMMM y",
    "chosen": "È la persona che il cliente ha scelto.",
    "stand_in": "La scheda del cliente ne fa il nome: lo conosce anche lei.",
    "confirmed": "Ha risolto {times}, a detta del cliente.",
    "solved": "Ha risolto {times}.",
    "open": "Ha lasciato una cosa aperta {times}.",
    "transferred": "Ha passato la chiamata ad altri {times}.",
    "unsolved": "Il cliente ha detto {times} che non era risolto.",
    "short": "Si sono parlati appena {times}.",
    "last": "Si sono parlati l'ultima volta il {date}.",
    "weary_transferred": "Nell'ultimo mese la chiamata è stata passata ad altri {times}.",
    "weary_repeated": "In due settimane ne ha parlato con noi {times}: {topic}.",
    "weary_open": "Una cosa è ancora aperta.",
    "weary_open_many": "Sono ancora aperte {n} cose.",
    "weary_unsolved": "Nell'ultimo mese ha detto {times} che non era risolto.",
    "weary_broken_promise": "Nelle ultime due settimane abbiamo mancato una promessa {times}.",
    "weary_waited": "Nelle ultime due settimane ha aspettato a lungo {times}.",
    "weary_cut_off": "Ha richiamato {times} subito dopo una conversazione: forse è caduta la linea.",
}
_ENGLISH: Mapping[str, str] = {
    "once": "once",
    "twice": "twice",
    "times": "{n} times",
    "date": "d MMMM y",
    "chosen": "The customer chose this person.",
    "stand_in": "The customer's record names this person as one who knows them too.",
    "confirmed": "Solved it {times}, by the customer's own account.",
    "solved": "Solved it {times}.",
    "open": "Left something open {times}.",
    "transferred": "Passed the call on {times}.",
    "unsolved": "The customer said {times} that it was not solved.",
    "short": "They hardly talked {times}.",
    "last": "They last talked on {date}.",
    "weary_transferred": "Was passed on {times} in the last month.",
    "weary_repeated": "Has talked with us about the same thing {times} within a fortnight: {topic}.",
    "weary_open": "One matter is still open.",
    "weary_open_many": "There are {n} matters still open.",
    "weary_unsolved": "Said {times} in the last month that it was not solved.",
    "weary_broken_promise": "We broke a promise to them {times} in the last fortnight.",
    "weary_waited": "Waited long {times} in the last fortnight.",
    "weary_cut_off": "Rang again {times} right after a talk: the line may have been cut.",
}


def why_familiar(why: Why, language: str, zone: tzinfo) -> str:
    """`language` BCP 47, anything but Italian reads English; `zone`: whose dates they are."""
    words = _words(language)
    date = "" if why.at is None else format_date(why.at.astimezone(zone), words["date"], locale=_code(language))
    if _code(language) == "it" and date.startswith("1 "):
        date = f"1º{date[1:]}"
    return words[why.kind].format(times=_times(why.times, words), date=date)


def why_weary(reason: Reason, language: str) -> str:
    words = _words(language)
    many = "_many" if reason.kind == "open" and reason.times > 1 else ""
    sentence = words[f"weary_{reason.kind}{many}"]
    return sentence.format(times=_times(reason.times, words), n=reason.times, topic=reason.topic)


def _times(n: int, words: Mapping[str, str]) -> str:
    return words["once"] if n == 1 else words["twice"] if n == 2 else words["times"].format(n=n)


def _code(language: str) -> str:
    return "it" if language.lower().startswith("it") else "en"


def _words(language: str) -> Mapping[str, str]:
    return _ITALIAN if _code(language) == "it" else _ENGLISH
