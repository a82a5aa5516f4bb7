"""The demo's agents whom nobody plays: they pick up by themselves, say a few words and hang up after a while.

As soon as somebody opens an agent's handset in the browser, the automatic one makes room, even while it rings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from simulator.calls import Frame
from simulator.network import Network
from simulator.phones import Phone
from store.clock import Clock

PICK_UP_SECONDS = 8.0  # long enough for a person to open the handset and answer themselves
TALK_SECONDS = 40.0
LOOK_SECONDS = 0.3
BREATH_SECONDS = 1.5

LanguageOf = Callable[[str], str | None]  # the other end's address -> BCP 47


@dataclass(frozen=True, slots=True)
class Lines:
    """What an automatic agent says; `{name}` is their first name."""

    hello: str
    replies: tuple[str, ...]
    goodbye: str


LINES: Mapping[str, Lines] = {
    "it": Lines(
        "Eccomi, sono {name}. Mi dica pure.",
        ("Capisco. Ci penso io.", "Lo scrivo subito, così non deve ripeterlo.", "Certo, guardo insieme a lei."),
        "Grazie della telefonata, a presto.",
    ),
    "en": Lines(
        "Hello, {name} speaking. How can I help?",
        (
            "I see. I will take care of it.",
            "I am writing that down, so you need not repeat it.",
            "Of course, let us look.",
        ),
        "Thank you for calling. Goodbye.",
    ),
    "de": Lines(
        "Guten Tag, hier ist {name}. Was kann ich für Sie tun?",
        ("Verstehe, ich kümmere mich darum.", "Das notiere ich gleich.", "Gern, sehen wir es uns an."),
        "Danke für Ihren Anruf. Auf Wiederhören.",
    ),
    "fr": Lines(
        "Bonjour, c'est {name}. Je vous écoute.",
        ("Je comprends, je m'en occupe.", "Je le note tout de suite.", "Bien sûr, regardons ensemble."),
        "Merci de votre appel. Au revoir.",
    ),
}


@dataclass(frozen=True, slots=True)
class Seat:
    address: str
    name: str
    language: str


class Colleague:
    """One automatic agent and their telephone, which is not plugged in while a person holds the handset."""

    def __init__(self, network: Network, clock: Clock, seat: Seat, language_of: LanguageOf) -> None:
        self._network, self._clock, self._seat, self._language_of = network, clock, seat, language_of
        self._phone: Phone | None = None
        self._lines = LINES[seat.language[:2]]
        self._replies = 0
        self._greeted: str | None = None  # the call in which hello was said

    def look(self) -> None:
        """Makes room for a person who has come, or sits down again when they have left."""
        people = [phone for phone in self._network.directory.at(self._seat.address) if phone is not self._phone]
        if self._phone is None:
            if not people:
                self._phone = self._network.plug_in(self._seat.address, self._hears)
            return
        if not people or self._phone.state == "in_call":
            return
        if self._phone.state == "ringing":
            self._hand_over(self._phone, people)
        else:
            self._network.unplug(self._phone)
            self._phone = None

    def _hand_over(self, phone: Phone, people: Iterable[Phone]) -> None:
        """The call that rings here rings there too; here nobody picks up any more."""
        call = phone.leg
        for other in people:
            if call is not None and other.state == "idle":
                call.ringing_at.append(other)
                other.offered(call)

    def _hears(self, frame: Frame) -> None:
        phone = self._phone
        if phone is None or phone.call is None:
            return
        match frame["type"]:
            case "ringing":
                self._clock.spawn(self._pick_up(phone, phone.call), "demo-pick-up")
            case "bridged":
                if phone.call != self._greeted:
                    self._greeted = phone.call
                    self._listen_to(frame["with"])
                    self._clock.spawn(self._talk(phone, phone.call), "demo-talk")
            case "heard":
                self._clock.spawn(self._reply(phone, phone.call), "demo-reply")

    def _listen_to(self, others: Iterable[str]) -> None:
        language = next((known for other in others if (known := self._language_of(other))), self._seat.language)
        self._lines = LINES.get(language[:2], LINES[self._seat.language[:2]])

    async def _pick_up(self, phone: Phone, call: str) -> None:
        await self._clock.sleep(PICK_UP_SECONDS)
        alone = len(self._network.directory.at(self._seat.address)) == 1
        if phone.call == call and phone.state == "ringing" and alone:
            phone.answer()

    async def _talk(self, phone: Phone, call: str) -> None:
        await self._say(phone, call, self._lines.hello.format(name=self._seat.name.split()[0]))
        await self._clock.sleep(TALK_SECONDS)
        await self._say(phone, call, self._lines.goodbye)
        await self._clock.sleep(BREATH_SECONDS)
        if phone.call == call:
            phone.hang_up()

    async def _reply(self, phone: Phone, call: str) -> None:
        words = self._lines.replies[self._replies % len(self._lines.replies)]
        self._replies += 1
        await self._say(phone, call, words)

    async def _say(self, phone: Phone, call: str, words: str) -> None:
        await self._clock.sleep(BREATH_SECONDS)
        if phone.call == call and phone.state == "in_call":
            phone.speak(words)


class Handsets:
    """All automatic agents; `run` keeps an eye on who has come and gone."""

    def __init__(self, network: Network, clock: Clock, seats: Iterable[Seat], language_of: LanguageOf) -> None:
        self._clock = clock
        self._colleagues = [Colleague(network, clock, seat, language_of) for seat in seats]

    async def run(self) -> None:
        while True:
            self.look()
            await self._clock.sleep(LOOK_SECONDS)

    def look(self) -> None:
        for colleague in self._colleagues:
            colleague.look()
