"""Text messages: out through the REST API or from a document, in from telephones, with the carrier's own opt-out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from simulator.calls import Subscription
from simulator.parameters import API_VERSION, country_of
from simulator.verbs import Message
from simulator.webhooks import Fetched, WebhookFailed

if TYPE_CHECKING:
    from simulator.network import Network, NumberSettings
    from simulator.run import Next, Runner

LONGEST_BODY = 1600
SENDING_SECONDS = 0.5
DELIVERING_SECONDS = 1.0
STOP_WORDS = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
START_WORDS = frozenset(["START", "YES", "UNSTOP"])
HELP_WORDS = frozenset(["HELP", "INFO"])
CANNED = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


@dataclass(slots=True)
class TextMessage:
    sid: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None = None
    error_code: int | None = None
    media: int = 0
    subscription: Subscription | None = None

    @property
    def segments(self) -> int:
        plain = all(ord(letter) < 128 or letter in "àèéìòùäöüñÄÖÜÑßÉ£€" for letter in self.body)
        alone, joined = (160, 153) if plain else (70, 67)
        return 1 if len(self.body) <= alone else math.ceil(len(self.body) / joined)


class Messages:
    def __init__(self, network: Network) -> None:
        self._network = network
        self.all: dict[str, TextMessage] = {}
        self.opted_out: set[tuple[str, str]] = set()  # (own number, person's number)
        self.undeliverable: dict[str, int] = {}  # a person's number -> the error that sending to it meets

    def send(
        self, sender: str, to: str, body: str, direction: str, subscription: Subscription | None = None, media: int = 0
    ) -> TextMessage:
        message = self._new(sender, to, body, direction, "queued")
        message.subscription, message.media = subscription, media
        self._network.clock.spawn(self._deliver(message), "carrier-text")
        return message

    def from_phone(self, sender: str, to: str, body: str) -> str:
        """A person writes; to an own number it goes to the application."""
        message = self._new(sender, to, body, "inbound", "received")
        settings = self._network.numbers.get(to)
        if settings is None:
            for phone in self._network.directory.at(to):
                phone.text_arrives(sender, body)
        else:
            self._network.clock.spawn(self._receive(message, settings), "carrier-text-in")
        return message.sid

    def from_call(self, runner: Runner, verb: Message) -> Next | None:
        """Sms within a call's document, which goes on at its action."""
        call = runner.call
        sender = verb.sender or (call.to if call.to in self._network.numbers else call.from_)
        to = verb.to or (call.from_ if call.to in self._network.numbers else call.to)
        if sender not in self._network.numbers:
            self._network.alert(14102, runner.base, f"Sms from {sender}, not a number of this account", call.sid)
            return None
        sent = self.send(sender, to, verb.body, "outbound-call", _callback(verb, runner.base), len(verb.media))
        if verb.action is None:
            return None
        return runner.action(verb.action, verb.method, {"SmsSid": sent.sid, "SmsStatus": "sent"})

    def _new(self, sender: str, to: str, body: str, direction: str, status: str) -> TextMessage:
        now = self._network.clock.now()
        message = TextMessage(self._network.sid("SM"), sender, to, body, direction, status, now, now)
        self.all[message.sid] = message
        self._network.note("text", message.sid, f"{sender} {to}")
        return message

    async def _deliver(self, message: TextMessage) -> None:
        clock = self._network.clock
        await clock.sleep(SENDING_SECONDS)
        message.sent_at = clock.now()
        self._progress(message, "sent")
        await clock.sleep(DELIVERING_SECONDS)
        error = self._network.messages.undeliverable.get(message.to)
        if error is not None:
            message.error_code = error
            self._progress(message, "undelivered")
            return
        for phone in self._network.directory.at(message.to):
            phone.text_arrives(message.sender, message.body)
        self._progress(message, "delivered")

    def _progress(self, message: TextMessage, status: str) -> None:
        message.status, message.updated_at = status, self._network.clock.now()
        if message.subscription is None:
            return
        form = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": self._network.account_sid,
            "From": message.sender,
            "To": message.to,
            "ApiVersion": API_VERSION,
        }
        if message.error_code is not None:
            form["ErrorCode"] = str(message.error_code)
        self._network.webhooks.news(message.subscription.url, message.subscription.method, form)

    async def _receive(self, message: TextMessage, settings: NumberSettings) -> None:
        self._opt(message)
        told = self._network.applications.get(settings.sms_application_sid, settings)
        if not told.sms_url:
            return
        form = self._form(message)
        try:
            fetched = await self._network.webhooks.document(told.sms_url, told.sms_method, form)
        except WebhookFailed as failure:
            self._network.alert(failure.code, failure.url, failure.why)
            if not told.sms_fallback_url:
                return
            form |= {"ErrorCode": str(failure.code), "ErrorUrl": failure.url}
            try:
                fetched = await self._network.webhooks.document(told.sms_fallback_url, told.sms_fallback_method, form)
            except WebhookFailed as second:
                self._network.alert(second.code, second.url, second.why)
                return
        self._reply(message, fetched)

    def _reply(self, message: TextMessage, fetched: Fetched) -> None:
        for verb in fetched.script.verbs:
            if not isinstance(verb, Message):
                continue
            to = verb.to or message.sender
            if (message.to, to) in self.opted_out:
                self._network.alert(21610, fetched.url, f"{to} has opted out")
            else:
                sent = self.send(
                    verb.sender or message.to,
                    to,
                    verb.body,
                    "outbound-reply",
                    _callback(verb, fetched.url),
                    len(verb.media),
                )
                if verb.action:
                    form = {"MessageSid": sent.sid, "MessageStatus": "sent", "From": sent.sender, "To": sent.to}
                    url = urljoin(fetched.url, verb.action)
                    self._network.webhooks.news(url, verb.method, form)

    def _opt(self, message: TextMessage) -> None:
        """STOP, START and HELP are the carrier's own; the application hears of them all the same."""
        pair, word = (message.to, message.sender), message.body.strip().upper()
        if word in STOP_WORDS and pair not in self.opted_out:
            self._canned(message, "STOP")
            self.opted_out.add(pair)
        elif word in START_WORDS and pair in self.opted_out:
            self.opted_out.discard(pair)
            self._canned(message, "START")
        elif word in HELP_WORDS:
            self._canned(message, "HELP")

    def _canned(self, message: TextMessage, kind: str) -> None:
        for phone in self._network.directory.at(message.sender):
            phone.text_arrives(message.to, CANNED[kind])

    def _form(self, message: TextMessage) -> dict[str, str]:
        form = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsMessageSid": message.sid,
            "AccountSid": self._network.account_sid,
            "From": message.sender,
            "To": message.to,
            "Body": message.body,
            "NumMedia": "0",
            "NumSegments": str(message.segments),
            "SmsStatus": "received",
            "ApiVersion": API_VERSION,
        }
        for prefix, number in (("From", message.sender), ("To", message.to)):
            form |= {
                f"{prefix}City": "",
                f"{prefix}State": "",
                f"{prefix}Zip": "",
                f"{prefix}Country": country_of(number),
            }
        return form


def _callback(verb: Message, base: str) -> Subscription | None:
    return Subscription(urljoin(base, verb.status_callback)) if verb.status_callback else None
