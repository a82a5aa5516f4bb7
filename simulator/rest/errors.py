"""Refusals, with Twilio's own numbers and words."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A REST request that is answered with an error; `code` is Twilio's number."""

    def __init__(self, status: int, code: int, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.detail = status, code, message, detail

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        if self.detail is not None:
            body["detail"] = self.detail
        return body


def not_found(path: str) -> Refused:
    return Refused(404, 20404, f"The requested resource {path} was not found")


def bad_request(code: int, message: str) -> Refused:
    return Refused(400, code, message)


def unauthorised(message: str) -> Refused:
    return Refused(401, 20003, message, "Your AccountSid or AuthToken was incorrect.")
