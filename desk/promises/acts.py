"""What is done about one promise, each in a dialog: give it to somebody, move it, ask, keep it otherwise, cancel it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import BaseRoute

from desk.asking import Refused
from desk.pages import MANAGERS, Asked, errors_of
from desk.promises.view import Known, choice, promise
from desk.promises.words import KEPT_HOW
from desk.sheet import done
from desk.site import Site

SLOTS = 12
APART = timedelta(minutes=15)  # of the times that are shown; any other can be written
FIELDS = {"due_at": "at", "agent": "agent", "reason": "reason", "note": "note", "how": "how"}
Names = Callable[[Iterable[str]], Awaitable[Known]]


def routes(site: Site, known: Names) -> list[BaseRoute]:
    at, route = _Acts(site, known), site.pages.route
    found: list[BaseRoute] = []
    for name, sheet, act in (
        ("give", at.give_sheet, at.give),
        ("move", at.move_sheet, at.move),
        ("ask", at.ask_sheet, at.ask),
        ("keep", at.keep_sheet, at.keep),
        ("cancel", at.cancel_sheet, at.cancel),
    ):
        address = f"/console/promises/{{promise_id}}/{name}"
        found += [route(address, sheet, roles=MANAGERS), route(address, act, roles=MANAGERS, methods=("POST",))]
    return found


class _Acts:
    def __init__(self, site: Site, known: Names) -> None:
        self._site, self._known = site, known

    async def give_sheet(self, asked: Asked, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
        takers = (await asked.api.get(f"{_path(asked)}/takers", limit=30))["items"]
        return await self._sheet(asked, "give", errors, status, takers=takers)

    async def give(self, asked: Asked) -> Response:
        """To whoever has been chosen: at its time, or moved to their first."""
        agent_id, _, moved_to = str((await asked.form()).get("to") or "").partition(" ")
        if not agent_id:
            return await self.give_sheet(asked, {"to": asked.words("Please choose somebody.")}, 422)
        try:
            if moved_to:
                await asked.api.patch(_path(asked), {"agent": agent_id, "due_at": moved_to})
            else:
                await asked.api.post(f"{_path(asked)}/take", {"agent": agent_id})
        except Refused as refused:
            told = {"to": self._no_longer(asked, refused)}
            return await self.give_sheet(asked, told, refused.status)
        name = (await self._known([])).agent(agent_id)
        return _done(asked, asked.words("%(agent)s will call.", agent=name))

    async def move_sheet(
        self, asked: Asked, errors: Mapping[str, str] | None = None, status: int = 200, **typed: str
    ) -> Response:
        query = asked.request.query_params
        item = await asked.api.get(_path(asked))
        who = typed.get("who", query.get("who", item["agent"] or ""))
        day = typed.get("day", query.get("day", ""))
        start = self._start(day) or max(datetime.fromisoformat(item["due_at"]), self._now())
        slots = await asked.api.get(
            "/callbacks/slots",
            customer=item["customer"],
            agent=who or None,
            limit=4 * SLOTS,
            **{"from": start.isoformat()},
        )
        same = (item["due_at"], item["agent"] or "")  # as it stands is no move
        times = _apart([one for one in slots["items"] if (one["due_at"], who) != same])
        more = {"slots": times, "who": who, "day": day, "clock": typed.get("clock", "")}
        return await self._sheet(asked, "move", errors, status, item=item, **more)

    async def move(self, asked: Asked) -> Response:
        form = await asked.form()
        typed = {name: str(form.get(name) or "").strip() for name in ("who", "day", "clock")}
        due_at = str(form.get("at") or "")
        if not due_at:
            written = self._instant(typed["day"], typed["clock"])
            if written is None:
                told = {"clock": asked.words("Please choose one of the times, or write a day and a time.")}
                return await self.move_sheet(asked, told, 422, **typed)
            due_at = written.isoformat()
        try:
            await asked.api.patch(_path(asked), {"due_at": due_at, "agent": typed["who"] or None})
        except Refused as refused:
            return await self.move_sheet(asked, {"clock": self._no_longer(asked, refused)}, refused.status, **typed)
        return _done(asked, asked.words("Moved to %(time)s.", time=asked.formats.when(due_at, self._now())))

    async def ask_sheet(self, asked: Asked, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
        question = await asked.api.get(f"{_path(asked)}/ask")
        known, f, now = await self._known([]), asked.formats, self._now()
        offered = [choice(one["at"], known.agent(one["agent"]), f, now) for one in question["choices"]]
        return await self._sheet(asked, "ask", errors, status, offered=offered, obstacle=question["obstacle"])

    async def ask(self, asked: Asked) -> Response:
        try:
            await asked.api.post(f"{_path(asked)}/ask")
        except Refused as refused:
            return await self.ask_sheet(asked, errors_of(refused, asked.words), refused.status)
        return _done(asked, asked.words("The customer has been asked by text."))

    async def keep_sheet(
        self, asked: Asked, errors: Mapping[str, str] | None = None, status: int = 200, **typed: str
    ) -> Response:
        ways = [(way, asked.words(label)) for way, label in KEPT_HOW.items()]
        more = {"how": typed.get("how", "call"), "note": typed.get("note", "")}
        return await self._sheet(asked, "keep", errors, status, ways=ways, **more)

    async def keep(self, asked: Asked) -> Response:
        form = await asked.form()
        typed = {name: str(form.get(name) or "").strip() for name in ("how", "note")}
        try:
            await asked.api.post(f"{_path(asked)}/keep", {"how": typed["how"], "note": typed["note"] or None})
        except Refused as refused:
            return await self.keep_sheet(asked, errors_of(refused, asked.words, FIELDS), refused.status, **typed)
        return _done(asked, asked.words("Kept."))

    async def cancel_sheet(
        self, asked: Asked, errors: Mapping[str, str] | None = None, status: int = 200, reason: str = ""
    ) -> Response:
        return await self._sheet(asked, "cancel", errors, status, reason=reason)

    async def cancel(self, asked: Asked) -> Response:
        reason = str((await asked.form()).get("reason") or "").strip()
        if not reason:
            return await self.cancel_sheet(
                asked, {"reason": asked.words("Please say why: it stays in the ledger.")}, 422
            )
        try:
            await asked.api.post(f"{_path(asked)}/cancel", {"reason": reason})
        except Refused as refused:
            return await self.cancel_sheet(asked, errors_of(refused, asked.words, FIELDS), refused.status, reason)
        return _done(asked, asked.words("Cancelled."))

    async def _sheet(
        self, asked: Asked, name: str, errors: Mapping[str, str] | None, status: int, **more: Any
    ) -> Response:
        item = more.pop("item", None) or await asked.api.get(_path(asked))
        known = await self._known([item["customer"]])
        shown = promise(item, known, asked.formats, self._now())
        address = f"/console/promises/{shown.id}/{name}"
        context = {"p": shown, "address": address, "errors": errors or {}, **more}
        return asked.page(f"promises/{name}.html", status, **context)

    def _no_longer(self, asked: Asked, refused: Refused) -> str:
        """Why not, and where the API names them, the nearest times that can be kept."""
        slots = refused.problem.get("slots")
        if slots is None:
            return errors_of(refused, asked.words).get("") or next(iter(errors_of(refused, asked.words).values()))
        if not slots:
            return asked.words("This time cannot be kept, and no other near it can.")
        times = ", ".join(asked.formats.when(slot["due_at"], self._now()) for slot in slots)
        return asked.words("This time cannot be kept. These can: %(times)s.", times=times)

    def _now(self) -> datetime:
        return self._site.pages.clock.now()

    def _start(self, day: str) -> datetime | None:
        start = self._instant(day, "00:00") if day else None
        return None if start is None else max(start, self._now())

    def _instant(self, day: str, clock: str) -> datetime | None:
        """Of the house's clock; None where nobody can tell which is meant."""
        zone = ZoneInfo(self._site.pages.house.zone)
        try:
            on = date.fromisoformat(day) if day else self._now().astimezone(zone).date()
            at = datetime.combine(on, time.fromisoformat(clock), zone)
        except ValueError:
            return None
        return at if abs(at - self._now()) < timedelta(days=400) else None


def _apart(slots: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Some of them, so that a few span hours."""
    found: list[Mapping[str, Any]] = []
    for slot in slots:
        if not found or datetime.fromisoformat(slot["due_at"]) - datetime.fromisoformat(found[-1]["due_at"]) >= APART:
            found.append(slot)
    return found[:SLOTS]


def _path(asked: Asked) -> str:
    return f"/callbacks/{asked.request.path_params['promise_id']}"


def _done(asked: Asked, told: str) -> Response:
    back = f"/console/promises/{asked.request.path_params['promise_id']}"
    return done(asked, told, changed="promises", back=back)
