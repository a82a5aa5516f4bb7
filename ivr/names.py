"""Who a caller says they are, or are not, and what they would rather not say.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.names import ALIKE, alike, name_parts

# What people say before their name, in the languages we speak; the recogniser writes it all down.
_GREETINGS = (
    "buongiorno|buonasera|salve|ciao|pronto|hello|hi|good morning|good afternoon|good evening|guten tag|guten morgen"
    "|guten abend|hallo|bonjour|bonsoir|allô|buenos días|buenas tardes|hola"
)
_ASSENTS = "sì|si|yes|ja|oui"
_REFUSALS = "no|nein|non"
_SURE = (  # nobody says these of anything but a name
    "mi chiamo|il mio nome è|my name is|my name's|ich heiße|mein name ist|hier spricht|je m'appelle|mon nom est"
    "|me llamo|mi nombre es"
)
_LEAD_INS = (
    f"{_SURE}|io sono|sono|this is|i am|i'm|it's|it is|ich bin|hier ist|das ist|je suis|c'est|ici|soy|habla|aquí"
    "|qui è|parla"
)
_TITLES = (
    "il|la|lo|l'|the|der|die|das|le|el|signor|signora|signorina|ragionier|ragioniere|dottor|dottore|dottoressa|avvocato"
    "|ingegner|ingegnere|professor|professoressa|mr|mrs|ms|miss|sir|dr|herr|frau|monsieur|madame|señor|señora|don|doña"
)
# A name ends where a sentence goes on, and the words below stand in none.
_GOES_ON = re.compile(
    r"\s(?:(?:e|ed|and|und|et|y) )?(?:chiamo|vorrei|volevo|ho|i'm|i am|i|calling|ich|je|llamo|quiero|perché|because"
    r"|weil|parce|porque)\b.*",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\b(?:non|no|not|don't|won't|nicht|nein|kein|pas|ne|nunca|ninguno|glielo|dico|perché|why|warum|pourquoi|cosa|what"
    r"|parlare|speak|sprechen|parler|hablar|problema|problem|problème|aiuto|help|hilfe|aide|ayuda|operatore|operator|calling|chiamando"
    r"|vorrei|volevo|sapere|bisogno|want|would|need|möchte|wollte|brauche|voudrais|besoin|quiero|quisiera|necesito)\b",
    re.IGNORECASE,
)
_WOULD_RATHER_NOT = re.compile(
    r"\b(?:glielo|lo|te lo|ve lo) dico|preferi\w+ (?:di )?no|non (?:voglio|importa|serve)|rather not|not telling"
    r"|(?:don't|do not) want|none of your|anonim\w*|anonym\w*|lieber nicht|nicht sagen|will ich nicht"
    r"|préfère (?:ne )?pas|veux pas|prefiero no|no quiero"
    r"|^\W*(?:no|nein|non)(?:\W+(?:grazie|thanks|thank you|danke|merci|gracias))?\W*$",
    re.IGNORECASE,
)
_NOT = (  # ... and then whom we took them for
    r"non sono|non è|non parla con|non sta parlando con"
    r"|(?:i'?m|i am|it'?s|it is|this is|that'?s|that is) not|this isn't"
    r"|(?:ich bin|hier ist|das ist|hier spricht|sie sprechen) nicht(?: mit)?"
    r"|(?:je )?(?:ne )?suis pas|(?:ce n'|c')est pas"
    r"|no soy|no es|no habla con|not|nicht|pas"
)
_NOT_ME = re.compile(
    r"\bnon sono io\b|\bnot me\b|\bbin ich nicht\b|\bbin nicht ich\b|\bpas moi\b|\bno soy yo\b"
    r"|\bpersona sbagliata\b|\bsbagliato persona\b|\bwrong person\b|\bfalsche person\b|\bmauvaise personne\b"
    r"|\bpersona equivocada\b",
    re.IGNORECASE,
)
_NEITHER = re.compile(
    r"\bnessun\w*|\bneither\b|\bnone\b|\bnobody\b|\bsomebody else\b|\bsomeone else\b|\bun'?altr[ao]\b"
    r"|\bkein\w*|\bniemand\b|\bweder\b|\bjemand ander\w*|\baucun\w*|\bni l'un\w*|\bpersonne\b|\bautre\b"
    r"|\bningun\w*|\bninguno\b|\botra persona\b|\botro\b",
    re.IGNORECASE,
)
_PARTICLE = "di|de|del|della|d'|da|dal|von|van|der|den|zu|la|le|du|y|e|dos|do"
_LONGEST_WORDS = 5
_WORTH_KEEPING_WORDS = 4  # of an answer that is no name: from so many on it says why they call
_SHORTEST_PART = 3


def name_in(words: str) -> str | None:
    """`sono Maria Rossi e chiamo per…` -> `Maria Rossi`; None for what is no name: a sentence, digits, nothing."""
    text = " ".join(words.replace(",", " ").strip(" .!?").split())
    said, before = text, None
    while text != before:  # `pronto, buongiorno, sono …`
        before = text
        for opening in (_GREETINGS, _ASSENTS, _LEAD_INS):
            text = re.sub(rf"^(?:{opening})\b[\s.,]*", "", text, flags=re.IGNORECASE)
    if text != said:
        text = _GOES_ON.sub("", re.sub(rf"^(?:(?:{_TITLES})\b[\s.']*)+", "", text, flags=re.IGNORECASE))
    if not text or len(text.split()) > _LONGEST_WORDS or re.search(r"\d", text) or _NO_NAME.search(text):
        return None
    return " ".join(word[:1].upper() + word[1:] for word in text.split())


def would_rather_not(words: str) -> bool:
    """Asked for their name, they decline: nobody asks again, or for it to be recorded."""
    return bool(_WOULD_RATHER_NOT.search(words))


def worth_keeping(words: str) -> bool:
    """Asked for their name, they say why they call."""
    return len(words.split()) >= _WORTH_KEEPING_WORDS


@dataclass(frozen=True, slots=True)
class Introduced:
    """What somebody says of who they are whom we have greeted by a name."""

    not_me: bool = False
    name: str | None = None  # another one than theirs


def introduced(words: str, known: Sequence[str | None]) -> Introduced:
    """`known`: what whom we took them for is called.

    Only what says so plainly: `non sono Maria`, `mi chiamo Paolo`, `sono Paolo` with its capital.  `Sono disperata` and
    `I'm not happy` are why they call.
    """
    text = " ".join(words.replace("’", "'").strip().split())
    rest, denied = _without_denial(text, known)
    denied = denied or bool(_NOT_ME.search(text))
    name = name_in(rest) if denied and _introduces(rest, sure=False) else _plainly_named(rest)
    if name is not None and _is_one_of(name, known, doubt=not denied):
        return Introduced(denied)
    return Introduced(denied or name is not None, name)


def _without_denial(text: str, known: Sequence[str | None]) -> tuple[str, bool]:
    """What is left of it without `I am not Maria Rossi`, and whether it was there."""
    theirs = name_parts(*known)
    for found in re.finditer(rf"\b(?:{_NOT})\s+(?P<whom>(?:[^\s,.;!?]+\s*){{1,4}})", text, re.IGNORECASE):
        words = found["whom"].split()
        named = [bool(_parts(word) & theirs) for word in words]
        if not any(named):
            continue
        last = len(named) - named[::-1].index(True)
        after = " ".join(words[last:])
        return f"{after} {text[found.end() :].strip(' ,.;!?')}".strip(" ,.;!?"), True
    return text, False


def _introduces(text: str, *, sure: bool) -> bool:
    leads = _SURE if sure else _LEAD_INS
    before = rf"(?:(?:{_GREETINGS}|{_ASSENTS}|{_REFUSALS})\b[\s.,]*)*"
    return bool(re.match(rf"{before}(?:{leads})\b", text, re.IGNORECASE))


def _plainly_named(text: str) -> str | None:
    text = re.sub(rf"^(?:{_REFUSALS})\b[\s.,]*", "", text, flags=re.IGNORECASE)
    if _introduces(text, sure=True):
        return name_in(text)
    if not _introduces(text, sure=False):
        return None
    name = name_in(text)
    return name if name and _written_so(name, text) else None


def _written_so(name: str, text: str) -> bool:
    """With the capitals that the recogniser gives to names alone."""
    words = [word for word in name.split() if not re.fullmatch(_PARTICLE, word, re.IGNORECASE)]
    return bool(words) and all(re.search(rf"\b{re.escape(word)}(?!\w)", text) for word in words)


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


def which_of(words: str, people: Sequence[Sequence[str | None]]) -> Which:
    """By a first name, a surname only one of them has, or both, in any spelling.  `people`: what each is called."""
    if would_rather_not(words):
        return Which(neither=True)
    text = " ".join(words.replace("’", "'").split())
    everybody = [name for names in people for name in names]
    rest, denied = _without_denial(text, everybody)
    theirs = [{part for part in name_parts(*names) if len(part) >= _SHORTEST_PART} for names in people]
    said = _parts(name_in(rest) or rest)
    fits = [len(said & parts) for parts in theirs]
    best = max(fits, default=0)
    if best:
        found = [n for n, fit in enumerate(fits) if fit == best]
        return Which(one=found[0]) if len(found) == 1 else Which(several=True)
    if _NEITHER.search(rest) or _NOT_ME.search(rest):
        return Which(neither=True)
    if denied and not rest:
        return Which(several=True)  # who is not the one may be the other
    name = name_in(rest)
    plain = name is not None and (denied or _introduces(rest, sure=False) or _written_so(name, rest))
    return Which(name=name) if plain else Which()
