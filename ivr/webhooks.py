"""Twilio's door: signature, the call's lock, one answer per webhook however often it comes, and never an error."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from carrier.signatures import Forged, Odd, Signatures
from crm.connectors.lookup import Lookup
from crm.identify import identify
from ivr import answers, calls, consent, dialogue, hooks, journey, sounds, talk_recordings
from ivr.arrivals import believed, open_inbound
from ivr.document import Document, HangUp
from ivr.inbox import receive_text, text_state
from ivr.journey import SILENT
from ivr.lifecycle import LEG_ENDS
from ivr.phrases import spoken_language
from ivr.recordings import recording_ready, words_of
from ivr.talk import end_call
from ivr.turn import Rooms, Turn
from ivr.twiml import EMPTY, render
from ivr.wordings import remember_wordings
from store.faults import told

log = structlog.get_logger()

DEADLINE_SECONDS = 3.0
NEWS_DEADLINE_SECONDS = 10.0  # nobody listens to the answer, and the carrier tells it only once
NEWS = ("/status", "/left", "/recording", "/talk-recording", "/transcription")
MAX_BODY_BYTES = 64 * 1024

NOTHING_ASKED: dict[str, Any] = {"question_at": None, "hears_until": None}  # unless the document says so
STORE_AWAY = (OperationalError, InterfaceError, PoolTimeout)  # also a deadlock, or a row that stayed locked

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Hook:
    """One verified webhook."""

    path: str
    query: Mapping[str, str]
    form: Form
    key: str  # what was signed, hashed: the same again is the same webhook


class Webhooks:
    def __init__(
        self,
        rooms: Rooms,
        signatures: Signatures,
        *,
        deadline: float = DEADLINE_SECONDS,
        elsewhere: Lookup | None = None,
    ) -> None:
        """`elsewhere`: another system that may know callers whom nobody here knows."""
        self._rooms, self._signatures, self._deadline, self._elsewhere = rooms, signatures, deadline, elsewhere
        self._given_up: set[asyncio.Task[str]] = set()

    @property
    def routes(self) -> list[Route]:
        return [
            self._route("/twilio/voice", self._incoming),
            self._route("/twilio/voice/fallback", self._fallback),
            self._route("/twilio/status", self._call_status),
            self._route("/twilio/voice/recording", self._of_recording(recording_ready)),
            self._route("/twilio/voice/name/recording", self._of_recording(answers.name_ready)),
            self._route("/twilio/voice/transcription", self._of_recording(words_of)),
            self._route(consent.STATUS_PATH, self._of_talk),
            *(self._route(f"/twilio/voice/{name}", self._of_caller(step)) for name, step in hooks.CALLER.items()),
            *(self._route(path, self._of_leg(step)) for path, step in hooks.LEGS.items()),
            *(self._route(path, self._leg_status(step)) for path, step in hooks.LEG_NEWS.items()),
            *(self._route(path, self._into_room(step)) for path, step in hooks.ROOM.items()),
            self._route("/twilio/sms", self._text),
            self._route("/twilio/sms/status", self._text_status),
            Route("/twilio/sounds/ringback.wav", sounds.play, methods=["GET"]),
        ]

    def _route(self, path: str, answer: Callable[[Hook], Awaitable[str]]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                hook = await self._verified(request)
            except ClientDisconnect:
                return Response(status_code=400)  # which nobody hears any more
            except Forged as error:
                log.warning("webhook_refused", path=path, reason=type(error).__name__)
                return PlainTextResponse("Forbidden\n", status_code=403)
            return Response(await self._safely(hook, answer), media_type="text/xml")

        return Route(path, endpoint, methods=["GET", "POST"])

    async def _verified(self, request: Request) -> Hook:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise Forged("too large")
        query = request.scope["query_string"].decode("ascii", "surrogateescape")
        target = request.scope["raw_path"].decode("ascii", "surrogateescape").partition("?")[0]
        target += f"?{query}" if query else ""
        try:
            form: Form = self._signatures.check(request.method, target, request.headers, body).fields
        except Odd as error:
            log.warning("webhook_odd", path=request.url.path)
            form = error.form.fields
        key = hashlib.sha256(b"\0".join((request.method.encode(), target.encode("utf-8", "surrogateescape"), body)))
        return Hook(request.url.path, dict(request.query_params), form, key.hexdigest())

    async def _safely(self, hook: Hook, answer: Callable[[Hook], Awaitable[str]]) -> str:
        """Whatever breaks behind it, the caller hears the safe document and the carrier gets its 200."""
        try:
            news = hook.path.endswith(NEWS)
            limit = max(NEWS_DEADLINE_SECONDS, self._deadline) if news else self._deadline
            return await self._within(limit, _twice(lambda: answer(hook)))
        except (*STORE_AWAY, TimeoutError) as error:
            log.warning("webhook_store_away", path=hook.path, **told(error))
            return self._safe(hook)
        except Exception as error:
            log.error("webhook_failed", path=hook.path, **told(error))
            return self._safe(hook)

    async def _within(self, seconds: float, work: Coroutine[Any, Any, str]) -> str:
        """Raises TimeoutError.  In a task of its own: a connection to a database that hangs takes ten seconds to give
        up, for which the caller does not wait."""
        task = asyncio.create_task(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return task.result()
        task.cancel()
        self._given_up.add(task)
        task.add_done_callback(self._ended)
        raise TimeoutError

    def _ended(self, task: asyncio.Task[str]) -> None:
        self._given_up.discard(task)
        if not task.cancelled():
            task.exception()  # of which nobody else will hear

    def _safe(self, hook: Hook) -> str:
        """Needs nothing that can break: no database, no name."""
        if not hook.path.startswith("/twilio/voice") or hook.form.get("CallStatus") in LEG_ENDS:
            return render((HangUp(),)) if hook.path.endswith(("/answer", "/key", "/again")) else EMPTY
        rooms = self._rooms
        speaker = rooms.speaker(None, spoken_language(None, rooms.house.language), 0, rooms.clock.now())
        stage = dialogue.Stage(speaker, None, rooms.url, 0)
        if hook.path.endswith("/message"):
            # The recording is at Twilio and will be found there; a second error would only frighten them.
            return render(dialogue.message_kept(stage, None))
        wants_call_back = hook.path.endswith("/callback") or hook.form.get("Digits") == dialogue.CALLBACK_KEY
        return render(dialogue.safe(stage, then="/twilio/voice/callback" if wants_call_back else "/twilio/voice/wait"))

    # The caller's leg

    async def _incoming(self, hook: Hook) -> str:
        form, rooms = hook.form, self._rooms
        turns: list[Turn] = []
        elsewhere = None if form.get("CallStatus") in LEG_ENDS else self._elsewhere
        # Before the transaction: while another house thinks, no row is locked and nobody's writing is held up.
        introduction = None if elsewhere is None else await elsewhere.ask(form.get("From"))
        async with rooms.database.write() as conn:
            call = await calls.lock_by_sid(conn, form["CallSid"])
            if call is not None:
                return call.reply if call.reply and call.reply_key == hook.key else await self._again(conn, call, turns)
            found = await identify(conn, form.get("From"), rooms.house.country)
            if elsewhere is not None:
                found = await elsewhere.met(conn, found, introduction)
            found = await believed(rooms, conn, form, found)
            await rooms.numbers.remember(conn, form["To"])
            turn = await open_inbound(rooms, conn, form, found)
            turns.append(turn)
            if form.get("CallStatus") in LEG_ENDS:
                await end_call(turn)
                reply = EMPTY
            else:
                reply = await self._reply(turn, hook, await journey.arrive(turn, found))
        _finish(turns)
        return reply

    async def _again(self, conn: Any, call: Row[Any], turns: list[Turn]) -> str:
        """The first webhook once more, with other words: the call goes on where it is."""
        turn = await Turn.of(self._rooms, conn, call)
        turns.append(turn)
        return render(await answers.go_on(turn, {}, {}))

    def _of_caller(self, step: hooks.CallerStep) -> Callable[[Hook], Awaitable[str]]:
        async def answer(hook: Hook) -> str:
            turns: list[Turn] = []
            async with self._rooms.database.write() as conn:
                call = await calls.lock_by_sid(conn, hook.form["CallSid"])
                if call is not None and call.reply_key == hook.key and call.reply:
                    return str(call.reply)
                if "n" not in hook.query:  # where they were sent by us
                    url = self._rooms.url(hook.path, **hook.query)
                    await self._rooms.carrier.arrived(conn, hook.form["CallSid"], url=url)
                # Without a row it was answered by the safe document, while the store was away: it is opened now.
                turn = await (self._arrival(conn, hook.form) if call is None else Turn.of(self._rooms, conn, call))
                turns.append(turn)
                if hook.form.get("CallStatus") in LEG_ENDS:
                    await self._last_words(turn, hook, step)
                    reply = EMPTY
                elif call is not None and _stale(hook, call):
                    return str(call.reply or EMPTY)  # an old capture, or a webhook overtaken by a newer one
                else:
                    if call is not None:
                        await self._next_step(turn)
                    reply = await self._reply(turn, hook, await step(turn, hook.form, hook.query))
            _finish(turns)
            return reply

        return answer

    async def _arrival(self, conn: Any, form: Form) -> Turn:
        found = await identify(conn, form.get("From"), self._rooms.house.country)
        return await open_inbound(self._rooms, conn, form, await believed(self._rooms, conn, form, found))

    async def _last_words(self, turn: Turn, hook: Hook, step: hooks.CallerStep) -> None:
        """The caller hung up; a message they left with it is kept all the same."""
        if hook.path.endswith("/message") and hook.form.get("RecordingSid"):
            await step(turn, hook.form, hook.query)
        await end_call(turn)

    async def _next_step(self, turn: Turn) -> None:
        """The documents of this turn carry the next number, and the call is looked after if nothing follows."""
        await calls.note(turn.conn, turn.call.id, step=turn.call.step + 1, due_at=turn.now + SILENT)
        turn.call = (await calls.lock(turn.conn, turn.call.id)) or turn.call

    async def _reply(self, turn: Turn, hook: Hook, document: Document) -> str:
        reply = render(document)
        if turn.person is not None:
            await remember_wordings(turn.conn, turn.person.id, document, turn.heard.wordings)
        await calls.note(turn.conn, turn.call.id, reply_key=hook.key, reply=reply, **NOTHING_ASKED | turn.notes)
        return reply

    async def _call_status(self, hook: Hook) -> str:
        if hook.form.get("CallStatus") not in LEG_ENDS:
            return EMPTY
        turns: list[Turn] = []
        async with self._rooms.database.write() as conn:
            call = await calls.lock_by_sid(conn, hook.form["CallSid"])
            if call is not None:
                turn = await Turn.of(self._rooms, conn, call)
            elif hook.form.get("Direction", "inbound") == "inbound" and hook.form.get("To"):
                turn = await self._arrival(conn, hook.form)  # its end came before its beginning
            else:
                return EMPTY
            turns.append(turn)
            await end_call(turn)
        _finish(turns)
        return EMPTY

    async def _fallback(self, hook: Hook) -> str:
        """Twilio could not use our last answer: the caller hears the apology, and may still be helped."""
        log.error("fallback_used", code=hook.form.get("ErrorCode"))
        return self._safe(hook)

    # The legs we made

    def _of_leg(self, step: hooks.LegStep) -> Callable[[Hook], Awaitable[str]]:
        async def answer(hook: Hook) -> str:
            turns: list[Turn] = []
            async with self._rooms.database.write() as conn:
                found = await self._leg(conn, hook, turns)
                reply = render((HangUp(),)) if found is None else render(await step(found[0], found[1], hook.form))
            _finish(turns)
            return reply

        return answer

    def _leg_status(self, step: hooks.LegNews) -> Callable[[Hook], Awaitable[str]]:
        async def answer(hook: Hook) -> str:
            turns: list[Turn] = []
            async with self._rooms.database.write() as conn:
                found = await self._leg(conn, hook, turns)
                if found is not None:
                    await step(found[0], found[1], hook.form)
            _finish(turns)
            return EMPTY

        return answer

    def _into_room(self, step: hooks.RoomStep) -> Callable[[Hook], Awaitable[str]]:
        async def answer(hook: Hook) -> str:
            """Nothing changes by it: the call's own document, in which the room is, stays the last one given."""
            async with self._rooms.database.read() as conn:
                call = await calls.read(conn, hook.query.get("call", ""))
                if call is None:
                    return EMPTY
                return render(await step(await Turn.of(self._rooms, conn, call), hook.query))

        return answer

    async def _leg(self, conn: Any, hook: Hook, turns: list[Turn]) -> tuple[Turn, Row[Any]] | None:
        """The leg of our mark in the URL.  Its first webhook may know its SID before our request has come back."""
        found = await calls.lock_by_leg(conn, hook.query.get("leg", ""))
        if found is None:
            return None
        call, leg = found
        sid = hook.form["CallSid"]
        if leg.sid is not None and leg.sid != sid:
            return None
        turn = await Turn.of(self._rooms, conn, call)
        turns.append(turn)
        if leg.sid is None:
            await learn_sid(turn, leg, sid)
            leg = (await calls.lock_by_leg(conn, leg.id) or found)[1]
        return turn, leg

    # Texts and recordings

    async def _text(self, hook: Hook) -> str:
        async with self._rooms.database.write() as conn:
            effects = await receive_text(self._rooms, conn, hook.form)
        self._rooms.carrier.kick(*effects)
        return EMPTY

    async def _text_status(self, hook: Hook) -> str:
        async with self._rooms.database.write() as conn:
            await text_state(conn, hook.query.get("text"), hook.form, self._rooms.clock.now())
        return EMPTY

    async def _of_talk(self, hook: Hook) -> str:
        """A room's recording belongs to a call by our mark: the carrier names the room, not the caller."""
        async with self._rooms.database.write() as conn:
            effects = await talk_recordings.told(self._rooms, conn, hook.query.get("call", ""), hook.form)
        self._rooms.carrier.kick(*effects)
        return EMPTY

    def _of_recording(self, step: Callable[[Turn, Form], Awaitable[None]]) -> Callable[[Hook], Awaitable[str]]:
        async def answer(hook: Hook) -> str:
            turns: list[Turn] = []
            async with self._rooms.database.write() as conn:
                if (call := await calls.lock_by_sid(conn, hook.form.get("CallSid", ""))) is not None:
                    turns.append(await Turn.of(self._rooms, conn, call))
                    await step(turns[0], hook.form)
            _finish(turns)
            return EMPTY

        return answer


async def learn_sid(turn: Turn, leg: Row[Any], sid: str) -> None:
    await calls.change_leg(turn.conn, leg.id, sid=sid)
    if leg.role == "caller":
        await turn.change(sid=sid)
    effect = await turn.rooms.carrier.learn_sid(turn.conn, leg.id, sid)
    if effect is not None:
        turn.effects.append(effect)


def _finish(turns: list[Turn]) -> None:
    for turn in turns:
        turn.finish()


def _stale(hook: Hook, call: Row[Any]) -> bool:
    n = hook.query.get("n")
    return n is not None and n != str(call.step)


async def _twice(answer: Callable[[], Awaitable[str]]) -> str:
    """Two webhooks that meet on one row, or a connection that died in the pool: the second try settles it."""
    try:
        return await answer()
    except (IntegrityError, *STORE_AWAY) as error:
        log.info("webhook_tried_again", error=type(error).__name__)
        return await answer()
