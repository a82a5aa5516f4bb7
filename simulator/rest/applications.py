"""TwiML applications: addresses under one SID, for softphones and for numbers that refer to them."""

from __future__ import annotations

from typing import Any

from simulator.network import Application
from simulator.parameters import API_VERSION, rfc_2822
from simulator.rest.asked import Asked
from simulator.rest.paging import page

URLS = {
    "VoiceUrl": "voice_url",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
    "SmsUrl": "sms_url",
    "SmsFallbackUrl": "sms_fallback_url",
}
# Only an application has these; the first is the older name of the second.
OWN_URLS = {"SmsStatusCallback": "message_status_callback", "MessageStatusCallback": "message_status_callback"}
PLAIN = {
    "VoiceMethod": "voice_method",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallbackMethod": "status_callback_method",
    "SmsMethod": "sms_method",
    "SmsFallbackMethod": "sms_fallback_method",
    "FriendlyName": "friendly_name",
}


def listing(asked: Asked) -> dict[str, Any]:
    shown = [as_json(asked, sid, application) for sid, application in asked.network.applications.items()]
    name = asked.filter("FriendlyName")
    return page(asked, "applications", [body for body in shown if name in (None, body["friendly_name"])])


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(asked, asked.names["sid"], _find(asked))


def update(asked: Asked) -> dict[str, Any]:
    """Holds from the next call on."""
    application = _find(asked)
    change(asked, application, URLS | OWN_URLS, PLAIN)
    application.caller_id_lookup = asked.flag("VoiceCallerIdLookup", application.caller_id_lookup)
    application.updated_at = asked.network.clock.now()
    return as_json(asked, asked.names["sid"], application)


def change(asked: Asked, settings: object, urls: dict[str, str], plain: dict[str, str]) -> None:
    """Sets the fields of `settings` that were given.  Raises Refused 21205, with nothing changed."""
    wished = {field: asked.url(name) or "" for name, field in urls.items() if asked.has(name)}
    wished |= {field: asked.text(name) for name, field in plain.items() if asked.has(name)}
    for field, value in wished.items():
        setattr(settings, field, value)


def as_json(asked: Asked, sid: str, application: Application) -> dict[str, Any]:
    now = asked.network.clock.now()
    return {
        "account_sid": asked.network.account_sid,
        "api_version": API_VERSION,
        "date_created": rfc_2822(application.created_at or now),
        "date_updated": rfc_2822(application.updated_at or now),
        "friendly_name": application.friendly_name,
        "message_status_callback": application.message_status_callback or None,
        "sid": sid,
        "sms_fallback_method": application.sms_fallback_method,
        "sms_fallback_url": application.sms_fallback_url or None,
        "sms_method": application.sms_method,
        "sms_status_callback": application.message_status_callback or None,
        "sms_url": application.sms_url or None,
        "status_callback": application.status_callback or None,
        "status_callback_method": application.status_callback_method,
        "uri": f"{asked.root}/Applications/{sid}.json",
        "voice_caller_id_lookup": application.caller_id_lookup,
        "voice_fallback_method": application.voice_fallback_method,
        "voice_fallback_url": application.voice_fallback_url or None,
        "voice_method": application.voice_method,
        "voice_url": application.voice_url or None,
        "public_application_connect_enabled": False,
    }


def _find(asked: Asked) -> Application:
    application = asked.network.applications.get(asked.names["sid"])
    if application is None:
        raise asked.missing()
    return application
