"""How the draft stands as far as it words situations anew, and making it the plan from here.

A draft that holds other changes too is looked through and published on the page of the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from desk.asking import Refused
from desk.pages import Asked
from desk.phrases.hearing import Hearing
from desk.phrases.own import changed, own_of
from desk.phrases.situations import PLAIN, name_of
from desk.plan.paths import at, put
from desk.plan.views import View
from desk.words import Words

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Change:
    language: str
    key: str
    told: str
    sound: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """`others`: how many changes the draft holds besides."""

    changes: Sequence[Change]
    others: int
    overtaken: bool

    @property
    def unsound(self) -> list[Change]:
        return [one for one in self.changes if not one.sound]

    @property
    def publishable(self) -> bool:
        return bool(self.changes) and not (self.others or self.overtaken or self.unsound)


async def standing(asked: Asked, hearing: Hearing, view: View) -> Standing:
    changes = []
    for language, key in changed(view.draft.base, view.body):
        wordings = own_of(view.body, language, key)
        sound = all([await hearing.sound(asked, language, key, one) for one in wordings])
        changes.append(Change(language, key, title(key, language, view), sound))
    others = [one for one in view.changes if one.path[0] != "phrases"]
    return Standing(changes, len(others), view.draft.overtaken)


def title(key: str, language: str, view: View) -> str:
    """A situation where several are told of."""
    words = view.words
    name = words("%(name)s, without a name", name=name_of(key, words)) if key.endswith(PLAIN) else name_of(key, words)
    return words("%(name)s (%(language)s)", name=name, language=view.formats.language_name(language))


async def publish(asked: Asked, view: View, note: str) -> str | None:
    """Why the draft cannot be published, in the reader's words; None once it is the plan."""
    headers = {"If-Match": f'"{view.draft.base_version}"'} | ({"X-Note": note} if note else {})
    try:
        await asked.api.ask("PUT", "/plan", view.body, headers=headers)
    except Refused as refused:
        if refused.status == 412:
            return asked.words("Somebody else has published meanwhile.")
        return "; ".join(map(asked.words.problem, refused.fields.values())) or asked.words.problem(refused.detail)
    return None


def undone(body: Any, base: Any) -> Any:
    """A draft with the phrases that it was begun from."""
    return put(body, ("phrases",), at(base, ("phrases",), {}))


def noted(text: str, words: Words) -> tuple[str, str | None]:
    """A note on one line, and what is wrong with it."""
    note = " ".join(text.split())
    return note, words("A note has at most %(most)s letters.", most=LONGEST_NOTE) if len(note) > LONGEST_NOTE else None
