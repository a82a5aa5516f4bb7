"""Where somebody says their own name, and where it ends.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ivr.speech import PARTICLES, Phrases, Word, Words, common, each, given, leads, name_like, speech

MOST_NAMES = 4  # beside particles: somebody with more of them is rare, a sentence is not
_GOES_ON = each("e ed and und et y o or oder ou u perche because weil porque car ma but aber mais pero denn")
_NEGATED = each("soy es me le lo la se estoy esta quiero tengo hablo habla puedo sabe se entiendo oigo")
_NEVER = each("non not nicht pas no")
# What follows these may be anything at all, and so it must begin with a first name: the first ones even where they
# have been asked for one, if it is one word.
_OF_ANYTHING = Phrases("it's|it is|das ist|c'est|es|hier|ici|qui|ici c'est|aquí")
_OF_THINGS = Phrases("it's|it is|das ist|c'est|es|hier|ici|qui|qui è|ici c'est|aquí|parla|habla")
_OF_STATES = Phrases("sono|io sono|ich bin|i'm|i am|je suis|soy|yo soy|this is")
_STATE = re.compile(  # Italian, German, French, Spanish and English endings of what somebody is rather than is called
    r".+(?:at[oaie]|ut[oaie]|it[oaie]|os[oa]|ista|isti|ente|enti|ante|anti|iere|iera|ese|ano|ana|ing|ed|able|ible|ful"
    r"|less|ous|erin|eurin|eur|euse|isch|lich|los|ig|bar|ado|ada|ido|ida|ivo|iva|ien|ienne|ienna|ian|ish|ner)"
)
_OWN = Phrases("here|speaking|am apparat|à l'appareil|al aparato|all'apparecchio|al telefono|am telefon|on the phone")


@dataclass(frozen=True, slots=True)
class Introduction:
    name: str
    lead: Literal["sure", "weak", "tail"] | None  # None: nothing but the name itself says that it is one
    titled: bool
    rest: Words  # what else they say


def without_openings(said: Words) -> Words:
    """`Pronto, buongiorno, sì, …`"""
    known = speech()
    while length := max(known.openings.at_start(said), refusal(said)):
        said = said[length:]
    return said


def goes_on(word: Word) -> bool:
    """`e`, `und`: another sentence may follow; `è` is none of them."""
    return word.plain in _GOES_ON and word.text.casefold() not in ("è", "é")


def refusal(said: Words) -> int:
    """Of how many words the no is that they begin with: `no, soy Pablo` and `nein ich bin Paul`, and not `no soy
    Pablo` or `non sono Paolo`."""
    length = speech().refusals.at_start(said)
    if not length or said[length - 1].ends or length == len(said):
        return length
    negates = said[length - 1].plain == "non" or (said[length - 1].plain == "no" and said[length].plain in _NEGATED)
    return 0 if negates else length


def without_polite(said: Words) -> Words:
    """Without thanks, at the end or before anything else that is said behind a name."""
    known = speech()
    while length := known.polite.at_start(said):
        said = said[length:]
    for start in range(len(said)):
        if known.polite.is_all(said[start:]):
            return said[:start]
    return said


def introduction(
    said: Words, *, bare: bool = False, plainly: bool = False, partner: bool = False
) -> Introduction | None:
    """`bare`: they were asked, and a name alone is an answer; `plainly`: they were not, and only what can be nothing
    else counts; `partner`: `parla con Paolo` is Paolo."""
    known = speech()
    said = without_openings(said)
    if found := _surely(said):
        return found
    lead = known.weak.at_start(said)
    if partner:
        lead = max(lead, known.partner.at_start(said))
    if not lead:
        return _bare(said) if bare else _with_tail(said)
    return _weakly(said[:lead], said[lead:], plainly=plainly)


def _surely(said: Words) -> Introduction | None:
    found = speech().sure.anywhere(said)
    if found is None or (found[0] and said[found[0] - 1].plain in _NEVER):
        return None
    start = sum(found)
    titles = _titles(said[start:])
    name = name_at(said[start + titles :], sure=True)
    if not name:
        return None
    end = start + titles + name
    return _introduction(said[start + titles : end], "sure", titles > 0, (*said[: found[0]], *said[end:]))


def _weakly(lead: Words, after: Words, *, plainly: bool) -> Introduction | None:
    titles = _titles(after)
    named = after[titles:]
    length = name_at(named, leading=titles > 0)
    if not length:
        return None
    name, rest = named[:length], named[length:]
    titled, first = titles > 0 and _is_of_people(after[:titles]), given(name[0])
    alone = length == 1 and not first and not titled
    anything = titles > 0 or _OF_ANYTHING.is_all(lead) or _may_be_a_state(lead, name[0])  # `sono il postino`
    if alone and (plainly or anything or (rest and not _may_go_on(name, rest))):
        return None
    if plainly and _OF_THINGS.is_all(lead) and not (first or titled):
        return None
    if plainly and not first and not titled and any(_STATE.fullmatch(word.plain) for word in name[:1]):
        return None
    return _introduction(name, "weak", titled, rest)


def _may_be_a_state(lead: Words, word: Word) -> bool:
    french = word.text.casefold().endswith(("é", "és", "ée", "ées"))
    return _OF_STATES.is_all(lead) and (french or bool(_STATE.fullmatch(word.plain)))


def _with_tail(said: Words) -> Introduction | None:
    """`John here.`"""
    length = name_at(said)
    if not length or not given(said[0]) or not (tail := _OWN.at_start(said[length:])):
        return None
    return _introduction(said[:length], "tail", False, said[length + tail :])


def _bare(said: Words) -> Introduction | None:
    if found := _with_tail(said):
        return found
    titles = _titles(said)
    if titles and not _is_of_people(said[:titles]):
        titles = 0  # `la Rossi` may be anything; `De Luca` and `La Rocca` are names
    named = said[titles:]
    length = name_at(named, leading=True)
    rest = without_polite(named[length:])
    if not length or (rest and not (given(named[0]) and _may_go_on(named[:length], rest))):
        return None
    return _introduction(named[:length], None, titles > 0, rest)


def _may_go_on(name: Words, rest: Words) -> bool:
    """What stands behind a name that is one: another sentence.  `John Doe (Google)` is not cut to a piece of itself;
    `Mario Rossi mi ha chiamato` is one sentence, of somebody else."""
    if not rest[0].text[:1].isalpha() or len(rest) == 1:
        return False
    if goes_on(rest[0]):
        return len(rest) > 2 and not _stands(rest[1])
    if name[-1].ends and not _stands(rest[0]):
        return True
    return len(name) > 1 and not name_like(rest[0]) and not any(word.plain in speech().me for word in rest[:2])


def _introduction(name: Words, lead: Literal["sure", "weak", "tail"] | None, titled: bool, rest: Words) -> Introduction:
    text = " ".join(word.text[:1].upper() + word.text[1:] for word in name)
    return Introduction(text, lead, titled, tuple(rest))


def _titles(said: Words) -> int:
    known, taken = speech(), 0
    while taken < len(said) and (length := known.titles.at_start(said[taken:]) or _elided(said[taken])):
        taken += length
    return taken if taken < len(said) else 0


def _elided(word: Word) -> int:
    """`L'avvocato`."""
    return int(word.plain.startswith("l'") and (word.plain[2:],) in speech().titles.all)


def _is_of_people(titles: Words) -> bool:
    """`Signora`, and not the article alone."""
    return any(len(word.plain) > 3 or word.plain in ("mr", "mrs", "ms", "dr", "don", "sir", "mme") for word in titles)


def name_at(said: Words, *, sure: bool = False, leading: bool = False) -> int:
    """How many words, from the first, are a name.  `sure`: nothing but a name can come; `leading`: it may begin with
    a particle."""
    taken = names = 0
    while taken < len(said):
        word, after = said[taken], said[taken + 1 :]
        if word.ends:
            after = ()
        if _is_particle(word, after, first=not names, leading=leading or sure):
            taken += 1
            continue
        if not _belongs(word, said[taken - 1] if names else None, sure=sure):
            break
        taken, names = taken + 1, names + 1
        if names > MOST_NAMES:
            return 0
        if word.ends and not _all_names(said[taken:], MOST_NAMES + 1 - names):
            break
    return taken if names else 0


def _is_particle(word: Word, after: Words, *, first: bool, leading: bool) -> bool:
    if first and not (leading and leads(word)):
        return False
    if word.plain not in PARTICLES or not after:
        return False
    beyond = next((one for one in after if one.plain not in PARTICLES), None)
    return beyond is not None and _stands(beyond)


def _belongs(word: Word, before: Word | None, *, sure: bool) -> bool:
    if re.fullmatch(r"\w\.", word.text):
        return before is not None
    if not name_like(word) or (before is None and word.plain.startswith("l'")):
        return False
    return not common(word) or sure or (before is not None and given(before))


def _stands(word: Word) -> bool:
    return name_like(word) and not common(word)


def _all_names(said: Sequence[Word], most: int) -> bool:
    """`Rossi, Maria`: the comma was within the name."""
    return 0 < len(said) <= most and all(_stands(word) or re.fullmatch(r"\w\.", word.text) for word in said)
