"""The account's own numbers and where their calls and texts go."""

from __future__ import annotations

from typing import Any

from simulator.network import NumberSettings
from simulator.parameters import API_VERSION, rfc_2822
from simulator.rest.applications import PLAIN, URLS, change
from simulator.rest.asked import Asked
from simulator.rest.errors import bad_request
from simulator.rest.paging import page


def listing(asked: Asked) -> dict[str, Any]:
    shown = [as_json(asked, number, settings) for number, settings in asked.network.numbers.items()]
    exact, name = asked.filter("PhoneNumber"), asked.filter("FriendlyName")
    for wanted in ("Beta", "Origin"):
        value = asked.filter(wanted)
        shown = [body for body in shown if value is None or str(body[wanted.lower()]).lower() == value.lower()]
    if exact is not None:
        pattern = exact.replace("*", "")
        shown = [body for body in shown if pattern in body["phone_number"]]
    if name is not None:
        shown = [body for body in shown if body["friendly_name"] == name]
    return page(asked, "incoming_phone_numbers", shown)


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(asked, *_find(asked))


def update(asked: Asked) -> dict[str, Any]:
    """Holds from the next call on.  A trunk and an application exclude each other: setting one clears the other."""
    number, settings = _find(asked)
    voice, texts = asked.text("VoiceApplicationSid"), asked.text("SmsApplicationSid")
    for name, sid in (("VoiceApplicationSid", voice), ("SmsApplicationSid", texts)):
        if sid and sid not in asked.network.applications:
            raise bad_request(21218, f"Invalid {name}: {sid}")
    change(asked, settings, URLS, PLAIN)
    if asked.has("VoiceApplicationSid"):
        settings.voice_application_sid = voice
        settings.trunk_sid = "" if voice else settings.trunk_sid
    if asked.has("TrunkSid"):
        settings.trunk_sid = asked.text("TrunkSid")
        settings.voice_application_sid = "" if settings.trunk_sid else settings.voice_application_sid
    if asked.has("SmsApplicationSid"):
        settings.sms_application_sid = texts
    settings.caller_id_lookup = asked.flag("VoiceCallerIdLookup", settings.caller_id_lookup)
    settings.updated_at = asked.network.clock.now()
    return as_json(asked, number, settings)


def as_json(asked: Asked, number: str, settings: NumberSettings) -> dict[str, Any]:
    now = asked.network.clock.now()
    return {
        "account_sid": asked.network.account_sid,
        "address_sid": None,
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "date_created": rfc_2822(settings.created_at or now),
        "date_updated": rfc_2822(settings.updated_at or now),
        "friendly_name": settings.friendly_name,
        "identity_sid": None,
        "phone_number": number,
        "origin": "twilio",
        "sid": settings.sid,
        "sms_application_sid": settings.sms_application_sid or None,
        "sms_fallback_method": settings.sms_fallback_method,
        "sms_fallback_url": settings.sms_fallback_url,
        "sms_method": settings.sms_method,
        "sms_url": settings.sms_url,
        "status_callback": settings.status_callback,
        "status_callback_method": settings.status_callback_method,
        "trunk_sid": settings.trunk_sid or None,
        "uri": f"{asked.root}/IncomingPhoneNumbers/{settings.sid}.json",
        "voice_receive_mode": "voice",
        "voice_application_sid": settings.voice_application_sid or None,
        "voice_caller_id_lookup": settings.caller_id_lookup,
        "voice_fallback_method": settings.voice_fallback_method,
        "voice_fallback_url": settings.voice_fallback_url,
        "voice_method": settings.voice_method,
        "voice_url": settings.voice_url,
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "bundle_sid": None,
        "status": "in-use",
        "type": "local",
    }


def _find(asked: Asked) -> tuple[str, NumberSettings]:
    for number, settings in asked.network.numbers.items():
        if settings.sid == asked.names["sid"]:
            return number, settings
    raise asked.missing()
