"""Conferences and their participants."""

from __future__ import annotations

from typing import Any

from simulator.announcements import announce
from simulator.calls import Call, Source
from simulator.conferences import attend
from simulator.parameters import API_VERSION, rfc_2822
from simulator.placing import place
from simulator.rest import calls
from simulator.rest.asked import Asked
from simulator.rest.errors import bad_request
from simulator.rest.paging import page, within
from simulator.rooms import KICKED, Participant, Room
from simulator.verbs import ROOM_EVENTS

LONGEST_LABEL = 128


def listing(asked: Asked) -> dict[str, Any]:
    rooms = [room for room in reversed(asked.network.rooms.all.values()) if _matches(asked, room)]
    return page(asked, "conferences", [as_json(room) for room in rooms])


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(_find(asked, "sid"))


def update(asked: Asked) -> dict[str, Any]:
    room = _find(asked, "sid")
    source = asked.source("AnnounceUrl", "AnnounceMethod")
    if asked.text("Status") == "completed":
        room.end("conference-ended-via-api")
    elif source is not None:
        if not room.started:
            raise bad_request(20001, "The conference is not in progress")
        room.network.clock.spawn(announce(room, source), "carrier-announcement")
    return as_json(room)


def as_json(room: Room) -> dict[str, Any]:
    uri = f"/2010-04-01/Accounts/{room.network.account_sid}/Conferences/{room.sid}"
    body: dict[str, Any] = {
        "account_sid": room.network.account_sid,
        "date_created": rfc_2822(room.created_at),
        "date_updated": rfc_2822(room.updated_at),
        "api_version": API_VERSION,
        "friendly_name": room.name,
        "region": "us1",
        "sid": room.sid,
        "status": room.status,
        "uri": f"{uri}.json",
        "subresource_uris": {"participants": f"{uri}/Participants.json", "recordings": f"{uri}/Recordings.json"},
        "call_sid_ending_conference": room.ended_by,
    }
    if room.reason_ended is not None:
        body["reason_conference_ended"] = room.reason_ended
    return body


def create_participant(asked: Asked) -> dict[str, Any]:
    """Rings somebody for a room, which this may open: by SID of a living one, or by name."""
    network, name = asked.network, asked.names["conference"]
    room = network.rooms.living(name)
    if room is None and name.startswith("CF") and name in network.rooms.all:
        raise asked.missing()
    label = asked.maybe("Label")
    if label is not None:
        _check_label(room, label)
    coach = asked.maybe("CallSidToCoach")
    if asked.flag("Coaching", False) and (room is None or all(p.call.sid != coach for p in room.participants)):
        raise bad_request(13240, "CallSidToCoach is not in this conference")
    order = calls.order_of(asked, Source(twiml="<Response/>"))
    subscription = asked.subscription("ConferenceStatusCallback", ROOM_EVENTS, ("start", "end"))
    room = network.rooms.open(name)
    if not room.participants and not room.invited:
        room.subscription = subscription
    opened, record = room, asked.text("ConferenceRecord") not in ("", "false", "do-not-record")
    callback = calls.recording_callback(asked, "ConferenceRecordingStatusCallback")
    entering: list[Participant] = []

    async def program(call: Call) -> None:
        await attend(call, opened, entering[0], callback if record else None)

    call = place(network, order, program)
    participant = _participant(asked, call, label, coach)
    entering.append(participant)
    room.invited.append(participant)
    call.endings.append(lambda: opened.uninvite(participant))
    return participant_json(room, participant) | {"queue_time": str(call.queue_milliseconds)}


def _participant(asked: Asked, call: Call, label: str | None, coach: str | None) -> Participant:
    wait = asked.maybe("WaitUrl")
    return Participant(
        call,
        asked.network.clock.now(),
        start_on_enter=asked.flag("StartConferenceOnEnter", True),
        end_on_exit=asked.flag("EndConferenceOnExit", False),
        muted=asked.flag("Muted", False),
        wait_source=asked.source("WaitUrl", "WaitMethod") if wait else None,
        silent_wait=wait == "",
        coaching=asked.flag("Coaching", False),
        coach_sid=coach,
        label=label,
        beep=asked.text("Beep", "true"),
        most=asked.number("MaxParticipants", 250),
        status="queued",
    )


def list_participants(asked: Asked) -> dict[str, Any]:
    room = _find_living(asked)
    shown = [participant_json(room, p) for p in [*room.participants, *room.invited] if not p.call.over]
    for name in ("Muted", "Hold", "Coaching"):
        wanted = asked.filter(name)
        if wanted is not None:
            shown = [body for body in shown if body[name.lower()] == (wanted.lower() == "true")]
    return page(asked, "participants", shown, key="call_sid")


def fetch_participant(asked: Asked) -> dict[str, Any]:
    return participant_json(*_find_participant(asked))


def update_participant(asked: Asked) -> dict[str, Any]:
    room, participant = _find_participant(asked)
    events = [*_set_mute(asked, participant), *_set_hold(asked, participant), *_set_role(asked, room, participant)]
    wait = asked.source("WaitUrl", "WaitMethod")
    participant.wait_source = wait or participant.wait_source
    source = asked.source("AnnounceUrl", "AnnounceMethod")
    if source is not None:
        room.network.clock.spawn(announce(room, source, participant), "carrier-announcement")
    room.changed(participant, *events)
    return participant_json(room, participant)


def _set_mute(asked: Asked, participant: Participant) -> list[str]:
    muted = asked.flag("Muted", participant.muted)
    if muted == participant.muted:
        return []
    participant.muted = muted
    return ["participant-mute" if muted else "participant-unmute"]


def _set_hold(asked: Asked, participant: Participant) -> list[str]:
    hold = asked.flag("Hold", participant.hold)
    changed, participant.hold = hold != participant.hold, hold
    if asked.has("HoldUrl"):
        participant.hold_source = asked.source("HoldUrl", "HoldMethod", "GET")
    return ["participant-hold" if hold else "participant-unhold"] if changed else []


def _set_role(asked: Asked, room: Room, participant: Participant) -> list[str]:
    coach = asked.maybe("CallSidToCoach") or participant.coach_sid
    coaching = asked.flag("Coaching", participant.coaching)
    if coaching and all(p.call.sid != coach for p in room.participants):
        raise bad_request(13240, "CallSidToCoach is not in this conference")
    before = (participant.end_on_exit, participant.coaching, participant.coach_sid)
    participant.end_on_exit = asked.flag("EndConferenceOnExit", participant.end_on_exit)
    participant.coaching, participant.coach_sid = coaching, coach
    if asked.has("BeepOnExit"):
        participant.beep = "onExit" if asked.flag("BeepOnExit", False) else "false"
    return ["participant-modify"] if before != (participant.end_on_exit, coaching, coach) else []


def delete_participant(asked: Asked) -> None:
    room, participant = _find_participant(asked)
    if participant in room.invited:
        room.uninvite(participant)
    else:
        room.left(participant.call, KICKED)
    participant.call.finish("completed" if participant.call.answered_at is not None else "canceled")


def participant_json(room: Room, participant: Participant) -> dict[str, Any]:
    call = participant.call
    at = rfc_2822(participant.joined_at)
    return {
        "account_sid": room.network.account_sid,
        "call_sid": call.sid,
        "label": participant.label,
        "call_sid_to_coach": participant.coach_sid,
        "coaching": participant.coaching,
        "conference_sid": room.sid,
        "date_created": at,
        "date_updated": rfc_2822(max(participant.joined_at, call.updated_at)),
        "end_conference_on_exit": participant.end_on_exit,
        "muted": participant.muted,
        "hold": participant.hold,
        "start_conference_on_enter": participant.start_on_enter,
        "status": _status(room, participant),
        "queue_time": None,
        "uri": f"/2010-04-01/Accounts/{room.network.account_sid}/Conferences/{room.sid}/Participants/{call.sid}.json",
    }


def _status(room: Room, participant: Participant) -> str:
    call = participant.call
    if participant in room.participants:
        return "connected"
    if call.over:
        return "complete" if call.status == "completed" else "failed"
    if call.started_at is None:
        return "queued"
    return {"queued": "connecting", "ringing": "ringing"}.get(call.status, "connecting")


def _check_label(room: Room | None, label: str) -> None:
    if "/" in label or len(label) > LONGEST_LABEL or label.startswith("CA"):
        raise bad_request(16023, f"Invalid participant label {label}")
    if room is not None and any(p.label == label for p in [*room.participants, *room.invited]):
        raise bad_request(16025, f"Participant label {label} is already in use")


def _find(asked: Asked, name: str) -> Room:
    room = asked.network.rooms.all.get(asked.names[name])
    if room is None:
        raise asked.missing()
    return room


def _find_living(asked: Asked) -> Room:
    room = _find(asked, "conference")
    if room.over:
        raise asked.missing()
    return room


def _find_participant(asked: Asked) -> tuple[Room, Participant]:
    room, key = _find_living(asked), asked.names["call"]
    for participant in [*room.participants, *room.invited]:
        if key in (participant.call.sid, participant.label) and not participant.call.over:
            return room, participant
    raise asked.missing()


def _matches(asked: Asked, room: Room) -> bool:
    if asked.filter("FriendlyName") not in (None, room.name) or asked.filter("Status") not in (None, room.status):
        return False
    return within(asked, "DateCreated", room.created_at) and within(asked, "DateUpdated", room.updated_at)
