"""The attributes by which Record, Dial and Conference ask to be told about a recording."""

from simulator.attributes import Attributes
from simulator.verbs import RecordingCallback

EVENTS = ("in-progress", "completed", "absent")


def recording_callback(given: Attributes) -> RecordingCallback:
    return RecordingCallback(
        given.maybe("recordingStatusCallback"),
        given.method("recordingStatusCallbackMethod"),
        given.words("recordingStatusCallbackEvent", EVENTS, "completed"),
    )
