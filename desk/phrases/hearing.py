"""How words sound to somebody, and what is wrong with them: asked of the API, which judges what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from desk.asking import Refused
from desk.pages import Asked, errors_of
from desk.phrases.findings import Told, told
from desk.phrases.own import LONGEST, cleaned
from desk.phrases.somebody import Somebody

MOST_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Heard:
    """A wording as it is written and as it is heard.  `text` is None for one that cannot be said, or says nothing."""

    wording: str
    text: str | None = None
    faults: Sequence[Told] = ()
    hints: Sequence[Told] = ()
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Hearing:
    """`situations` never change while a process lives; what is wrong with a wording does neither, and is remembered."""

    situations: dict[str, Any] = field(default_factory=dict)
    _sound: dict[tuple[str, str, str], bool] = field(default_factory=dict)

    async def known(self, asked: Asked) -> Mapping[str, Any]:
        """Every situation as the API tells of it, by key."""
        if not self.situations:
            found: dict[str, Any] = {}
            page: dict[str, Any] = {"next": None}
            while not found or page["next"]:
                page = await asked.api.get("/phrases", limit=200, cursor=page["next"])
                found |= {one["situation"]: one for one in page["items"]}
            self.situations = found
        return self.situations

    async def heard(
        self, asked: Asked, language: str, key: str, wording: str | None, somebody: Somebody | None = None
    ) -> Heard:
        """`wording` None: as the house says it now."""
        text = None if wording is None else cleaned(wording)
        if text == "":
            return Heard("")
        if text is not None and len(text) > LONGEST:
            return Heard(text, faults=[Told(asked.words("At most %(most)s letters.", most=LONGEST))])
        who = (somebody or Somebody.usual(language)).asked(asked.pages.clock.now(), asked.pages.house.zone)
        try:
            answer = await asked.api.post(
                "/phrases/preview", {"language": language, "situation": key, "wording": text} | who
            )
        except Refused as refused:
            return Heard(text or "", faults=[Told(what) for what in errors_of(refused, asked.words).values()])
        found = list(told([one["what"] for one in answer["findings"]], asked.words))
        if answer["text"] is None:
            return Heard(text or "", faults=found, slots=answer["slots"])
        return Heard(text or "", answer["text"], hints=found, slots=answer["slots"])

    async def sound(self, asked: Asked, language: str, key: str, wording: str) -> bool:
        """Can it be published?"""
        place = language, key, wording
        if place not in self._sound:
            if len(self._sound) >= MOST_REMEMBERED:
                self._sound.clear()
            self._sound[place] = not (await self.heard(asked, language, key, wording)).faults
        return self._sound[place]
