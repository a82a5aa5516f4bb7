"""`/phrases` under `/api/v1`: what is said in each situation, and how a wording of one's own would sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from api.fields import Body, Language, Line, Listing, Moment, Shown, Word
from api.paging import Paging
from api.problems import FieldRefused
from api.tokens import Guard
from ivr.catalogue import LANGUAGES, ONE, slots
from ivr.document import Say
from ivr.lint import blemishes, faults, may_be_reworded, ours
from ivr.person_names import Invented, addressed, respelling
from ivr.phrases import Speaker, speakable, spoken_language
from ivr.samples import samples
from ivr.twiml import said_as
from routing.house import House
from routing.plans import Plans
from store.clock import Clock
from store.sql import Database

NOBODY = {"it": "Maria Rossi", "en": "Mary Smith", "de": "Maria Müller", "fr": "Marie Durand", "es": "María García"}


class Told(Shown):
    """The wordings of a situation in one language; those of the managers stand in place of ours."""

    ours: list[str]
    yours: list[str]


class Situation(Shown):
    situation: str
    part: str = Field(description="of the house: openings, calls, parting, recording, texts, page, agents or figures")
    slots: list[str] = Field(description="each must stand in every wording, in braces")
    yours_to_word: bool = Field(description="the plan's `phrases` may have wordings for it")
    languages: dict[str, Told]


class Somebody(Body):
    """A person who need not exist."""

    name: Line | None = None
    called: Line | None = None
    title: Line | None = None
    given: Line | None = None
    surname: Line | None = None
    gender: Literal["feminine", "masculine"] | None = None
    formal: bool = True
    say: Line | None = None


class Tried(Body):
    language: Language
    situation: Word
    wording: str | None = Field(None, min_length=1, max_length=600, description="left out: as it is said now")
    person: Somebody = Somebody()
    agent: Line | None = Field(None, description="who is named for {agent}; left out: Anna")
    at: Moment | None = Field(None, description="when it is said; left out: now")


class Finding(Shown):
    where: str
    what: str


class Preview(Shown):
    text: str | None = Field(description="null: this wording cannot be said at all")
    ssml: str | None
    findings: list[Finding]
    slots: dict[str, str] = Field(description="what each slot becomes, {hello} and {company} among them")


def phrases_router(database: Database, clock: Clock, guard: Guard, plans: Plans, house: House) -> APIRouter:
    at = _Phrases(database, clock, plans, house)
    router = APIRouter(tags=["plan"], dependencies=[Depends(guard.allows("manager"))])
    router.add_api_route("/phrases", at.show, methods=["GET"])
    router.add_api_route("/phrases/preview", at.preview, methods=["POST"])
    return router


class _Phrases:
    def __init__(self, database: Database, clock: Clock, plans: Plans, house: House) -> None:
        self._database, self._clock, self._plans, self._house = database, clock, plans, house

    async def show(self, page: Paging) -> Listing[Situation]:
        """Every situation by name; a plan's `phrases` may hold other wordings for those that are yours to word."""
        async with self._database.read() as conn:
            _, plan = await self._plans.current(conn)
        keys = sorted(key for key in ours("it") if not key.endswith(ONE) and (key,) > (page.after or ("",)))
        shown, following = page.cut(keys[: page.limit + 1], lambda key: (key,))
        theirs: dict[str, dict[str, list[str]]] = defaultdict(dict)
        for language, situations in plan.phrases.items():
            for key, wordings in situations.items():
                theirs[key].setdefault(language.split("-")[0], []).extend(wordings)
        return Listing[Situation](items=[_shown(key, theirs[key]) for key in shown], next=following)

    async def preview(self, given: Tried) -> Preview:
        """What a person would hear, and what is wrong with it; nothing is stored."""
        language = spoken_language(given.language, self._house.language)
        code = language.split("-")[0]
        if given.language.split("-")[0].lower() != code:
            raise FieldRefused("language", f"We speak {', '.join(LANGUAGES)}.")
        if given.situation not in ours(code):
            raise FieldRefused("situation", "There is no such situation.")
        async with self._database.read() as conn:
            _, plan = await self._plans.current(conn)
        person = Invented(**given.person.model_dump())
        name = addressed(person, language) or NOBODY[code]
        speaker = _speaker(person, name, language, self._house, given.at or self._clock.now(), plan.phrases)
        said = samples(speaker, given.situation, name, speakable(given.agent or "") or "Anna")
        return _tried(speaker, given.situation, given.wording, said, code)


def _tried(speaker: Speaker, key: str, wording: str | None, said: Mapping[str, str], code: str) -> Preview:
    """A wording of the managers is held against everything that would be said of it when it is published."""
    found: list[str] = []
    slots = {**said, "hello": speaker.fill("{hello}"), "company": speaker.company}
    if wording is not None:
        found = list(dict.fromkeys(faults(key, wording, code)))
        if found:
            told = [Finding(where="wording", what=what) for what in found]
            return Preview(text=None, ssml=None, findings=told, slots=slots)
        found = list(dict.fromkeys(blemishes(wording, code)))
        own = {**speaker.theirs.get(speaker.language, {}), key: [wording]}
        speaker = replace(speaker, theirs={**speaker.theirs, speaker.language: own})
    heard: Say = speaker.said(key, **said)
    told = [Finding(where="wording", what=what) for what in found]
    return Preview(text=heard.text, ssml=said_as(heard), findings=told, slots=slots)


def _speaker(
    person: Invented, name: str, language: str, house: House, now: datetime, theirs: dict[str, dict[str, list[str]]]
) -> Speaker:
    return Speaker(
        language,
        person.formal,
        0,
        house.company,
        now,
        house.zone,
        gender=person.gender,
        theirs=theirs,
        respelt=respelling(person, name),
    )


def _shown(key: str, theirs: dict[str, list[str]]) -> Situation:
    told = {code: Told(ours=list(ours(code)[key].wordings), yours=theirs.get(code, [])) for code in LANGUAGES}
    return Situation(
        situation=key,
        part=ours("it")[key].domain,
        slots=sorted(slots(ours("it")[key].wordings[0]) - {"hello", "company"}),
        yours_to_word=may_be_reworded(key),
        languages=told,
    )
