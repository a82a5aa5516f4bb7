"""`/console/phrases`: all situations, and one of them with its wordings, heard and linted as one writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.pages import MANAGERS, Asked
from desk.phrases import findings, own, publishing, situations
from desk.phrases.hearing import Heard, Hearing
from desk.phrases.situations import SLOTS, Listing, name_of, ours_of, twins_of, when_of, why_fixed
from desk.phrases.somebody import Somebody
from desk.plan.editor import Editor, words_of
from desk.plan.paths import at
from desk.plan.views import View
from desk.site import Site

ADDRESS, PLACE = "/console/phrases", "phrases"
LANGUAGES = ("it", "en", "de", "fr", "es")


def routes(site: Site) -> list[BaseRoute]:
    section = _Phrases(Editor.of(site))

    def route(path: str, endpoint: Any, *methods: str) -> BaseRoute:
        return site.pages.route(f"{ADDRESS}{path}", endpoint, roles=MANAGERS, methods=methods or ("GET",))

    return [
        route("", section.show),
        route("/publish", section.publish, "POST"),
        route("/discard", section.discard, "POST"),
        route("/{situation}", section.one),
        route("/{situation}/own", section.keep, "POST"),
        route("/{situation}/heard", section.heard, "POST"),
        route("/{situation}/restore", section.restore, "POST"),
    ]


@dataclass(frozen=True, slots=True)
class Open:
    """The situation that is looked at."""

    view: View
    key: str
    language: str
    somebody: Somebody
    known: Any
    ours: Sequence[Heard]
    own: Sequence[Heard]

    @property
    def worded(self) -> bool:
        """Does the draft have words of the house's own?"""
        return bool(own.own_of(self.view.body, self.language, self.key))

    @property
    def slots(self) -> dict[str, str]:
        """What each slot becomes for this person, those of the situation first."""
        filled = dict((self.ours[0] if self.ours else self.own[0]).slots)
        return {name: filled[name] for name in [*self.known["slots"], "hello", "company"] if name in filled}


@dataclass(frozen=True)
class _Phrases:
    editor: Editor
    hearing: Hearing = field(default_factory=Hearing)

    async def show(self, asked: Asked) -> Response:
        query = asked.request.query_params
        return await self._list(asked, query.get("language", ""), published="published" in query)

    async def _list(self, asked: Asked, language: str, status: int = 200, **more: Any) -> Response:
        view, known = await self.editor.view(asked), await self.hearing.known(asked)
        language = _language(language, view)
        changed = frozenset(key for tag, key in own.changed(view.draft.base, view.body) if tag == language)
        listing = Listing(known, language, view.body, changed, view.house.company, asked.words)
        context = await self._common(asked, view, language) | {"published": False, "groups": [*listing.groups()]}
        return asked.page("phrases/list.html", status, place=PLACE, **context | more)

    async def _common(self, asked: Asked, view: View, language: str) -> dict[str, Any]:
        stands = await publishing.standing(asked, self.hearing, view)
        return {
            "tongue": language,
            "languages": _languages(view),
            "stands": stands,
            "slot_names": SLOTS,
            "here_key": "",
            "note": "",
            "publish_refused": None,
            "refused": None,
        }

    async def one(self, asked: Asked) -> Response:
        view, key = await self.editor.view(asked), _situation(asked)
        language = _language(asked.request.query_params.get("language", ""), view)
        if key not in await self.hearing.known(asked):
            return asked.trouble(404, asked.words("There is no such situation."))
        opened = await self._open(asked, view, language, own.own_of(view.body, language, key))
        published = "published" in asked.request.query_params
        return await self._whole(asked, opened, published=published)

    async def _whole(self, asked: Asked, opened: Open, **more: Any) -> Response:
        context = await self._situation(asked, opened) | {"published": False}
        return asked.page("phrases/one.html", place=PLACE, **context | more)

    async def _open(
        self, asked: Asked, view: View, language: str, typed: Sequence[str], form: FormData | None = None
    ) -> Open:
        key, known = _situation(asked), (await self.hearing.known(asked))[_situation(asked)]
        somebody = Somebody.usual(language) if form is None else Somebody.from_form(form, language)
        ours = ours_of({key: known}, language, key)
        told = [None] if not known["yours_to_word"] else ours  # what is fixed has one wording, and is no one's to try
        heard_ours = [await self.hearing.heard(asked, language, key, one, somebody) for one in told]
        heard_ours = [Heard(raw, one.text, slots=one.slots) for raw, one in zip(ours, heard_ours, strict=False)]
        heard_own = [await self.hearing.heard(asked, language, key, one, somebody) for one in typed]
        shown = [Heard(raw, one.text, one.faults, one.hints) for raw, one in zip(typed, heard_own, strict=True)]
        return Open(view, key, language, somebody, known, heard_ours, shown)

    async def _situation(self, asked: Asked, opened: Open) -> dict[str, Any]:
        known, words, key = await self.hearing.known(asked), asked.words, opened.key
        why = why_fixed(key, known)
        changed = opened.language, key
        return await self._common(asked, opened.view, opened.language) | {
            "o": opened,
            "key": key,
            "here_key": key,
            "name": name_of(key, words),
            "when": when_of(key, words),
            "written": opened.known["part"] == "texts",
            "twins": twins_of(key, known),
            "fixed": words(why) if why else None,
            "changed": changed in own.changed(opened.view.draft.base, opened.view.body),
            "most": own.MOST,
            "longest": own.LONGEST,
        }

    async def keep(self, asked: Asked) -> Response:
        """All wordings of one's own as they are typed, and what is done to them; kept in the draft as they are.

        What cannot be published is kept too, and said beside its field: nothing typed is lost.
        """
        form, key = await asked.form(), _situation(asked)
        known = (await self.hearing.known(asked)).get(key)
        if known is None or not known["yours_to_word"]:
            return asked.trouble(404, asked.words("There is no such situation."))
        language = _language(words_of(form, "language", 10), await self.editor.view(asked))
        typed = [str(one) for one in form.getlist("wording")][: own.MOST]
        do, begin = _begun(words_of(form, "do", 20), ours_of({key: known}, language, key))
        placed, at_place = own.acted(typed, do, begin)
        kept = [own.cleaned(one) for one in placed]
        told: str | None = asked.words("At most %(most)s letters.", most=own.LONGEST)
        if all(len(one) <= own.LONGEST for one in kept):
            told = await self.editor.changed(asked, lambda body: own.with_own(body, language, key, kept))
        opened = await self._open(asked, await self.editor.view(asked), language, placed, form)
        if not asked.of_a_part:
            return await self._whole(asked, opened, refused=told)
        context = await self._situation(asked, opened) | {"refused": told}
        if not do:
            return asked.page("phrases/kept.html", **context)
        response = asked.page("phrases/acted.html", **context)
        response.headers["HX-Trigger"] = json.dumps({"wordings-placed": {"at": at_place, "do": do.partition(":")[0]}})
        return response

    async def heard(self, asked: Asked) -> Response:
        """Everything on the page as another person hears it; nothing is kept."""
        form, view = await asked.form(), await self.editor.view(asked)
        if _situation(asked) not in await self.hearing.known(asked):
            return asked.trouble(404, asked.words("There is no such situation."))
        language = _language(words_of(form, "language", 10), view)
        typed = [str(one) for one in form.getlist("wording")][: own.MOST]
        if not asked.of_a_part:
            typed = own.own_of(view.body, language, _situation(asked))
            return await self._whole(asked, await self._open(asked, view, language, typed, form))
        opened = await self._open(asked, view, language, typed, form)
        return asked.page("phrases/heard.html", **await self._situation(asked, opened))

    async def restore(self, asked: Asked) -> Response:
        form, key = await asked.form(), _situation(asked)
        language = _language(words_of(form, "language", 10), await self.editor.view(asked))
        await self.editor.changed(asked, lambda body: own.with_own(body, language, key, ()))
        return asked.redirect(f"{ADDRESS}/{key}?language={language}")

    async def publish(self, asked: Asked) -> Response:
        form, view = await asked.form(), await self.editor.view(asked)
        language = _language(words_of(form, "language", 10), view)
        stands = await publishing.standing(asked, self.hearing, view)
        note, wrong = publishing.noted(words_of(form, "note", 5000), asked.words)
        if wrong:
            return await self._list(asked, language, 422, note=note, publish_refused=wrong)
        if not stands.publishable:
            return await self._list(asked, language, 409, note=note)
        if told := await publishing.publish(asked, view, note):
            return await self._list(asked, language, 409, note=note, publish_refused=told)
        await self.editor.drafts.discard(asked.user.user_id)
        key = words_of(form, "situation", 100)
        back = f"/{key}" if key in await self.hearing.known(asked) else ""
        return asked.redirect(f"{ADDRESS}{back}?language={language}&published=1")

    async def discard(self, asked: Asked) -> Response:
        """The phrases of the draft are again those that hold; its other changes stay."""
        form, view = await asked.form(), await self.editor.view(asked)
        language = _language(words_of(form, "language", 10), view)
        await self.editor.changed(asked, lambda body: publishing.undone(body, view.draft.base))
        return asked.redirect(f"{ADDRESS}?language={language}")


def _situation(asked: Asked) -> str:
    return str(asked.request.path_params["situation"])


def _begun(do: str, ours: Sequence[str]) -> tuple[str, str]:
    """`from:1` adds one that begins as the second of ours."""
    act, _, of = do.partition(":")
    if act != "from":
        return do, ""
    n = int(of) if of.isascii() and of.isdigit() and len(of) < 4 else -1
    return "add", ours[n] if 0 <= n < len(ours) else ""


def _languages(view: View) -> list[tuple[str, str]]:
    """What we speak, and regions for which the draft has words of their own."""
    own_tags = [str(tag) for tag in at(view.body, ("phrases",), {}) if tag not in LANGUAGES]
    named = view.formats.language_name
    return [*((tag, named(tag)) for tag in LANGUAGES), *((tag, f"{named(tag)} ({tag})") for tag in own_tags)]


def _language(wanted: str, view: View) -> str:
    """One that there is: the wanted one, else the house's."""
    known = [tag for tag, _ in _languages(view)]
    house = view.house.language.partition("-")[0]
    return wanted if wanted in known else house if house in known else known[0]


def texts() -> list[str]:
    """What is said by name."""
    return [*situations.texts(), *findings.texts()]
