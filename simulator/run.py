"""A call runs its documents: fetch, run the verbs in order, follow where they lead, fall back when something breaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from simulator import parameters
from simulator.attributes import TwimlError
from simulator.calls import Call, Gone, Source, TakenAway
from simulator.twiml import Script, parse
from simulator.verbs import (
    Dial,
    Gather,
    Hangup,
    Leave,
    Message,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Unsupported,
    Verb,
)
from simulator.webhooks import WebhookFailed

if TYPE_CHECKING:
    from simulator.network import Network

MOST_DOCUMENTS_AT_ONCE = 50
SORRY = "We are sorry, an application error has occurred. Goodbye."
ALLOWED: Mapping[str, tuple[type, ...]] = {
    "whisper": (Say, Play, Pause, Gather, Hangup, Redirect),
    "wait": (Say, Play, Pause, Redirect),  # conference wait, hold and announcement documents
    "queue wait": (Say, Play, Pause, Gather, Redirect, Leave, Hangup),
    "queue whisper": (Say, Play, Pause, Redirect),
}


Next = tuple[Source | None, Mapping[str, str]]  # where a call goes on, and the form to send there
Handler = Callable[["Runner", Any], Awaitable[Next | None]]


class Left(Exception):
    """The wait document said Leave."""


class HungUpByScript(Exception):
    """A whisper said Hangup: that leg ends, not the caller's document."""


class Runner:
    """Runs documents for one call.  `context` says which verbs are allowed; "call" allows all."""

    def __init__(self, call: Call, context: str = "call", extra: Callable[[], Mapping[str, str]] = dict) -> None:
        self.call = call
        self.context = context
        self.network: Network = call.network
        self.base = ""  # URL of the document that runs
        self.extra = extra  # parameters of this context, fresh for each request

    async def run(self, source: Source) -> None:
        """The call's whole remaining life; it is over afterwards.  Raises nothing but Gone."""
        following: Source | None = source
        while following is not None:
            try:
                await self.follow(following)
                following = None
            except TakenAway as moved:
                following = moved.source
            except (WebhookFailed, TwimlError) as failure:
                await self._apologise(failure)
                following = None
        if self.call.answered_at is None and not self.call.over:
            self.call.answer()
        self.call.finish("completed")

    async def follow(self, source: Source | None, form: Mapping[str, str] | None = None) -> None:
        """One document after the other until one ends without pointing on."""
        fallen_back = False
        began, documents = self.network.clock.now(), 0
        while source is not None:
            try:
                began, documents = self._count(began, documents)
                script = await self._obtain(source, form or {})
                self.call.check()
                fallen_back = fallen_back and source == self.call.fallback  # once, until something else was obtained
                source, form = await self.verbs(script)
            except (WebhookFailed, TwimlError) as failure:
                url = failure.url if isinstance(failure, WebhookFailed) else self.base
                self.network.alert(failure.code, url, str(failure), self.call.sid)
                if self.call.fallback is None or fallen_back or self.context != "call":
                    raise
                fallen_back = True
                source = self.call.fallback
                form = {**(form or {}), "ErrorCode": str(failure.code), "ErrorUrl": url.partition("#")[0]}
                self.call.check()

    def _count(self, began: datetime, documents: int) -> tuple[datetime, int]:
        """Documents without a second in between chase each other for ever.  Raises TwimlError."""
        now = self.network.clock.now()
        if (now - began).total_seconds() >= 1:
            return now, 1
        if documents >= MOST_DOCUMENTS_AT_ONCE:
            raise TwimlError(11215, f"{documents} documents within one second")
        return began, documents + 1

    async def verbs(self, script: Script) -> Next:
        """Runs one document; returns what it points to and the form to send there."""
        for warning in script.warnings:
            self.network.alert(warning.code, self.base, warning.message, self.call.sid)
        for verb in script.verbs:
            self.call.check()
            following = await self._verb(verb)
            if following is not None:
                return following
        return None, {}

    def resolve(self, url: str) -> str:
        """Raises TwimlError on a relative URL in a document that came without one."""
        full = urljoin(self.base, url) if self.base else url
        if not urlsplit(full).scheme:
            raise TwimlError(11100, f"{url!r} is relative and the document has no URL")
        return full

    def action(self, url: str | None, method: str, form: Mapping[str, str]) -> Next:
        """Where a verb's result goes: its action, or the current document again."""
        return Source(self.resolve(url if url is not None else ""), method), form

    async def tell(self, url: str, method: str, form: Mapping[str, str]) -> None:
        """Ask an action whose answer cannot be obeyed any more: the caller is gone."""
        try:
            everything = parameters.standard(self.call) | dict(self.extra()) | dict(form)
            await self.network.webhooks.document(self.resolve(url), method, everything, self.call.cookies)
        except (WebhookFailed, TwimlError) as failure:
            self.network.alert(failure.code, url, str(failure), self.call.sid)

    async def _obtain(self, source: Source, form: Mapping[str, str]) -> Script:
        if source.url is None:
            self.base = ""
            return parse(source.twiml or "<Response/>")
        everything = parameters.standard(self.call) | dict(self.extra()) | dict(form)
        fetched = await self.network.webhooks.document(source.url, source.method, everything, self.call.cookies)
        self.base = fetched.url
        return fetched.script

    async def _verb(self, verb: Verb) -> Next | None:
        self._permit(verb)
        self._answer_for(verb)
        match verb:
            case Redirect():
                return Source(self.resolve(verb.url), verb.method), {}
            case Reject():
                self.call.finish("busy" if verb.reason == "busy" else "no-answer")
                raise Gone
            case Hangup():
                self._hang_up()
            case Leave():
                self._leave()
            case Message():
                return self.network.messages.from_call(self, verb)
            case Unsupported():
                raise TwimlError(12200, f"{verb.name} is not carried by this network")
            case _:
                return await self.network.verbs[type(verb)](self, verb)
        return None

    def _permit(self, verb: Verb) -> None:
        allowed = ALLOWED.get(self.context)
        if allowed is None or isinstance(verb, allowed):
            return
        if self.context == "whisper" and isinstance(verb, Dial):
            raise TwimlError(13201, "Dial: cannot dial out from a dialled call")
        code = 13238 if "wait" in self.context else 13215
        raise TwimlError(code, f"{type(verb).__name__} is forbidden in a {self.context} document")

    def _answer_for(self, verb: Verb) -> None:
        """Most verbs pick the call up; these leave the caller with the ringing tone."""
        if self.call.answered_at is not None or isinstance(verb, (Pause, Reject, Redirect, Message, Leave)):
            return
        if isinstance(verb, Dial) and verb.answer_on_bridge:
            return
        self.call.answer()

    def _hang_up(self) -> None:
        if self.context == "whisper":
            raise HungUpByScript
        self.call.finish("completed")
        raise Gone

    def _leave(self) -> None:
        if self.context == "queue wait":
            raise Left

    async def _apologise(self, failure: WebhookFailed | TwimlError) -> None:
        """What a caller hears when nothing can be run: the carrier's own sentence, then the line is dead."""
        self.call.answer()
        self.network.note("application error", self.call.sid, str(failure.code))
        try:
            await self.network.verbs[Say](self, Say(SORRY))
        except TakenAway as moved:
            await self.run(moved.source)
