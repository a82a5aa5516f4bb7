"""What the softphones of a network share: their connections, their sound, losing a call and finding it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from simulator.calls import Call
from simulator.sdp import silent_answer, silent_offer
from simulator.softphone import Leg, SignallingError, Softphone

if TYPE_CHECKING:
    from simulator.media import PeerVoice
    from simulator.network import Network


class Softphones:
    """`resume_seconds`: how long a page that lost its signalling may take to resume a call, by the clock."""

    def __init__(self, network: Network, resume_seconds: float, *, with_media: bool) -> None:
        self._network, self._with_media = network, with_media
        self.resume_seconds = resume_seconds
        self._connected: dict[Softphone, Callable[[], None]] = {}
        self._away_until = 0.0  # by the loop's time
        self._loading: asyncio.Task[type[PeerVoice]] | None = None
        self._inviting: set[asyncio.Task[None]] = set()
        self.changed: Callable[[], None] = lambda: None  # called when one was registered or is gone

    # connections

    def connected(self, softphone: Softphone, drop: Callable[[], None]) -> None:
        """A page has shown its token; `drop` ends its socket."""
        self._connected[softphone] = drop
        if self._with_media:
            self._load()

    def gone(self, softphone: Softphone) -> None:
        self._connected.pop(softphone, None)
        self.unregister(softphone)
        softphone.lost()

    def register(self, softphone: Softphone) -> None:
        """Once more changes nothing: pages do so every half minute."""
        if softphone not in self._network.directory.phones:
            self._network.directory.phones.append(softphone)
            self.changed()

    def unregister(self, softphone: Softphone) -> None:
        """It is not rung any more; what is up goes on."""
        if softphone in self._network.directory.phones:
            self._network.directory.phones.remove(softphone)
            self.changed()

    def cut(self, identity: str = "", seconds: float = 0.0) -> None:
        """Mischief: the sockets of these pages ("": of all) break, and none opens for so long in real time."""
        self._away_until = asyncio.get_running_loop().time() + seconds
        for softphone, drop in list(self._connected.items()):
            if identity in ("", softphone.grant.identity):
                drop()

    @property
    def away(self) -> bool:
        return asyncio.get_running_loop().time() < self._away_until

    def resumed(self, ticket: str, call_sid: str, by: Softphone) -> Leg | None:
        """The call that goes on at `by`; None when it is over, or was never this page's."""
        call = self._network.calls.get(call_sid)
        owner = call.far_end if call is not None else None
        if not isinstance(owner, Softphone) or owner.address != by.address:
            return None
        leg = owner.leg_with(ticket, call_sid)
        if leg is not None:
            owner.hand_over(leg, by)
        return leg

    # sound

    async def offering(self) -> tuple[PeerVoice | None, str]:
        """A voice, and the session description to ring with."""
        voice = await self._new()
        return voice, silent_offer() if voice is None else await voice.offer()

    async def answering(self, sdp: str) -> tuple[PeerVoice | None, str]:
        """A voice, and our answer to their offer.  Raises SignallingError 31400."""
        voice = await self._new()
        try:
            return voice, silent_answer(sdp) if voice is None else await voice.answer(sdp)
        except BaseException as error:  # also when its page is gone meanwhile
            self.silence(voice)
            if isinstance(error, ValueError):
                raise SignallingError(31400, str(error)) from error
            raise

    def invite(self, work: Coroutine[None, None, None]) -> None:
        """In the background; `close` waits for it."""
        task = self._network.clock.spawn(work, "carrier-invite")
        self._inviting.add(task)
        task.add_done_callback(self._inviting.discard)

    async def accepted(self, voice: PeerVoice | None, sdp: str) -> None:
        """Raises SignallingError 31400."""
        if voice is not None:
            try:
                await voice.accept(sdp)
            except ValueError as error:
                raise SignallingError(31400, str(error)) from error

    def seat(self, leg: Leg, voice: PeerVoice | None) -> None:
        """From now on this is the leg's voice."""
        leg.voice = voice
        if voice is not None:
            voice.lost = leg.media_lost
        self.lend(voice, leg.at_ear)

    def lend(self, voice: PeerVoice | None, line: Callable[[], Call | None]) -> None:
        """`line`: the call that this voice is on at the moment, if any."""
        if voice is not None:
            self._network.voices.add(voice, line)

    def silence(self, voice: PeerVoice | None) -> None:
        if voice is not None:
            self._network.voices.remove(voice)

    async def close(self) -> None:
        for drop in list(self._connected.values()):
            drop()
        if self._loading is not None:
            await self._loading
        await asyncio.gather(*self._inviting, return_exceptions=True)

    async def _new(self) -> PeerVoice | None:
        if not self._with_media:
            return None
        voice = (await self._load())()
        self._network.voices.add(voice, lambda: None)
        return voice

    def _load(self) -> asyncio.Task[type[PeerVoice]]:
        """Begun in a thread with the first page, so that nothing stands still when its first call rings."""
        if self._loading is None:
            loading = asyncio.to_thread(_peer_voice)
            self._loading = asyncio.get_running_loop().create_task(loading, name="carrier-media-loading")
        return self._loading


def _peer_voice() -> type[PeerVoice]:
    from simulator.media import PeerVoice

    return PeerVoice
