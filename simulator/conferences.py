"""A call in a conference: entering, waiting, being held, talking, leaving; and announcements to the room."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.attributes import TwimlError
from simulator.calls import Call, Gone, Nudged, Source, Subscription
from simulator.rooms import Participant, Room
from simulator.run import Next, Runner
from simulator.verbs import Conference, Dial, RecordingCallback
from simulator.webhooks import WebhookFailed

if TYPE_CHECKING:
    from simulator.network import Network

MUSIC = "http://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3"


class Rooms:
    """All conferences of the account; a name belongs to one living room at a time."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.all: dict[str, Room] = {}

    def living(self, name_or_sid: str) -> Room | None:
        room = self.all.get(name_or_sid)
        if room is not None:
            return None if room.over else room
        return next((r for r in self.all.values() if r.name == name_or_sid and not r.over), None)

    def open(self, name: str) -> Room:
        room = self.living(name)
        if room is None:
            now = self._network.clock.now()
            room = Room(self._network, self._network.sid("CF"), name, now, now)
            self.all[room.sid] = room
        return room


async def dial_conference(runner: Runner, verb: Dial, noun: Conference) -> Next | None:
    call, network = runner.call, runner.network
    room = network.rooms.living(noun.name)
    refusal = _refusal(network, room, noun)
    if refusal is not None:
        network.alert(*refusal, call.sid)
        return runner.action(verb.action, verb.method, {"DialCallStatus": "failed"}) if verb.action else None
    participant = _participant(runner, noun)
    stay = _Stay(runner, network.rooms.open(noun.name), participant, noun.record, noun.recording_callback)
    try:
        await stay.whole(_subscription(runner, noun), verb.time_limit_seconds)
        call.check()
    except Gone:
        if verb.action is not None:
            await runner.tell(verb.action, verb.method, stay.form())
        raise
    if verb.action is not None:
        return runner.action(verb.action, verb.method, stay.form())
    return None


def _refusal(network: Network, room: Room | None, noun: Conference) -> tuple[int, str, str] | None:
    """Why this call may not enter, as an entry for the debugger; the verb is then skipped."""
    label = noun.label
    if label is not None and ("/" in label or len(label) > 128 or label.startswith("CA")):
        return 16023, noun.name, f"bad participant label {label!r}"
    if noun.coach is not None and (room is None or all(p.call.sid != noun.coach for p in room.participants)):
        raise TwimlError(13240, f"Conference: nobody to coach under {noun.coach}")
    if room is None:
        return None
    if label is not None and any(p.label == label for p in room.participants + room.invited):
        return 16025, noun.name, f"label {label!r} is in use"
    if len(room.participants) >= min([noun.max_participants, *(p.most for p in room.participants)]):
        return 16020, noun.name, "the conference is full"
    return None


def _participant(runner: Runner, noun: Conference) -> Participant:
    return Participant(
        runner.call,
        runner.network.clock.now(),
        start_on_enter=noun.start_on_enter,
        end_on_exit=noun.end_on_exit,
        muted=noun.muted,
        wait_source=Source(runner.resolve(noun.wait_url), noun.wait_method) if noun.wait_url else None,
        silent_wait=noun.wait_url == "",
        coaching=noun.coach is not None,
        coach_sid=noun.coach,
        label=noun.label,
        beep=noun.beep,
        most=noun.max_participants,
    )


def _subscription(runner: Runner, noun: Conference) -> Subscription | None:
    if not noun.status_callback:
        return None
    return Subscription(runner.resolve(noun.status_callback), noun.status_method, noun.status_events)


async def attend(call: Call, room: Room, participant: Participant, record: RecordingCallback | None) -> None:
    """A call that the REST API rang for a conference; it hangs up when it is out."""
    if room.over:
        call.finish("completed")
        raise Gone
    stay = _Stay(Runner(call), room, participant, record is not None, record or RecordingCallback())
    participant.joined_at = call.network.clock.now()
    await stay.whole(None, None)


class _Stay:
    def __init__(
        self, runner: Runner, room: Room, participant: Participant, record: bool, callback: RecordingCallback
    ) -> None:
        self._runner, self._room, self._participant = runner, room, participant
        self._record, self._callback = record, callback
        self._base: Runner | None = runner if runner.base else None

    async def whole(self, subscription: Subscription | None, limit_seconds: float | None) -> None:
        """From entering to leaving.  Raises Gone or TakenAway, or the failure of a wait document."""
        call, room = self._runner.call, self._room
        room.join(self._participant, subscription)
        until = None if limit_seconds is None else room.network.clock.now() + timedelta(seconds=limit_seconds)
        try:
            with call.attentive():
                while self._participant.left_because is None:
                    call.heed()
                    self._start_recording()
                    left = None if until is None else (until - room.network.clock.now()).total_seconds()
                    if left is not None and left <= 0:
                        room.left(call, "participant_hung_up")
                        break
                    try:
                        await self._moment(left)
                    except Nudged:
                        call.inputs.clear()
        except (WebhookFailed, TwimlError):
            room.left(call, "participant_add_failed")
            raise
        finally:
            room.left(call, "participant_hung_up")
            if room.over and room.recording is not None:
                room.network.recordings.end(call, room.recording)

    def form(self) -> dict[str, str]:
        form = {"DialCallStatus": "answered"}
        if self._record and self._room.recording is not None:
            form["RecordingUrl"] = self._room.network.recordings.url(self._room.recording)
        return form

    def _start_recording(self) -> None:
        room = self._room
        if self._record and room.recording is None and room.started:
            room.recording = room.network.recordings.begin(
                self._runner.call, "Conference", self._callback, self._base, conference_sid=room.sid
            )

    async def _moment(self, left: float | None) -> None:
        """Until something about this participant or the room changes."""
        call, who = self._runner.call, self._participant
        if who.hold:
            await self._hear_held()
        elif not self._room.started:
            await self._hear(who.wait_source, silent=who.silent_wait)
        await call.pause(left)

    async def _hear_held(self) -> None:
        """A hold document that fails is silence."""
        with suppress(WebhookFailed, TwimlError):
            await self._hear(self._participant.hold_source, silent=False)

    async def _hear(self, source: Source | None, *, silent: bool) -> None:
        call = self._runner.call
        if source is not None:
            room = self._room
            about = {"ConferenceSid": room.sid, "FriendlyName": room.name}
            await Runner(call, "wait", lambda: about).follow(source)
        elif not silent:
            call.hears({"type": "playing", "url": MUSIC, "seconds": 0})
