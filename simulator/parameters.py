"""The form fields that every webhook about a call carries, exactly as Twilio sends them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.calls import Call

API_VERSION = "2010-04-01"
COUNTRIES = {
    "+1": "US", "+31": "NL", "+32": "BE", "+33": "FR", "+34": "ES", "+351": "PT", "+353": "IE", "+39": "IT",
    "+41": "CH", "+43": "AT", "+44": "GB", "+45": "DK", "+46": "SE", "+47": "NO", "+48": "PL", "+49": "DE",
    "+55": "BR", "+61": "AU", "+81": "JP", "+91": "IN",
}  # fmt: skip
WITHHELD_WORDS = ("anonymous", "restricted", "unavailable", "unknown", "private", "blocked", "")
WITHHELD_DIGITS = ("+266696687", "+86282452253", "+8656696", "+2562533", "+7378742833")


def rfc_2822(at: datetime) -> str:
    return at.strftime("%a, %d %b %Y %H:%M:%S +0000")


def is_withheld(address: str) -> bool:
    return address.lower() in WITHHELD_WORDS or address in WITHHELD_DIGITS


def country_of(number: str) -> str:
    return next((COUNTRIES[number[:size]] for size in (4, 3, 2) if number[:size] in COUNTRIES), "")


def standard(call: Call) -> dict[str, str]:
    form = {
        "CallSid": call.sid,
        "AccountSid": call.network.account_sid,
        "From": call.from_,
        "To": call.to,
        "Caller": call.from_,
        "Called": call.to,
        "CallStatus": call.status,
        "Direction": call.direction,
        "ApiVersion": API_VERSION,
    }
    for prefix, address in (("From", call.from_), ("Caller", call.from_), ("To", call.to), ("Called", call.to)):
        if address.startswith(("client:", "sip:")):
            continue
        country = "" if is_withheld(address) else country_of(address)
        form |= {f"{prefix}City": "", f"{prefix}State": "", f"{prefix}Zip": "", f"{prefix}Country": country}
    if call.parent is not None:
        form["ParentCallSid"] = call.parent.sid
    if call.answered_by is not None:
        form["AnsweredBy"] = call.answered_by
    return form | call.extras


def progress(call: Call, event: str, sequence: int) -> dict[str, str]:
    """The body of a status callback.  `initiated` is a state here, while the REST API still says `queued`."""
    form = standard(call) | {
        "Timestamp": rfc_2822(call.network.clock.now()),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
    }
    if event == "initiated":
        form["CallStatus"] = event
    if call.over:
        form |= {
            "CallDuration": str(call.duration_seconds),
            "Duration": str(call.billed_minutes),
            "SipResponseCode": call.sip_code or "",
        }
        form |= call.recording
    return form
