"""Calls: create, redirect, end, look up."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.calls import Call, Source, Subscription
from simulator.machines import MachineDetection
from simulator.network import Application
from simulator.parameters import API_VERSION, rfc_2822
from simulator.placing import Order, place
from simulator.rest.asked import Asked
from simulator.rest.errors import Refused, bad_request
from simulator.rest.paging import page, within
from simulator.verbs import CALL_EVENTS, RecordingCallback

E164 = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_TWIML = 4000
LONGEST_RING_SECONDS = 600
PARTS = (
    "notifications", "recordings", "payments", "events", "siprec", "streams", "transcriptions",
    "user_defined_message_subscriptions", "user_defined_messages",
)  # fmt: skip


def create(asked: Asked) -> dict[str, Any]:
    """Url beats Twiml beats ApplicationSid; an application brings its own fallback and status callback."""
    source = _source(asked)
    if source is not None:
        return as_json(place(asked.network, order_of(asked, source)))
    application = _application(asked)
    order = order_of(asked, Source(application.voice_url, application.voice_method))
    fallback, status_url = application.voice_fallback_url, application.status_callback
    order = replace(
        order,
        fallback=Source(fallback, application.voice_fallback_method) if fallback else None,
        subscription=Subscription(status_url, application.status_callback_method) if status_url else None,
    )
    return as_json(place(asked.network, order))


def order_of(asked: Asked, source: Source) -> Order:
    """What Calls and Participants have in common.  Raises Refused."""
    to = destination(asked)
    from_ = origin(asked, to)
    digits = asked.text("SendDigits")
    if not re.fullmatch(r"[0-9A-D*#wW]{0,32}", digits):
        raise bad_request(21206, f"Invalid SendDigits: {digits}")
    ring_seconds = asked.number("Timeout", 60)
    if not 0 < ring_seconds <= LONGEST_RING_SECONDS:
        raise bad_request(21208, f"Invalid Timeout: {ring_seconds}")
    return Order(
        to=to,
        from_=from_,
        source=source,
        fallback=asked.source("FallbackUrl", "FallbackMethod"),
        subscription=asked.subscription("StatusCallback", CALL_EVENTS, ("completed",)),
        ring_seconds=ring_seconds,
        limit_seconds=asked.number("TimeLimit", 14400),
        send_digits=digits,
        detection=detection(asked),
        record=asked.flag("Record", False),
        recording_callback=recording_callback(asked, "RecordingStatusCallback"),
        recording_channels=recording_channels(asked),
        recording_track=recording_track(asked),
    )


def destination(asked: Asked) -> str:
    to = asked.text("To").strip()
    if not to:
        raise bad_request(21201, "No 'To' number is specified")
    address = to.partition("?")[0]
    if not (E164.fullmatch(to) or re.fullmatch(r"client:\S{1,256}|sips?:[^@\s]+@[^@\s]+", address)):
        raise bad_request(21211, f"The 'To' number {to} is not a valid phone number.")
    return to


def origin(asked: Asked, to: str) -> str:
    """The number shown: one of the account's own, or the caller's with their CallToken."""
    from_, borrowed = (asked.maybe("CallerId") or asked.text("From")).strip(), asked.text("CallToken")
    if not asked.text("From").strip():
        raise bad_request(21213, "No 'From' number is specified")
    if from_.startswith(("client:", "sip:")) and to.startswith(("client:", "sip:")):
        return from_
    if not E164.fullmatch(from_):
        raise bad_request(21212, f"The source phone number provided, {from_}, is not a valid phone number.")
    if from_ not in asked.network.numbers and not borrowed:
        raise bad_request(
            21210,
            f"The source phone number provided, {from_}, is not yet verified for your account. You may only make calls "
            "from phone numbers that you've verified or purchased from Twilio.",
        )
    return from_


def detection(asked: Asked) -> MachineDetection | None:
    """The thresholds are checked; there is no sound that they could be applied to.  Raises Refused 21234."""
    bounds = {"Timeout": (3, 60), "SpeechThreshold": (1000, 6000), "SpeechEndThreshold": (500, 5000),
              "SilenceTimeout": (2000, 10000)}  # fmt: skip
    for name, (lowest, highest) in bounds.items():
        if not lowest <= asked.number(f"MachineDetection{name}", lowest) <= highest:
            raise bad_request(21234, f"Invalid MachineDetection{name}")
    mode = asked.text("MachineDetection")
    if not mode:
        return None
    if mode not in ("Enable", "DetectMessageEnd"):
        raise bad_request(21234, f"Invalid MachineDetection: {mode}")
    callback = asked.subscription("AsyncAmdStatusCallback") or asked.subscription("AmdStatusCallback")
    asynchronous = asked.flag("AsyncAmd", False) or asked.has("AmdStatusCallback")
    return MachineDetection(mode, asynchronous, callback, asked.number("MachineDetectionTimeout", 30))


def recording_callback(asked: Asked, prefix: str) -> RecordingCallback:
    events = frozenset(asked.many(f"{prefix}Event")) or frozenset({"completed"})
    return RecordingCallback(asked.url(prefix), asked.text(f"{prefix}Method", "POST"), events)


def recording_channels(asked: Asked) -> int:
    return 2 if asked.choice("RecordingChannels", ("mono", "dual"), "mono") == "dual" else 1


def recording_track(asked: Asked) -> str:
    return asked.choice("RecordingTrack", ("inbound", "outbound", "both"), "both")


def listing(asked: Asked) -> dict[str, Any]:
    calls = [call for call in reversed(asked.network.calls.values()) if _matches(asked, call)]
    return page(asked, "calls", [as_json(call) for call in calls])


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(find(asked, "sid"))


def update(asked: Asked) -> dict[str, Any]:
    call = find(asked, "sid")
    if call.over:
        raise bad_request(21220, "Call is not in-progress. Cannot redirect.")
    status = asked.maybe("Status")
    _change_settings(asked, call)
    if status is not None:
        end(call, status)
    elif asked.has("Url") or asked.has("Twiml"):
        if not call.live:
            raise bad_request(21220, "Call is not in-progress. Cannot redirect.")
        source = _source(asked)
        if source is None:
            raise bad_request(21205, "Url parameter is required.")
        call.take_away(source)
    return as_json(call)


def end(call: Call, status: str) -> None:
    """`canceled` touches only what has not been answered; `completed` ends everything."""
    if call.answered_at is not None:
        if status == "completed":
            call.finish("completed")
    else:
        call.finish("no-answer" if call.direction == "inbound" else "canceled")


def delete(asked: Asked) -> None:
    call = find(asked, "sid")
    if not call.over:
        raise Refused(409, 20409, "The call is still in progress")
    del asked.network.calls[call.sid]


def find(asked: Asked, name: str) -> Call:
    call = asked.network.calls.get(asked.names[name])
    if call is None:
        raise asked.missing()
    return call


def as_json(call: Call) -> dict[str, Any]:
    network = call.network
    uri = f"/2010-04-01/Accounts/{network.account_sid}/Calls/{call.sid}"
    number = call.to if call.direction == "inbound" else call.from_
    settings = network.numbers.get(number)
    names = {part: part.title().replace("_", "") for part in PARTS}
    return {
        "sid": call.sid,
        "date_created": rfc_2822(call.created_at),
        "date_updated": rfc_2822(call.updated_at),
        "parent_call_sid": call.parent.sid if call.parent is not None else None,
        "account_sid": network.account_sid,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "phone_number_sid": settings.sid if settings is not None else None,
        "status": call.status,
        "start_time": rfc_2822(call.started_at) if call.started_at is not None else None,
        "end_time": rfc_2822(call.ended_at) if call.ended_at is not None else None,
        "duration": str(call.duration_seconds) if call.over else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "forwarded_from": call.extras.get("ForwardedFrom"),
        "group_sid": None,
        "caller_name": call.extras.get("CallerName"),
        "queue_time": str(call.queue_milliseconds),
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {part: f"{uri}/{name}.json" for part, name in names.items()},
    }


def _source(asked: Asked) -> Source | None:
    """Url beats Twiml; None without either."""
    source = asked.source("Url", "Method")
    if source is not None:
        return source
    twiml = asked.text("Twiml")
    if len(twiml) > LONGEST_TWIML:
        raise bad_request(32018, f"Twiml must not be longer than {LONGEST_TWIML} characters")
    return Source(twiml=twiml) if twiml else None


def _application(asked: Asked) -> Application:
    sid = asked.text("ApplicationSid")
    if not sid:
        raise bad_request(21205, "Url parameter is required.")
    application = asked.network.applications.get(sid)
    if application is None or not application.voice_url:
        raise bad_request(21218, f"Invalid ApplicationSid: {sid}")
    return application


def _change_settings(asked: Asked, call: Call) -> None:
    call.fallback = asked.source("FallbackUrl", "FallbackMethod") or call.fallback
    url = asked.url("StatusCallback")
    if url:
        events = call.subscription.events if call.subscription is not None else frozenset({"completed"})
        call.subscription = Subscription(url, asked.text("StatusCallbackMethod", "POST"), events)
    if asked.has("TimeLimit"):
        call.limit_at = (call.answered_at or call.network.clock.now()) + timedelta(seconds=asked.number("TimeLimit", 1))
        call.nudge()


def _matches(asked: Asked, call: Call) -> bool:
    exact = {"To": call.to, "From": call.from_, "Status": call.status,
             "ParentCallSid": call.parent.sid if call.parent is not None else None}  # fmt: skip
    if any(asked.filter(name) not in (None, value) for name, value in exact.items()):
        return False
    return within(asked, "StartTime", call.started_at or call.created_at) and within(asked, "EndTime", call.ended_at)
