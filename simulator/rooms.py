"""Conferences: who is in, who hears whom, and the events about it.

Changes only, all at once; how a participant's call waits and listens is `conferences`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.calls import Call, Source, Subscription
from simulator.parameters import rfc_2822

if TYPE_CHECKING:
    from simulator.network import Network
    from simulator.recordings import Recording

_EVENT_OF = {
    "conference-start": "start", "conference-end": "end", "participant-join": "join", "participant-leave": "leave",
    "participant-mute": "mute", "participant-unmute": "mute", "participant-hold": "hold", "participant-unhold": "hold",
    "participant-modify": "modify", "announcement-end": "announcement", "announcement-fail": "announcement",
}  # fmt: skip
MOVED = "participant_updated_via_api"
KICKED = "kicked"  # by DELETE; told as MOVED


@dataclass(eq=False, slots=True)
class Participant:
    call: Call
    joined_at: datetime
    start_on_enter: bool = True
    end_on_exit: bool = False
    muted: bool = False
    hold: bool = False
    hold_source: Source | None = None
    wait_source: Source | None = None  # None: the carrier's music
    silent_wait: bool = False
    coaching: bool = False
    coach_sid: str | None = None
    label: str | None = None
    beep: str = "true"
    most: int = 250
    status: str = "connected"
    left_because: str | None = None
    hears_with: list[str] | None = None  # what its telephone was last told


@dataclass(eq=False, slots=True)
class Room:
    network: Network
    sid: str
    name: str
    created_at: datetime
    updated_at: datetime
    status: str = "init"
    participants: list[Participant] = field(default_factory=list)
    invited: list[Participant] = field(default_factory=list)  # rung by the REST API, not in yet
    subscription: Subscription | None = None
    reason_ended: str | None = None
    ended_by: str | None = None
    recording: Recording | None = None  # one for all who are in it
    _first_joined: bool = False
    _sequence: int = 0

    @property
    def over(self) -> bool:
        return self.status == "completed"

    @property
    def started(self) -> bool:
        return self.status == "in-progress"

    def of(self, call: Call) -> Participant | None:
        return next((p for p in self.participants if p.call is call), None)

    def join(self, participant: Participant, subscription: Subscription | None) -> None:
        """The first one in decides who is told what."""
        if not self._first_joined:
            self._first_joined = True
            self.subscription = subscription or self.subscription
        if participant in self.invited:
            self.invited.remove(participant)
        participant.status = "connected"
        participant.call.media = self
        self.participants.append(participant)
        self.tell("participant-join", participant)
        if not self.started and len(self.participants) > 1 and any(p.start_on_enter for p in self.participants):
            self._start()
        if self.started:
            self._beep(participant, "onEnter")
        self._refresh()

    def left(self, call: Call, reason: str) -> None:
        participant = self.of(call)
        if participant is None:
            return
        self._take_out(participant, MOVED if reason == KICKED else reason)
        manner = "kicked" if reason == KICKED else "left"
        if participant.end_on_exit:
            self.end(f"participant-with-end-conference-on-exit-{manner}", participant)
        elif not self.participants:
            self.end(f"last-participant-{manner}", participant)
        else:
            self._beep(participant, "onExit")
            self._refresh()

    def end(self, reason: str, by: Participant | None = None) -> None:
        if self.over:
            return
        leaving = "conference_ended_via_api" if reason == "conference-ended-via-api" else "moderator_ended_conference"
        for participant in list(self.participants):
            self._take_out(participant, leaving)
        self.status = "completed"
        self.reason_ended, self.ended_by = reason, by.call.sid if by is not None else None
        extra = {"ReasonConferenceEnded": reason, "Reason": reason.replace("-", " ")}
        if by is not None:
            extra["CallSidEndingConference"] = by.call.sid
            if by.label is not None:
                extra["ParticipantLabelEndingConference"] = by.label
        self.tell("conference-end", None, extra)
        for guest in self.invited:
            guest.call.finish("completed" if guest.call.answered_at is not None else "canceled")
        self.invited.clear()

    def uninvite(self, participant: Participant) -> None:
        """A guest who never came; a room that nobody ever entered closes without a word."""
        if participant in self.invited:
            self.invited.remove(participant)
            if not self.invited and not self._first_joined:
                self.status, self.reason_ended = "completed", "last-participant-left"

    def tell(self, event: str, participant: Participant | None, extra: dict[str, str] | None = None) -> None:
        self.updated_at = self.network.clock.now()
        self.network.note(event, self.sid, participant.call.sid if participant else "")
        if self.subscription is None or _EVENT_OF[event] not in self.subscription.events:
            return
        self._sequence += 1
        form = {
            "ConferenceSid": self.sid,
            "FriendlyName": self.name,
            "AccountSid": self.network.account_sid,
            "SequenceNumber": str(self._sequence),
            "Timestamp": rfc_2822(self.updated_at),
            "StatusCallbackEvent": event,
        }
        form |= {} if participant is None else _about(participant)
        self.network.webhooks.news(self.subscription.url, self.subscription.method, form | (extra or {}))

    def changed(self, participant: Participant, *events: str) -> None:
        """After fields were set: tell it, and let everybody look again."""
        for event in events:
            self.tell(event, participant)
        self._refresh()

    def hearers(self, speaker: Participant) -> list[Participant]:
        """The mixing matrix, one row."""
        if not self.started or speaker.muted or speaker.hold:
            return []
        others = [p for p in self.participants if p is not speaker and not p.hold]
        if speaker.coaching:
            return [p for p in others if p.call.sid == speaker.coach_sid]
        return others

    def listeners(self, call: Call) -> list[Call]:
        speaker = self.of(call)
        return [hearer.call for hearer in self.hearers(speaker)] if speaker is not None else []

    def talk(self, call: Call, text: str) -> None:
        for listener in self.listeners(call):
            listener.hears({"type": "heard", "from": call.line, "text": text})

    def key(self, call: Call, digit: str) -> None:
        """Keys pass as tones to nobody who would act on them."""

    def partners(self, call: Call) -> list[Call]:
        me = self.of(call)
        if me is None or me.hold or not self.started:
            return []
        return [p.call for p in self.participants if p is not me and not p.hold]

    def _start(self) -> None:
        self.status = "in-progress"
        self.tell("conference-start", None)

    def _take_out(self, participant: Participant, reason: str) -> None:
        self.participants.remove(participant)
        participant.left_because, participant.status = reason, "complete"
        participant.call.media = None
        extra = {"ReasonParticipantLeft": reason, "ParticipantCallStatus": participant.call.status}
        self.tell("participant-leave", participant, extra)
        if participant.hears_with:
            participant.call.hears({"type": "unbridged"})
        participant.call.nudge()

    def _beep(self, mover: Participant, when: str) -> None:
        if mover.beep in ("true", when):
            for participant in self.participants:
                if not participant.hold:
                    participant.call.hears({"type": "playing", "url": "beep", "seconds": 0.3})

    def _refresh(self) -> None:
        """Tell each telephone whom it is joined with now, and wake each call to look at its own state."""
        for participant in self.participants:
            now_with = [call.line for call in self.partners(participant.call)]
            before = participant.hears_with or []
            participant.hears_with = now_with
            if now_with and now_with != before:
                participant.call.hears({"type": "bridged", "with": now_with})
            elif before and not now_with:
                participant.call.hears({"type": "unbridged"})
            participant.call.nudge()


def _about(participant: Participant) -> dict[str, str]:
    form = {
        "CallSid": participant.call.sid,
        "Muted": _word(participant.muted),
        "Hold": _word(participant.hold),
        "Coaching": _word(participant.coaching),
        "EndConferenceOnExit": _word(participant.end_on_exit),
        "StartConferenceOnEnter": _word(participant.start_on_enter),
    }
    if participant.coach_sid is not None:
        form["CallSidToCoach"] = participant.coach_sid
    if participant.label is not None:
        form["ParticipantLabel"] = participant.label
    return form


def _word(flag: bool) -> str:
    return "true" if flag else "false"
