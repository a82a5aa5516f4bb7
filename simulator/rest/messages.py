"""Text messages."""

from __future__ import annotations

from typing import Any

from simulator.calls import Subscription
from simulator.messages import LONGEST_BODY, TextMessage
from simulator.parameters import API_VERSION, rfc_2822
from simulator.rest.asked import Asked
from simulator.rest.calls import E164
from simulator.rest.errors import Refused, bad_request
from simulator.rest.paging import page, within

MOST_MEDIA = 10


def create(asked: Asked) -> dict[str, Any]:
    to, sender, body = asked.text("To").strip(), asked.text("From").strip(), asked.text("Body")
    if not to:
        raise bad_request(21604, "A 'To' phone number is required.")
    if not E164.fullmatch(to):
        raise bad_request(21211, f"The 'To' number {to} is not a valid phone number.")
    if not sender:
        raise bad_request(21603, "A 'From' phone number is required.")
    if sender not in asked.network.numbers:
        code = 21606 if E164.fullmatch(sender) else 21212
        raise bad_request(code, f"The From phone number {sender} is not a valid, SMS-capable number of this account.")
    media = asked.form.get("MediaUrl", ())
    if not body and not media:
        raise bad_request(21602, "Message body is required.")
    if len(body) > LONGEST_BODY:
        raise bad_request(21617, f"The concatenated message body exceeds the {LONGEST_BODY} character limit.")
    if len(media) > MOST_MEDIA:
        raise bad_request(21623, f"Number of media files exceeds {MOST_MEDIA}")
    if (sender, to) in asked.network.messages.opted_out:
        raise bad_request(21610, "Attempt to send to unsubscribed recipient")
    url = asked.url("StatusCallback") or _callback_of_application(asked)
    subscription = Subscription(url) if url else None
    message = asked.network.messages.send(sender, to, body, "outbound-api", subscription, len(media))
    return as_json(asked, message)


def _callback_of_application(asked: Asked) -> str | None:
    sid = asked.text("ApplicationSid")
    if sid and sid not in asked.network.applications:
        raise bad_request(21218, f"Invalid ApplicationSid: {sid}")
    return asked.network.applications[sid].message_status_callback if sid else None


def listing(asked: Asked) -> dict[str, Any]:
    messages = [m for m in reversed(asked.network.messages.all.values()) if _matches(asked, m)]
    return page(asked, "messages", [as_json(asked, message) for message in messages])


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(asked, _find(asked))


def update(asked: Asked) -> dict[str, Any]:
    """An empty Body redacts.  Only what is scheduled can be cancelled, and here nothing is."""
    message, body, status = _find(asked), asked.maybe("Body"), asked.maybe("Status")
    if (body is None) == (status is None) or body:
        raise bad_request(30400, "Parameters are not valid: an empty Body or a Status")
    if status is not None:
        raise Refused(409, 30409, "This message cannot be canceled")
    message.body = ""
    return as_json(asked, message)


def delete(asked: Asked) -> None:
    message = _find(asked)
    if message.status in ("queued", "sending"):
        raise Refused(409, 20409, "The message is still being sent")
    del asked.network.messages.all[message.sid]


def as_json(asked: Asked, message: TextMessage) -> dict[str, Any]:
    uri = f"{asked.root}/Messages/{message.sid}"
    return {
        "body": message.body,
        "num_segments": str(message.segments),
        "direction": message.direction,
        "from": message.sender,
        "to": message.to,
        "date_created": rfc_2822(message.created_at),
        "date_updated": rfc_2822(message.updated_at),
        "date_sent": rfc_2822(message.sent_at) if message.sent_at is not None else None,
        "price": None,
        "price_unit": "USD",
        "error_code": message.error_code,
        "error_message": f"Error {message.error_code}" if message.error_code is not None else None,
        "uri": f"{uri}.json",
        "account_sid": asked.network.account_sid,
        "num_media": str(message.media),
        "status": message.status,
        "messaging_service_sid": None,
        "sid": message.sid,
        "api_version": API_VERSION,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
    }


def _find(asked: Asked) -> TextMessage:
    message = asked.network.messages.all.get(asked.names["sid"])
    if message is None:
        raise asked.missing()
    return message


def _matches(asked: Asked, message: TextMessage) -> bool:
    if asked.filter("To") not in (None, message.to) or asked.filter("From") not in (None, message.sender):
        return False
    return within(asked, "DateSent", message.sent_at)
