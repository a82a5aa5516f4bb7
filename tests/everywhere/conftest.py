"""The API and Twilio's door of one house, for every test here."""

from tests.api.asking import ask
from tests.ivr.conftest import _quiet_logs, door

__all__ = ["_quiet_logs", "ask", "door"]
