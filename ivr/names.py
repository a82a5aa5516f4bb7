"""A new caller's name, from what they said when asked for it."""

from __future__ import annotations

import re

from crm import people
from crm.identify import person_by_id
from ivr.phrases import speakable
from ivr.turn import Turn, own_number

# What people say before their name, in the languages we speak; the recogniser writes it all down.
_GREETINGS = (
    "buongiorno|buonasera|salve|ciao|pronto|hello|hi|good morning|good afternoon|good evening|guten tag|guten morgen"
    "|guten abend|hallo|bonjour|bonsoir|allô|buenos días|buenas tardes|hola"
)
_ASSENTS = "sì|si|yes|ja|oui"
_LEAD_INS = (
    "mi chiamo|io sono|sono|il mio nome è|my name is|my name's|this is|i am|i'm|it's|ich heiße|ich bin|mein name ist"
    "|hier ist|hier spricht|je m'appelle|je suis|c'est|me llamo|soy|mi nombre es"
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
    r"|parlare|speak|sprechen|parler|hablar|problema|problem|problème|aiuto|help|hilfe|aide|ayuda|operatore|operator|calling|chiamando)\b",
    re.IGNORECASE,
)
_LONGEST_WORDS = 5


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


async def learn_name(turn: Turn, words: str) -> str | None:
    """The caller is known from now on; the name as we will say it, or None if that was no name."""
    name = name_in(speakable(words, longest=200))
    if name is None:
        return None
    if turn.person is not None:  # known by number only: from a message, say
        await people.change(turn.conn, turn.person.id, {"name": name}, turn.now)
        turn.person = await person_by_id(turn.conn, turn.person.id)
        return turn.name
    number = own_number(turn)
    values = {"name": name, "language": turn.call.language, "phones": [number] if number else []}
    customer_id = await people.add(turn.conn, values, turn.now)
    await turn.change(customer_id=customer_id)
    turn.person = await person_by_id(turn.conn, customer_id)
    return turn.name
