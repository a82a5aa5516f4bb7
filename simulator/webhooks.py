"""Requests from the carrier to the customer's application: signed, retried, redirected, with a fallback.

Two kinds: a document that a call runs next, and news whose answer nobody reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from simulator import parameters
from simulator.attributes import TwimlError
from simulator.http import Answer, AnswerFailed, ConnectFailed, Patience
from simulator.overrides import BadOverride, Target, read_target
from simulator.signing import signature
from simulator.twiml import LONGEST_DOCUMENT_BYTES, Script, parse
from simulator.verbs import Play, Say

if TYPE_CHECKING:
    from simulator.calls import Call, Subscription
    from simulator.network import Network

DOCUMENT_SECONDS = 15.0
MOST_REDIRECTS = 10
XML_TYPES = ("text/xml", "application/xml", "text/html")
LATENESS = ("delay", "shuffle")
TROUBLE = ("refuse", "lose", "lose_answer", "duplicate", "duplicate_at_once")
Form = Mapping[str, str]


class WebhookFailed(Exception):
    """A webhook that brought nothing usable; `code` is Twilio's error number."""

    def __init__(self, code: int, url: str, why: str) -> None:
        super().__init__(f"{code} {url}: {why}")
        self.code, self.url, self.why = code, url, why


@dataclass(frozen=True, slots=True)
class Fetched:
    script: Script
    url: str  # after redirects: what relative URLs in the document start from


@dataclass(frozen=True, slots=True)
class _Request:
    """One webhook with all its attempts."""

    url: str
    method: str
    form: Form
    token: str
    cookies: dict[str, str] | None = None
    late: bool = False  # its delays on demand have passed already


class Webhooks:
    def __init__(self, network: Network) -> None:
        self._network = network

    async def document(self, url: str, method: str, form: Form, cookies: dict[str, str] | None = None) -> Fetched:
        """Raises WebhookFailed."""
        request = _Request(url, method, form, self._network.uuid(), cookies)
        answer, final_url = await self._within(DOCUMENT_SECONDS, request)
        return Fetched(_read_document(answer, final_url), final_url)

    async def audio_seconds(self, url: str) -> float:
        """How long a sound plays; it is really fetched, once.  Raises WebhookFailed."""
        known = self._network.sound_seconds
        if url not in known:
            request = _Request(url, "GET", {}, self._network.uuid())
            answer, _ = await self._within(DOCUMENT_SECONDS, request)
            kind = answer.headers.get("content-type", "").partition(";")[0]
            if not kind.startswith("audio/") and kind != "application/octet-stream":
                raise WebhookFailed(12300, url, f"a sound of type {kind!r}")
            known[url] = _wave_seconds(answer.body) or self._network.play_seconds
            self._network.voices.keep(url, answer.body)
        return known[url]

    def progress(self, call: Call, subscription: Subscription, event: str, sequence: int) -> None:
        """A status callback of a call, with the state of this moment."""
        self.news(subscription.url, subscription.method, parameters.progress(call, event, sequence), call.sid)

    def news(self, url: str, method: str, form: Form, call_sid: str = "") -> None:
        """Delivered in the background; what is answered does not matter, failing is only noted."""
        self._network.clock.spawn(self._deliver(url, method, dict(form), call_sid), "carrier-news")

    async def _deliver(self, url: str, method: str, form: Form, call_sid: str) -> None:
        await self._dawdle(url)
        try:
            await self._within(DOCUMENT_SECONDS, _Request(url, method, form, self._network.uuid(), late=True))
        except WebhookFailed as failure:
            self._network.alert(failure.code, failure.url, failure.why, call_sid)

    async def _dawdle(self, url: str) -> None:
        """Delays on demand."""
        network = self._network
        for fault in network.faults.of_webhook(url, LATENESS):
            seconds = fault.seconds if fault.effect == "delay" else network.random.uniform(0.0, fault.seconds)
            await network.clock.sleep(seconds)

    async def _within(self, seconds: float, request: _Request) -> tuple[Answer, str]:
        """A bound in the clock's time as well: a slow application under a virtual clock is slow too."""
        outcome: list[tuple[Answer, str] | WebhookFailed] = []
        done = self._network.clock.alarm()

        async def work() -> None:
            try:
                outcome.append(await self._attempts(request))
            except WebhookFailed as failure:
                outcome.append(failure)
            finally:
                done.ring()

        task = self._network.clock.spawn(work(), "carrier-webhook")
        if not await done.wait(seconds):
            task.cancel()
            raise WebhookFailed(11200, request.url, "no answer in time")
        if not outcome:
            raise WebhookFailed(11200, request.url, "stopped")
        if isinstance(outcome[0], WebhookFailed):
            raise outcome[0]
        return outcome[0]

    async def _attempts(self, request: _Request) -> tuple[Answer, str]:
        try:
            target = read_target(request.url)
        except BadOverride as error:
            raise WebhookFailed(11100, request.url, f"override {error}") from error
        if urlsplit(target.url).scheme not in ("http", "https") or not urlsplit(target.url).hostname:
            raise WebhookFailed(11100, target.url, "not an absolute http URL")
        attempt = 0
        while True:
            try:
                return await self._follow(target, request)
            except _Unanswered as failure:
                attempt += 1
                if failure.cause not in target.retry_on or attempt > target.retries:
                    raise WebhookFailed(failure.code, failure.url, failure.why) from failure

    async def _follow(self, target: Target, request: _Request) -> tuple[Answer, str]:
        url = target.url
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._once(url, request, target.patience)
            if not 300 <= answer.status < 400:
                if not 200 <= answer.status < 300:
                    cause = "5xx" if answer.status >= 500 else "4xx"
                    raise _Unanswered(cause, 11200, url, f"status {answer.status}")
                return answer, url
            if answer.status not in (301, 302, 303, 307) or not answer.headers.get("location"):
                raise WebhookFailed(11216, url, f"status {answer.status}")
            url = urljoin(url, answer.headers["location"])
            if answer.status != 307:
                request = replace(request, method="GET", form={})  # the form is lost on the way, as with Twilio
        raise WebhookFailed(11215, target.url, f"more than {MOST_REDIRECTS} redirects")

    async def _once(self, url: str, request: _Request, patience: Patience) -> Answer:
        body = b""
        if request.method == "POST":
            body = urlencode(request.form).encode()
        elif request.form:
            url += ("&" if "?" in url else "?") + urlencode(request.form)
        network = self._network
        try:
            answer = await self._send(url, request, body, patience)
        except ConnectFailed as error:
            network.note(request.method, url, "refused")
            raise _Unanswered("ct", 11205, url, str(error)) from error
        except AnswerFailed as error:
            network.note(request.method, url, "no answer")
            raise _Unanswered("rt", 11200, url, str(error)) from error
        network.note(request.method, url, str(answer.status), request.form)
        if request.cookies is not None:
            _keep_cookies(request.cookies, answer)
        return answer

    async def _send(self, url: str, request: _Request, body: bytes, patience: Patience) -> Answer:
        """With whatever mischief was asked for.  Raises ConnectFailed or AnswerFailed."""
        network, method, headers = self._network, request.method, self._headers(url, request)
        if not request.late:
            await self._dawdle(url)
        effects = {fault.effect for fault in network.faults.of_webhook(url, TROUBLE)}
        if "refuse" in effects:
            raise ConnectFailed("refused on demand")
        if "lose" in effects:
            raise AnswerFailed("lost on demand")
        if "duplicate_at_once" in effects:
            network.clock.spawn(network.http.send(method, url, headers, body, patience), "carrier-duplicate")
        if "duplicate" in effects:
            await network.http.send(method, url, headers, body, patience)
        answer = await network.http.send(method, url, headers, body, patience)
        if "lose_answer" in effects:
            raise AnswerFailed("answer lost on demand")
        return answer

    def _headers(self, url: str, request: _Request) -> dict[str, str]:
        signed = request.form if request.method == "POST" else None
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "Accept-Encoding": "gzip",
            "X-Home-Region": "us1",
            "I-Twilio-Idempotency-Token": request.token,
            "X-Twilio-Signature": signature(self._network.auth_token, url, signed),
        }
        if request.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        if request.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in request.cookies.items())
        return headers


class _Unanswered(Exception):
    """One attempt that failed, with the cause that `rp` may list."""

    def __init__(self, cause: str, code: int, url: str, why: str) -> None:
        super().__init__(why)
        self.cause, self.code, self.url, self.why = cause, code, url, why


def _read_document(answer: Answer, url: str) -> Script:
    if len(answer.body) > LONGEST_DOCUMENT_BYTES:
        raise WebhookFailed(11750, url, f"{len(answer.body)} bytes")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("audio/"):
        return Script((Play(url),))
    if kind == "text/plain" and not answer.body.lstrip().startswith(b"<"):
        return Script((Say(answer.body.decode("utf-8", "replace").strip()),))
    if kind not in (*XML_TYPES, "text/plain"):
        if answer.status == 204 or not (kind or answer.body):
            return Script(())
        raise WebhookFailed(12300, url, f"content type {kind!r}")
    try:
        return parse(answer.body)
    except TwimlError as error:
        raise WebhookFailed(error.code, url, error.message) from error


def _wave_seconds(sound: bytes) -> float | None:
    """The length that a WAV header states."""
    data = sound.find(b"data")
    if sound[:4] != b"RIFF" or data < 0 or len(sound) < 32:
        return None
    bytes_per_second = int.from_bytes(sound[28:32], "little")
    return int.from_bytes(sound[data + 4 : data + 8], "little") / bytes_per_second if bytes_per_second else None


def _keep_cookies(cookies: dict[str, str], answer: Answer) -> None:
    for line in answer.cookies:
        try:
            cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        except CookieError:
            continue
