"""Who a caller says they are, or are not, and what they would rather not say.  Pure.

With a doubt it is no name: what nobody could make out is recorded and an agent types it, which costs little; a name
that nobody has stays with a person and is said to them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.names import ALIKE, alike, name_parts
from ivr.introduction import Introduction, goes_on, introduction, name_at, refusal, without_openings, without_polite
from ivr.speech import Phrases, Word, Words, each, given, speech, text_of, words_of

_WOULD_RATHER_NOT = re.compile(
    r"\b(?:glielo|lo|te lo|ve lo) dico|preferi\w+ (?:di )?no|non (?:voglio|importa|serve) (?:dir|che)|rather not"
    r"|not telling|(?:don't|do not) want to (?:say|tell|give)|none of your|anonim\w*|anonym\w*|lieber nicht"
    r"|nicht sagen|will ich nicht|préfère (?:ne )?pas|veux pas|prefiero no|no quiero (?:dec|dar)"
    r"|^\W*(?:no|nein|non)(?:\W+(?:grazie|thanks|thank you|danke|merci|gracias))?\W*$",
    re.IGNORECASE,
)
_WORTH_KEEPING_WORDS = 4  # of what is no name: from so many on it says why they call
_SHORTEST_PART = 3
_I_AM_NOT = Phrases(
    "non sono|i'm not|i am not|my name is not|ich bin nicht|je ne suis pas|je suis pas|no soy|yo no soy"
)
_AND = each("e ed and und et y")
_NOR = each("ne ni nor noch weder neither")  # and then one of their names


def would_rather_not(words: str) -> bool:
    """Asked for their name, they decline: nobody asks again, or for it to be recorded."""
    return bool(_WOULD_RATHER_NOT.search(words.replace("’", "'")))


def worth_keeping(words: str) -> bool:
    """It says why they call: a sentence, or a word of what people call about."""
    said = words_of(words)
    return len(said) >= _WORTH_KEEPING_WORDS or any(word.plain in speech().matters for word in said)


@dataclass(frozen=True, slots=True)
class Answered:
    """What was said to "what is your name?"."""

    name: str | None = None
    why: str = ""  # they call; it was told with it, or in place of it
    again: bool = False  # they have not heard or understood the question, or only picked up


def answered(words: str, ours: Sequence[str] = ()) -> Answered:
    """`ours`: what the house and the agent being rung are called; whoever says only that asks for them."""
    said = words_of(words)
    if asks_again(said):
        return Answered(again=True)
    found = introduction(said, bare=True)
    if found is None or _asks_for(found, ours):
        return Answered(why=words if worth_keeping(words) else "")
    return Answered(found.name, _why(found.rest))


def name_in(words: str) -> str | None:
    """`sono Maria Rossi e chiamo per…` -> `Maria Rossi`; None for what is no name: a sentence, digits, nothing."""
    return answered(words).name


def asks_again(said: Words) -> bool:
    left = without_polite(without_openings(said))
    known = speech()
    return bool(said) and (not left or known.again.is_all(left) or known.again.is_all(said))


def _asks_for(found: Introduction, ours: Sequence[str]) -> bool:
    if found.lead == "sure" or found.titled:
        return False
    name = {word.plain for word in words_of(found.name)}
    theirs = [{word.plain for word in words_of(one)} for one in ours]
    return name in theirs


def _why(rest: Words) -> str:
    while rest and goes_on(rest[0]) and rest[0].plain in _AND:
        rest = rest[1:]
    text = text_of(without_polite(rest))
    return text if worth_keeping(text) else ""


@dataclass(frozen=True, slots=True)
class Introduced:
    """What somebody says of who they are whom we have greeted by a name."""

    not_me: bool = False
    name: str | None = None  # another one than theirs
    why: str = ""  # they call


def introduced(words: str, known: Sequence[str | None]) -> Introduced:
    """`known`: what whom we took them for is called.

    Only what says so plainly: `non sono Maria`, `mi chiamo Paolo`, `sono Paolo Neri`.  `Sono disperata`, `I'm not
    happy`, `hier ist Stromausfall` are why they call.
    """
    said = words_of(words)
    rest, denied = _without_denial(said, known)
    if denied:
        found = introduction(rest, bare=True, partner=True)
        if found is None or _is_one_of(found.name, known, doubt=False):
            return Introduced(True, why=_why(without_openings(rest)))
        return Introduced(True, found.name, _why(found.rest))
    if (other := _somebody_of_theirs(said, known)) is not None:
        return other
    refused = refusal(said) > 0
    found = introduction(said, plainly=not refused)
    if found is None or _is_one_of(found.name, known, doubt=True) or _may_be_theirs(found, known):
        return Introduced()
    return Introduced(True, found.name, _why(found.rest))


def _somebody_of_theirs(said: Words, known: Sequence[str | None]) -> Introduced | None:
    """Who calls in their place, or has their number now: `sono suo figlio Paolo`, `chiamo per conto di Maria`, `Maria
    non c'è, sono Paola`.  `Il figlio di Anna mi ha venduto la lampada` is why they call."""
    theirs, absent = name_parts(*known), False
    for start in range(len(said) if theirs else 0):
        if start and not said[start - 1].ends and without_openings(said[:start]):
            continue
        clause, before = said[start:], said[:start]
        if length := _away(clause, theirs):
            absent, said = True, (*before, *clause[length:])
            break
        length, lead = _stands_for(clause, theirs)
        if length:
            after = clause[length:]
            found = introduction(after, plainly=True) or introduction((*clause[:lead], *after))
            why = _why(without_openings((*before, *(found.rest if found else after))))
            return Introduced(True, _of_another(found, known), why)
    if not absent:
        return None
    if (other := _somebody_of_theirs(said, known)) is not None:
        return other
    found = introduction(said, plainly=True)
    if found is not None and (name := _of_another(found, known)):
        return Introduced(True, name, _why(found.rest))
    return Introduced(True) if _is_a_relation(said) else None


def _of_another(found: Introduction | None, known: Sequence[str | None]) -> str | None:
    return found.name if found and not _is_one_of(found.name, known, doubt=False) else None


def _away(clause: Words, theirs: frozenset[str]) -> int:
    """`Maria non c'è`."""
    titles = speech().titles.at_start(clause)
    end = _end_of_name(clause, titles, theirs)
    length = speech().absent.at_start(clause[end:]) if end > titles else 0
    return end + length if length else 0


def _stands_for(clause: Words, theirs: frozenset[str]) -> tuple[int, int]:
    """Of how many words it is that say whom they call for, or whose relation they are; and of how many of those is the
    lead that a name may follow as well."""
    known = speech()
    if sought := max(known.behalf.at_start(clause), known.no_longer.at_start(clause)):
        end = _end_of_name(clause, whom := sought + known.titles.at_start(clause[sought:]), theirs)
        if whom < len(clause) and _genitive(clause[whom]) & theirs:
            end = whom + 1
        return (end if end > whom else 0), 0
    lead = known.weak.at_start(clause)
    at = lead + known.titles.at_start(clause[lead:]) if lead else len(clause)
    if at >= len(clause):
        return 0, 0
    end, rest = 0, clause[at:]
    if len(rest) > 1 and (rest[0].plain in known.their or _genitive(rest[0]) & theirs):
        end = at + 2 if rest[1].plain in known.relations else 0
    elif (of := _spoken_of(rest, theirs))[1]:
        end = at + of[0]
    qualified = 0 < end < len(clause) and clause[end].plain in known.who and not clause[end - 1].ends
    return (0 if qualified else end), lead


def _genitive(word: Word) -> set[str]:
    """`Maria's`, `Marias`."""
    return _parts(re.sub(r"'?s$", "", word.plain)) if word.plain.endswith("s") else set()


def _may_be_theirs(found: Introduction, known: Sequence[str | None]) -> bool:
    """`Sono la signora Bianchi`, of whom we know a first name alone."""
    return found.titled and bool(known) and not any(len((one or "").split()) > 1 for one in known)


def _without_denial(said: Words, known: Sequence[str | None]) -> tuple[Words, bool]:
    """What is left of it without `I am not Maria Rossi`, and whether it was there."""
    theirs, speaks = name_parts(*known), speech()
    for start in range(len(said)):
        if (length := _not_me_at(said, start)) > 0:
            return (*said[:start], *said[start + length :]), True
        length = speaks.denials.at_start(said[start:])
        if not length or any(word.ends for word in said[start : start + length]):  # `no, soy Pablo`
            continue
        whom = start + length + speaks.titles.at_start(said[start + length :])
        end = _end_of_name(said, whom, theirs)
        if end == whom and _I_AM_NOT.is_all(said[start : start + length]) and whom < len(said) and given(said[whom]):
            end = whom + 1
        if end > whom and not (end < len(said) and said[end].plain in speaks.who and not said[end - 1].ends):
            return (*said[:start], *said[end:]), True
    return said, False


def _not_me_at(said: Words, start: int) -> int:
    """`Non sono io`, where a clause begins; not `non sono io che ho chiamato`."""
    if start and not said[start - 1].ends and without_openings(said[:start]):
        return 0
    if wrong := _wrong_at(said, start):
        return wrong
    length = speech().not_me.at_start(said[start:])
    after = said[start + length :]
    return 0 if after and after[0].plain in speech().who and not said[start + length - 1].ends else length


def _wrong_at(said: Words, start: int) -> int:
    """`Wrong number`, and not `wrong number on my bill`."""
    length = speech().wrong.at_start(said[start:])
    after = said[start + length :]
    closed = not without_polite(after) or said[start + length - 1].ends or goes_on(after[0])
    return length if length and (closed or speech().weak.at_start(after)) else 0


def _end_of_name(said: Words, start: int, theirs: frozenset[str]) -> int:
    """Where the name of theirs that begins there ends; where it begins, if none does."""
    end = start
    while end < len(said) and _parts(said[end].text) & theirs:
        end += 1
        if said[end - 1].ends:
            break
    return end


def _is_one_of(name: str, known: Sequence[str | None], *, doubt: bool) -> bool:
    """A letter may be misheard; and where there is `doubt`, whoever has the same first name is the same person."""
    said, firsts = _parts(name), {part for one in known if one for part in _parts(one.split()[0])}
    same_first = doubt and bool(said & firsts)
    return said <= name_parts(*known) or same_first or any(alike(name, one) >= ALIKE for one in known)


def _parts(text: str) -> set[str]:
    return {part for part in name_parts(text) if len(part) >= _SHORTEST_PART}


@dataclass(frozen=True, slots=True)
class Which:
    """Which of several people somebody says they are."""

    one: int | None = None  # place among them
    several: bool = False  # it fits more than one of them
    neither: bool = False
    name: str | None = None  # somebody else's
    why: str = ""  # they call


def which_of(words: str, people: Sequence[Sequence[str | None]]) -> Which:
    """By a first name, a surname only one of them has, or both, in any spelling; or by their place.  `people`: what
    each is called.

    Only where it is said of themselves: `la mamma di Paolo` and `chiamo per Paolo` are somebody else of that house.
    """
    if would_rather_not(words):
        return Which(neither=True)
    said: Words = words_of(words)
    everybody = [name for names in people for name in names]
    theirs = name_parts(*everybody)
    if (place := _by_place(said)) is not None and place < len(people):
        return Which(one=place)
    said, neither = _without_neither(said, theirs)
    neither = neither or any(
        _wrong_at(said, start) and not without_openings(said[:start]) for start in range(len(said))
    )
    said, denied = _without_denial(said, everybody)
    said, others = _without_others(said, theirs)
    found = None if neither else _member(said, people, theirs)
    if found is None:
        found = _somebody_else(said, plainly=not denied)
    if found is not None:
        return found
    if neither or others or _is_a_relation(said):
        return Which(neither=True)
    return Which(several=denied and not without_openings(said))  # who is not the one may be the other


def _is_a_relation(said: Words) -> bool:
    """`Sono il figlio`, `I'm her husband`."""
    known, left = speech(), without_openings(said)
    lead = known.weak.at_start(left)
    return lead > 0 and any(word.plain in known.relations for word in left[lead : lead + 2])


def _by_place(said: Words) -> int | None:
    """`Il secondo`."""
    said, known = without_openings(said), speech()
    said = said[known.weak.at_start(said) :]
    said = without_polite(said[known.titles.at_start(said) :])
    return known.ordinals.get(said[0].plain) if said and len(said) <= 2 else None  # `the second one`


def _without_neither(said: Words, theirs: frozenset[str]) -> tuple[Words, bool]:
    """Without `nessuno dei due`, or `né Maria né Paolo`."""
    known, left, neither = speech(), list(said), False
    for start in range(len(said) - 1, -1, -1):
        length = known.neither.at_start(said[start:])
        if not length and said[start].plain not in _NOR:
            continue
        end = start + max(length, 1)
        if length < 2 and said[start].plain in _NOR and not _is_alone(said, start):
            end = _end_of_name(said, end + known.titles.at_start(said[end:]), theirs)
            if not (set(_parts(said[end - 1].text)) & theirs):
                continue
        del left[start:end]
        neither = True
    return (() if neither and not introduction(left) and not _bare_rest(left) else tuple(left)), neither


def _is_alone(said: Words, start: int) -> bool:
    """`Neither`, and not `noch einmal`."""
    return said[start].plain == "neither" and (said[start].ends or start + 1 == len(said))


def _bare_rest(said: Words) -> bool:
    return introduction(said, bare=True) is not None


def _without_others(said: Words, theirs: frozenset[str]) -> tuple[Words, bool]:
    """Without whoever is only spoken of: `la moglie di Paolo`, `Paolo's wife`, `chiamo per Paolo`, `Paolo non c'è`."""
    known, others = speech(), False
    for start in range(len(said) - 1, -1, -1):
        rest = said[start:]
        length, ours = _spoken_of(rest, theirs)
        if not length and (sought := known.seeks.at_start(rest)):
            whom = sought + known.titles.at_start(rest[sought:])
            end = _end_of_name(rest, whom, theirs)
            length, ours = (end, rest[sought - 1].plain in known.of) if end > whom else (0, False)
        if not length and (end := _end_of_name(rest, 0, theirs)) and known.absent.at_start(rest[end:]):
            length = end + known.absent.at_start(rest[end:])
        if length:
            said, others = (*said[:start], *rest[length:]), others or ours
    return said, others


def _spoken_of(rest: Words, theirs: frozenset[str]) -> tuple[int, bool]:
    """Of how many words it is that tell whose relation somebody is."""
    known = speech()
    if rest[0].plain in known.relations and len(rest) > 2 and rest[1].plain in known.of:
        whom = 2 + known.titles.at_start(rest[2:])
        end = _end_of_name(rest, whom, theirs)
        return (end, True) if end > whom else (0, False)
    if len(rest) > 1 and re.fullmatch(r".+'s?", rest[0].plain) and rest[1].plain in known.relations:
        return 2, True
    return 0, False


def _member(said: Words, people: Sequence[Sequence[str | None]], theirs: frozenset[str]) -> Which | None:
    """The one of them that they say they are."""
    known, left = speech(), without_openings(said)
    lead = max(known.sure.at_start(left), known.weak.at_start(left), known.partner.at_start(left))
    left = left[lead:]
    left = left[known.titles.at_start(left) :]
    length = max(name_at(left, sure=True), _end_of_name(left, 0, theirs))
    named = {part for word in left[:length] for part in _parts(word.text)} | _parts(text_of(left[:length]))
    rest = without_polite(left[length:])
    if not named & theirs or (rest and not lead and not left[length - 1].ends and not goes_on(rest[0])):
        return None
    if len(rest) > 1 and goes_on(rest[0]) and _parts(rest[1].text) & theirs:
        return Which(several=True)
    each = [{part for part in name_parts(*names) if len(part) >= _SHORTEST_PART} for names in people]
    fits = [len(named & parts) for parts in each]
    found = [n for n, fit in enumerate(fits) if fit == max(fits)]
    return Which(one=found[0], why=_why(rest)) if len(found) == 1 else Which(several=True)


def _somebody_else(said: Words, *, plainly: bool) -> Which | None:
    found = introduction(said, bare=True)
    if found is None or asks_again(said):
        return None
    alone = not found.lead and " " not in found.name and not found.titled
    if alone and plainly and not any(_written_so(word, found.name) for word in said):
        return None
    return Which(name=found.name, why=_why(found.rest))


def _written_so(word: Word, name: str) -> bool:
    """With the capital that the recogniser gives to names, or as a first name that is nothing else."""
    return word.text == name or (word.plain == words_of(name)[0].plain and given(word))
