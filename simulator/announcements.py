"""A document that the REST API has played into a running conference, to all or to one."""

from __future__ import annotations

from urllib.parse import urljoin

from simulator import parameters
from simulator.attributes import TwimlError
from simulator.calls import Call, Source
from simulator.rooms import Participant, Room
from simulator.speech import sound
from simulator.twiml import Script
from simulator.verbs import Pause, Play, Redirect, Say
from simulator.webhooks import WebhookFailed


async def announce(room: Room, source: Source, only: Participant | None = None) -> None:
    listeners = [only.call] if only is not None else [p.call for p in room.participants]
    extra = {"AnnounceUrl": source.url or "", "CallSid": listeners[0].sid if listeners else ""}
    try:
        await _play(room, source, listeners)
    except (WebhookFailed, TwimlError) as failure:
        room.network.alert(failure.code, source.url or "", str(failure))
        room.tell("announcement-fail", None, extra | {"ReasonAnnouncementFailed": str(failure)})
        return
    room.tell("announcement-end", None, extra)


async def _play(room: Room, source: Source, listeners: list[Call]) -> None:
    following: Source | None = source
    while following is not None and listeners:
        form = parameters.standard(listeners[0]) | {"ConferenceSid": room.sid, "FriendlyName": room.name}
        fetched = await room.network.webhooks.document(following.url or "", following.method, form)
        following = await _verbs(room, fetched.script, fetched.url, listeners)


async def _verbs(room: Room, script: Script, base: str, listeners: list[Call]) -> Source | None:
    network = room.network
    for verb in script.verbs:
        if isinstance(verb, Redirect):
            return Source(urljoin(base, verb.url), verb.method)
        if isinstance(verb, Pause):
            await network.clock.sleep(verb.length)
        elif isinstance(verb, (Say, Play)):
            frame, seconds = await sound(network, urljoin(base, verb.url) if isinstance(verb, Play) else "", verb)
            for call in listeners:
                if room.of(call) is not None:
                    call.hears(frame)
            await network.clock.sleep(seconds)
        else:
            raise TwimlError(13238, f"{type(verb).__name__} is forbidden in an announcement")
    return None
