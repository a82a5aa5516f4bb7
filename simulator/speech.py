"""What a caller hears and answers: Say, Play, Pause, and Gather around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from simulator.calls import Call, Frame, Input, Key, Speech
from simulator.parameters import standard
from simulator.verbs import Gather, Pause, Play, Prompt, Say

if TYPE_CHECKING:
    from simulator.network import Network
    from simulator.run import Next, Runner

FOREVER = 1000
AUTO_SPEECH_TIMEOUT_SECONDS = 1.0
LONGEST_SPEECH_SECONDS = 60.0
GAP_SECONDS = 0.5  # one `w` in digits to send


async def say(runner: Runner, verb: Prompt) -> None:
    """Say, Play or Pause as a verb of its own."""
    await prompt(runner, verb)


async def prompt(runner: Runner, verb: Prompt, take: Callable[[Input], bool] | None = None) -> Input | None:
    """Say, play or be quiet; an input that `take` wants stops it and is returned."""
    call = runner.call
    if isinstance(verb, Pause):
        call.hears({"type": "quiet", "seconds": verb.length})
        return await call.pause(verb.length, take=take)
    if isinstance(verb, Play) and verb.digits:
        return await call.pause(send_digits(call, verb.digits), take=take)
    frame, seconds = await sound(runner.network, runner.resolve(verb.url) if isinstance(verb, Play) else "", verb)
    for _ in range(verb.loop or FOREVER):
        call.hears(frame)
        heard = await call.pause(seconds, take=take)
        if heard is not None:
            return heard
    return None


async def sound(network: Network, url: str, verb: Say | Play) -> tuple[Frame, float]:
    """What a telephone is told of a sound, and its seconds.  Raises WebhookFailed for a file that does not play."""
    if isinstance(verb, Say):
        seconds = round(len(verb.spoken) / network.characters_per_second + verb.break_seconds, 3)
        frame = {"type": "said", "text": verb.text, "language": verb.language, "voice": verb.voice, "seconds": seconds}
        return frame | ({"spoken": verb.respelt} if verb.respelt else {}), seconds
    seconds = await network.webhooks.audio_seconds(url)
    return {"type": "playing", "url": url, "seconds": seconds}, seconds


def send_digits(call: Call, digits: str) -> float:
    """Keys for the far end; returns how long it takes."""
    call.hears({"type": "keys", "digits": digits.replace("w", "").replace("W", "")})
    return sum({"w": GAP_SECONDS, "W": 2 * GAP_SECONDS}.get(digit, 0.2) for digit in digits)


async def gather(runner: Runner, verb: Gather) -> Next | None:
    """The keys or words, sent to the action; None when there were none and nobody wants to know."""
    call = runner.call
    call.inputs.clear()
    call.hears({"type": "listening", "keys": verb.keys, "speech": verb.speech})
    first = await _prompts(runner, verb)
    result = await _collect(runner, verb, first)
    if not result and not verb.action_on_empty:
        return None
    if not result:
        result = {"Digits": ""} if verb.keys else {"SpeechResult": ""}
    return runner.action(verb.action, verb.method, {"msg": "Gather End", **result})


async def _prompts(runner: Runner, verb: Gather) -> Input | None:
    """Until they end or the caller does something that counts."""
    take = partial(_counts, verb) if verb.barge_in else None
    for part in verb.prompts:
        heard = await prompt(runner, part, take)
        if heard is not None:
            return heard
    return None


def _counts(verb: Gather, item: Input) -> bool:
    return (isinstance(item, Key) and verb.keys) or (isinstance(item, Speech) and verb.speech)


async def _collect(runner: Runner, verb: Gather, item: Input | None) -> dict[str, str]:
    """The first kind of input decides; empty when nothing came in time."""
    call = runner.call
    digits = ""
    while True:
        if item is None:
            item = await call.pause(verb.timeout_seconds, take=partial(_counts, verb))
        if item is None:
            return {"Digits": digits} if digits else {}
        if isinstance(item, Speech) and verb.speech and not digits:
            return await _listen(runner, verb, item)
        if isinstance(item, Key) and verb.keys:
            if item.digit in verb.finish_on_key:
                return {"Digits": digits, "FinishedOnKey": item.digit} if digits else {}
            digits += item.digit
            if len(digits) == verb.num_digits:
                return {"Digits": digits}
        item = None


async def _listen(runner: Runner, verb: Gather, first: Speech) -> dict[str, str]:
    """Words until the speaker has been silent for the speech timeout."""
    call, network = runner.call, runner.network
    words = [first.text]
    _tell_partial(runner, verb, words)
    until = network.clock.now() + timedelta(seconds=LONGEST_SPEECH_SECONDS)
    await call.pause(len(first.text) / network.characters_per_second)
    while network.clock.now() < until:
        item = await call.pause(_silence_seconds(verb), take=partial(_counts, verb))
        if item is None:
            break
        if isinstance(item, Speech):
            words.append(item.text)
            _tell_partial(runner, verb, words)
            await call.pause(len(item.text) / network.characters_per_second)
    result = {"SpeechResult": " ".join(words)}
    if network.speech_confidence:
        result["Confidence"] = f"{network.random.uniform(0.7, 0.99):.7f}"
    return result


def _tell_partial(runner: Runner, verb: Gather, words: list[str]) -> None:
    if verb.partial_callback is not None:
        form = standard(runner.call) | {"UnstableSpeechResult": " ".join(words), "SequenceNumber": str(len(words) - 1)}
        runner.network.webhooks.news(runner.resolve(verb.partial_callback), verb.partial_method, form, runner.call.sid)


def _silence_seconds(verb: Gather) -> float:
    if verb.speech_timeout == "auto":
        return AUTO_SPEECH_TIMEOUT_SECONDS
    return float(verb.speech_timeout) if verb.speech_timeout else float(verb.timeout_seconds)
