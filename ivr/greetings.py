"""A page of twenty greetings, as twenty invented people hear them: `python -m ivr.greetings > docs/greetings.md`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ivr.catalogue import LANGUAGES
from ivr.dialogue import Stage
from ivr.document import Say
from ivr.openings import Facts, closed_key, situation
from ivr.person_names import Invented, addressed, respelling
from ivr.phrases import Speaker
from ivr.twiml import said_as
from routing.house import House

HOUSE = House("Officine Lume", "it-IT", "IT", "Europe/Rome")
MORNING = datetime(2026, 11, 26, 9, 12, tzinfo=UTC)  # a Thursday, a quarter past ten in Rome
NIGHT, HOLIDAY = datetime(2026, 11, 26, 22, 40, tzinfo=UTC), datetime(2026, 12, 8, 9, 5, tzinfo=UTC)
NAMES = {"it": "Italian", "en": "English", "de": "German", "fr": "French", "es": "Spanish"}
PREFACE = """# Twenty greetings

Twenty people who do not exist, in twenty situations, and what each of them hears: made from the code and the
catalogues by `python -m ivr.greetings > docs/greetings.md`.  A test says when this page is out of date.

How a name is said follows from the profile: the name they like to be called by comes first; else, formally, title or
honorific with the surname, and familiarly the given name.  Of a name whose parts nobody has told apart, given name and
surname are said, without whatever else was written beside them; to a friend the given name, where it is clear.  How
words are chosen and changed stands in [phrases.md](phrases.md).
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """One of them: who, what we know, and what is said besides the opening (`then`), or in its place (`only`)."""

    code: str
    person: Invented | None
    why: str
    facts: Facts
    now: datetime = MORNING
    wording: int = 0
    then: str | None = None
    only: str | None = None


KNOWN = Facts(known=True, talked=True)
TWENTY = (
    Heard(
        "it",
        Invented(name="Giulia Ferraro", given="Giulia", surname="Ferraro", gender="feminine"),
        "in our records, and has never called",
        Facts(known=True),
        wording=2,
    ),
    Heard("en", None, "a number we do not know", Facts(), wording=1),
    Heard(
        "de",
        Invented(name="Dr. Anna Müller", title="Dr.", given="Anna", surname="Müller", gender="feminine"),
        "calls again",
        KNOWN,
    ),
    Heard(
        "fr",
        Invented(name="Hélène Durand", given="Hélène", surname="Durand", gender="feminine"),
        "spoke with us this morning",
        replace(KNOWN, today=True),
        MORNING + timedelta(hours=4),
    ),
    Heard(
        "es",
        Invented(name="María José García López", called="Pepa", formal=False),
        "we were going to call her in twenty minutes",
        replace(KNOWN, expected=True),
        wording=1,
    ),
    Heard(
        "it",
        Invented(name="Domenica Esposito", called="Mimma", gender="feminine", formal=False),
        "we should have called her by now",
        replace(KNOWN, expected=True, overdue=True),
    ),
    Heard(
        "en",
        Invented(name="Siobhán O'Connor", called="Siobhán", say="shi-VAWN", formal=False),
        "the line dropped half a minute ago",
        replace(KNOWN, back=True),
    ),
    Heard(
        "de",
        Invented(name="Yusuf Öztürk", given="Yusuf", surname="Öztürk", gender="masculine"),
        "transferred twice, and the matter is still open",
        replace(KNOWN, weary_level=3),
    ),
    Heard("fr", Invented(), "no name, the third call about the same", replace(KNOWN, weary_level=2), wording=1),
    Heard(
        "es",
        Invented(name="Ignacio Ruiz", called="Nacho", formal=False),
        "calls a house that is open at night",
        replace(KNOWN, night=True),
        NIGHT,
    ),
    Heard(
        "it",
        Invented(given="Katalin", surname="Nagy", language="hu-HU"),
        "calls on a holiday; gender not known, and a name whose surname comes first",
        replace(KNOWN, holiday=True),
        HOLIDAY,
    ),
    Heard("en", None, "a withheld number on a holiday", Facts(holiday=True), HOLIDAY, 2),
    Heard(
        "de",
        Invented(name="Wolf von Bergen", given="Wolf", surname="von Bergen", gender="masculine"),
        "calls at night, when we are closed",
        replace(KNOWN, night=True, nobody=True),
        NIGHT,
        1,
        then="closed",
    ),
    Heard(
        "fr",
        Invented(name="Étienne Lefèvre", title="docteur", given="Étienne", surname="Lefèvre", gender="masculine"),
        "calls on a holiday, when we are closed",
        replace(KNOWN, holiday=True, nobody=True),
        HOLIDAY,
        1,
        then="closed",
    ),
    Heard("es", Invented(name="Iker", formal=False), "has waited four minutes", KNOWN, wording=1, only="long_wait"),
    Heard(
        "it",
        Invented(
            name="Maria Rossi",
            title="dottoressa",
            given="Maria",
            surname="Rossi",
            gender="feminine",
            say="/maˈriːa ˈrossi/",
        ),
        "calls again; the title is hers, and so is the way her surname is said",
        KNOWN,
        wording=2,
    ),
    Heard(
        "en",
        Invented(name="Alex Smith", given="Alex", surname="Smith"),
        "put through to another of us; gender not known",
        KNOWN,
        only="transfer",
    ),
    Heard("de", Invented(formal=False), "no name, and the line dropped", Facts(known=True, back=True), wording=2),
    Heard(
        "fr",
        Invented(name="Nguyễn Văn An"),
        "wishes for a time that we cannot promise; nobody has told the parts of the name apart",
        KNOWN,
        wording=1,
        only="bad_news",
    ),
    Heard(
        "es",
        Invented(name="Luis Ortega", title="don", given="Luis", surname="Ortega", gender="masculine"),
        "in our records, and has never called; “don” goes with the given name",
        Facts(known=True),
        wording=2,
    ),
)


def page() -> str:
    return "\n".join([PREFACE, *(_entry(n, one) for n, one in enumerate(TWENTY, 1))])


def heard_by(one: Heard) -> tuple[Say, ...]:
    speaker, name = _speaker(one)
    stage = Stage(speaker, name, lambda path, **query: path, 0)
    if one.only is not None:
        return (_said(speaker, one.only),)
    opening = stage.named(situation(one.facts))
    return (opening, _said(speaker, closed_key(one.now, HOUSE))) if one.then else (opening,)


def _speaker(one: Heard) -> tuple[Speaker, str | None]:
    person, language = one.person or Invented(), LANGUAGES[one.code]
    name = addressed(person, language)
    speaker = Speaker(
        language,
        person.formal,
        one.wording,
        HOUSE.company,
        one.now,
        HOUSE.zone,
        gender=person.gender,
        respelt=respelling(person, name),
    )
    return speaker, name


def _said(speaker: Speaker, key: str) -> Say:
    opens_at = speaker.now.replace(hour=8, minute=0) + timedelta(days=1)
    slots = {
        "time": speaker.time(opens_at),
        "estimate": speaker.estimate(20 if key == "transfer" else 170),
        "agent": "Anna",
    }
    return speaker.said(key, **slots)


def _entry(n: int, one: Heard) -> str:
    heard = heard_by(one)
    keys = [one.only or situation(one.facts), *([closed_key(one.now, HOUSE)] if one.then else [])]
    parts = [
        f"## {n}. {NAMES[one.code]}: {one.why}",
        "",
        _profile(one),
        "",
        "Situation: " + ", ".join(f"`{key}`" for key in keys) + ".",
        "",
    ]
    parts += [f"> {' '.join(say.text for say in heard)}", ""]
    marked = [said_as(say) for say in heard if say.names]
    return "\n".join(parts + [line for xml in marked for line in ("```xml", xml, "```", "")])


def _profile(one: Heard) -> str:
    if one.person is None:
        return "Nobody we know."
    return "; ".join(_told(one.person)) + "."


def _told(person: Invented) -> Iterator[str]:
    stored = {"name": person.name, "called": person.called, "title": person.title, "given": person.given}
    stored |= {"surname": person.surname, "gender": person.gender, "language": person.language, "say": person.say}
    given = [f"{field} `{value}`" for field, value in stored.items() if value]
    yield "Stored: " + (", ".join(given) or "a number, and no name")
    yield "addressed formally" if person.formal else "addressed familiarly"


if __name__ == "__main__":
    print(page(), end="")
