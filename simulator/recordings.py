"""Recordings: the Record verb, and the resource that every kind of recording becomes.

No sound is kept, only how long somebody spoke and, if they typed it, what they said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator.calls import Call, Gone, Input, Key, Speech, Voice, VoiceDone
from simulator.parameters import rfc_2822
from simulator.verbs import NOBODY, Record, RecordingCallback

if TYPE_CHECKING:
    from simulator.network import Network
    from simulator.run import Next, Runner

PROCESSING_SECONDS = 0.5  # the file is ready a little after the action was asked
TRANSCRIBING_SECONDS = 2.0


@dataclass(slots=True)
class Recording:
    sid: str
    call_sid: str
    source: str
    started_at: datetime
    created_at: datetime
    seconds: int
    status: str
    conference_sid: str | None = None
    channels: int = 1
    words: str = ""
    track: str = "both"
    callback: RecordingCallback = NOBODY  # its URL is absolute
    paused_at: datetime | None = None
    skipped_seconds: float = 0.0  # paused, and not replaced by silence

    @property
    def running(self) -> bool:
        return self.status in ("in-progress", "paused")


class Recordings:
    """All recordings of the account, and the news about them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.all: dict[str, Recording] = {}
        self.transcriptions: set[str] = set()

    def url(self, recording: Recording) -> str:
        network = self._network
        return f"{network.public_url}/2010-04-01/Accounts/{network.account_sid}/Recordings/{recording.sid}"

    def begin(
        self,
        call: Call,
        source: str,
        callback: RecordingCallback,
        base: Runner | None,
        *,
        conference_sid: str | None = None,
        channels: int = 1,
        track: str = "both",
    ) -> Recording:
        """`base`: the document that asked for it, from which a relative callback URL starts.  Raises TwimlError."""
        now = self._network.clock.now()
        if callback.url is not None and base is not None:
            callback = replace(callback, url=base.resolve(callback.url))
        recording = Recording(
            self._network.sid("RE"), call.sid, source, now, now, 0, "in-progress", conference_sid, channels
        )
        recording.track, recording.callback = track, callback
        self.all[recording.sid] = recording
        self._tell(call, recording, "in-progress")
        return recording

    def pause(self, recording: Recording, *, skip: bool) -> None:
        """`skip`: what is not recorded meanwhile leaves no silence either."""
        if recording.status == "in-progress":
            recording.status = "paused"
            recording.paused_at = self._network.clock.now() if skip else None

    def resume(self, recording: Recording) -> None:
        if recording.paused_at is not None:
            recording.skipped_seconds += (self._network.clock.now() - recording.paused_at).total_seconds()
            recording.paused_at = None
        recording.status = "in-progress"

    def end(self, call: Call, recording: Recording, seconds: float | None = None) -> None:
        """`seconds` of speech; None: all the time since it began."""
        if not recording.running:
            return
        self.resume(recording)
        if seconds is None:
            seconds = (self._network.clock.now() - recording.started_at).total_seconds() - recording.skipped_seconds
        recording.seconds = math.ceil(seconds)
        recording.status = "processing"
        call.recording = {
            "RecordingUrl": self.url(recording),
            "RecordingSid": recording.sid,
            "RecordingDuration": str(recording.seconds),
        }
        self._network.clock.spawn(self._process(call, recording), "carrier-recording")

    async def _process(self, call: Call, recording: Recording) -> None:
        await self._network.clock.sleep(PROCESSING_SECONDS)
        recording.status = "completed" if recording.seconds else "absent"
        self._tell(call, recording, recording.status)

    def _tell(self, call: Call, recording: Recording, event: str) -> None:
        callback = recording.callback
        if callback.url is None or event not in callback.events:
            return
        form = {
            "AccountSid": self._network.account_sid,
            "CallSid": call.sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": self.url(recording),
            "RecordingStatus": event,
            "RecordingDuration": str(recording.seconds),
            "RecordingChannels": str(recording.channels),
            "RecordingStartTime": rfc_2822(recording.started_at),
            "RecordingSource": recording.source,
            "RecordingTrack": recording.track,
            "ErrorCode": "0",
        }
        if recording.conference_sid is not None:
            form["ConferenceSid"] = recording.conference_sid
        self._network.webhooks.news(callback.url, callback.method, form, call.sid)

    async def transcribe(self, call: Call, recording: Recording, url: str) -> None:
        await self._network.clock.sleep(TRANSCRIBING_SECONDS)
        sid = self._network.sid("TR")
        self.transcriptions.add(sid)
        form = {
            "AccountSid": self._network.account_sid,
            "CallSid": call.sid,
            "From": call.from_,
            "To": call.to,
            "TranscriptionSid": sid,
            "TranscriptionText": recording.words,
            "TranscriptionStatus": "completed" if recording.words else "failed",
            "RecordingSid": recording.sid,
            "RecordingUrl": self.url(recording),
        }
        self._network.webhooks.news(url, "POST", form, call.sid)


async def record(runner: Runner, verb: Record) -> Next | None:
    """Until a key, silence, the longest time or a hang-up.  Nothing but silence: the next verb runs."""
    call, recordings = runner.call, runner.network.recordings
    if verb.beep:
        call.hears({"type": "playing", "url": "beep", "seconds": 0.5})
        await call.pause(0.5)
    call.inputs.clear()
    call.hears({"type": "recording", "max_seconds": verb.max_seconds})
    recording = recordings.begin(call, "RecordVerb", verb.callback, runner)
    taking = _Taking(runner, verb, recording)
    try:
        ended_by = await taking.listen()
    except Gone:
        if taking.end():
            await runner.tell(verb.action or "", verb.method, taking.form("hangup"))
        raise
    call.hears({"type": "recorded"})
    if not taking.end():
        return None
    return runner.action(verb.action, verb.method, taking.form(ended_by))


class _Taking:
    """One recording while it is made."""

    def __init__(self, runner: Runner, verb: Record, recording: Recording) -> None:
        self._runner, self._verb, self._recording = runner, verb, recording
        self._clock = runner.network.clock
        self._until = self._clock.now() + timedelta(seconds=verb.max_seconds)
        self._voice_since: datetime | None = None
        self._spoken = 0.0

    async def listen(self) -> str:
        """The key that ended it, or ""."""
        item = await self._next(self._verb.timeout_seconds)
        while item is not None:
            match item:
                case Key():
                    return item.digit
                case VoiceDone():
                    return ""
                case Voice():
                    item = await self._speak(item.seconds)
                case Speech():
                    self._recording.words = f"{self._recording.words} {item.text}".strip()
                    item = await self._speak(len(item.text) / self._runner.network.characters_per_second)
        return ""

    async def _speak(self, seconds: float | None) -> Input | None:
        """Talks, then is silent: the next input, or None when the silence or the tape has run out."""
        self._voice_since = self._clock.now()
        heard = await self._next(seconds)
        self._stop_voice()
        if heard is not None or self._clock.now() >= self._until:
            return heard
        return await self._next(self._verb.timeout_seconds)

    async def _next(self, seconds: float | None) -> Input | None:
        left = (self._until - self._clock.now()).total_seconds()
        return await self._runner.call.pause(left if seconds is None else min(seconds, left), take=self._wanted)

    def _wanted(self, item: Input) -> bool:
        return not isinstance(item, Key) or item.digit in self._verb.finish_on_key

    def _stop_voice(self) -> None:
        if self._voice_since is not None:
            self._spoken += (self._clock.now() - self._voice_since).total_seconds()
            self._voice_since = None

    def end(self) -> bool:
        """Whether there is anything on it."""
        self._stop_voice()
        call, network = self._runner.call, self._runner.network
        network.recordings.end(call, self._recording, self._spoken)
        if self._verb.transcribe_callback and self._spoken:
            url = self._runner.resolve(self._verb.transcribe_callback)
            network.clock.spawn(network.recordings.transcribe(call, self._recording, url), "carrier-transcription")
        return self._spoken > 0

    def form(self, digits: str) -> dict[str, str]:
        return {
            "RecordingUrl": self._runner.network.recordings.url(self._recording),
            "RecordingSid": self._recording.sid,
            "RecordingDuration": str(self._recording.seconds),
            "Digits": digits,
        }
