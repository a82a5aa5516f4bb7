"""What people say into a telephone before they say anything: `pronto, sì?`.  Pure."""

from __future__ import annotations

import re

from ivr.when import agreed

_HELLO = re.compile(
    r"\b(?:pronto|buon\s?giorno|buona\s?sera|salve|ciao|senta|ascolti|scusi|mi senti|mi sente"
    r"|hello|hi|hey|good (?:morning|afternoon|evening)|listen|can you hear me|excuse me"
    r"|hallo|guten (?:tag|morgen|abend)|grüß gott|grüezi|hören sie(?: mich)?"
    r"|all[oô]|bonjour|bonsoir|écoutez|vous m'entendez"
    r"|hola|buen[oa]s(?: (?:días|tardes|noches))?|diga|dígame|oiga|escuche|me oye)\b",
    re.IGNORECASE,
)


def only_picks_up(words: str, language: str) -> bool:
    """Nothing in it but greetings, and a yes or a no to nothing."""
    left = re.findall(r"\w+", _HELLO.sub(" ", words.replace("’", "'")))
    return all(agreed(word, language) is not None for word in left)
