"""`centralino twilio setup`: points the account's numbers at this server.

Looks at every number first, shows each setting it would change, and changes it only when told to.  Run again, it finds
nothing to change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from switchboard.account import AccountRefused, account, is_loopback, own_numbers, told
from switchboard.hosted_fallback import hosted_fallback
from switchboard.settings import Settings

if TYPE_CHECKING:
    from twilio.rest import Client

HOSTED_AT_TWILIO = ("handler.twilio.com", ".twil.io")  # TwiML Bins, Functions
FALLBACK = "voice_fallback_url"
# Each takes the number away from its addresses, so it is cleared before they are set.
BEATS = {
    "trunk_sid": "the SIP trunk takes every call before the voice URL",
    "voice_application_sid": "the TwiML app is asked instead of the voice URL",
    "sms_application_sid": "the TwiML app is asked instead of the SMS URL",
}
HELP_ABOUT_FALLBACK = """\
While this server is away, its own fallback address is away too: a fallback helps only from another host. Best is one
that Twilio keeps. Make a TwiML Bin in Twilio's console (Developer tools, TwiML Bins), paste this, and give the address
of the bin to `centralino twilio setup --fallback https://handler.twilio.com/twiml/EH… --apply`:
"""


@dataclass(frozen=True, slots=True)
class Change:
    setting: str  # as the client names it: voice_url
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Target:
    """A number or the TwiML app, and what is to be changed about it."""

    title: str
    changes: Sequence[Change]
    update: Callable[..., Any]  # the client's own
    kept_fallback: str = ""  # hosted at Twilio, and left alone

    @property
    def wish(self) -> dict[str, str]:
        return {change.setting: change.after for change in self.changes}


def run(settings: Settings, *, apply: bool, numbers: Collection[str], fallback: str | None) -> int:
    """Prints what is and what shall be; gives the exit code.  Raises AccountRefused."""
    public_url = _public_url(settings)
    fallback = fallback or settings.twilio_fallback_url
    if fallback is not None and urlsplit(fallback).scheme not in ("http", "https"):
        raise AccountRefused(f"--fallback: not a web address: {fallback}")
    with account(settings) as client:
        targets = list(_targets(client, settings, public_url, numbers, fallback))
        for line in report(targets, apply=apply):
            print(line)
        if apply:
            for target in targets:
                _change(settings, target)
    print(f"\n{HELP_ABOUT_FALLBACK}")
    print(
        hosted_fallback(company=settings.company_name, language=settings.default_language, public_url=public_url),
        end="",
    )
    return 0


def looked_at(settings: Settings) -> list[Target]:
    """What `run` would show, of every number; nothing is changed.  Raises AccountRefused."""
    public_url = _public_url(settings)
    with account(settings) as client:
        return list(_targets(client, settings, public_url, (), settings.twilio_fallback_url))


def _public_url(settings: Settings) -> str:
    return reachable(settings.public_url, by_twilio=not is_loopback(settings.twilio_api_url))


def reachable(url: str | None, *, by_twilio: bool = True) -> str:
    """The public URL if Twilio can ask it, or a stand-in on this machine.  Raises AccountRefused."""
    wanted = "set it to the https address under which Twilio reaches this server"
    if url is None:
        raise AccountRefused(f"PUBLIC_URL is not set: {wanted}")
    if by_twilio and is_loopback(url):
        raise AccountRefused(f"PUBLIC_URL is {url}, which only this machine can reach: {wanted}")
    if "_" in (urlsplit(url).hostname or ""):
        raise AccountRefused(f"PUBLIC_URL is {url}: Twilio refuses host names with an underscore; {wanted}")
    return url


def wish_for_number(number: Any, public_url: str, fallback: str | None) -> list[Change]:
    """What differs from what a number of this server has.  `number`: as the client gives it.

    A fallback that Twilio hosts stays, unless another is asked for.
    """
    clear = dict.fromkeys(BEATS, "")
    voice, texts = _voice(public_url, fallback, getattr(number, FALLBACK)), {}
    if (number.capabilities or {}).get("sms", True):
        texts = {"sms_url": f"{public_url}/twilio/sms", "sms_method": "POST"}
    return differences(number, clear | voice | texts)


def wish_for_app(app: Any, public_url: str, fallback: str | None) -> list[Change]:
    """Calls of the softphones; its texts are none of our business."""
    return differences(app, _voice(public_url, fallback, getattr(app, FALLBACK)))


def _voice(public_url: str, fallback: str | None, now: str | None) -> dict[str, str]:
    wish = {
        "voice_url": f"{public_url}/twilio/voice",
        "voice_method": "POST",
        FALLBACK: fallback or f"{public_url}/twilio/voice/fallback",
        "voice_fallback_method": "POST",
        "status_callback": f"{public_url}/twilio/status",
        "status_callback_method": "POST",
    }
    if fallback is None and hosted_at_twilio(now):
        del wish[FALLBACK], wish["voice_fallback_method"]
    return wish


def hosted_at_twilio(url: str | None) -> bool:
    return (urlsplit(url or "").hostname or "").endswith(HOSTED_AT_TWILIO)


def differences(resource: Any, wish: Mapping[str, str]) -> list[Change]:
    found = {name: str(getattr(resource, name) or "") for name in wish}
    return [Change(name, found[name], after) for name, after in wish.items() if found[name] != after]


def report(targets: Sequence[Target], *, apply: bool) -> Iterator[str]:
    """Each target with its changes, one a line, then what was or would be done."""
    for target in targets:
        yield target.title if target.changes else f"{target.title}: nothing to change"
        if target.kept_fallback:
            yield f"  {FALLBACK}: {target.kept_fallback} stays: Twilio hosts it"
        for change in target.changes:
            why = f"  ({BEATS[change.setting]})" if change.setting in BEATS else ""
            yield f"  {change.setting}: {change.before or 'unset'} -> {change.after or 'unset'}{why}"
    changed = sum(1 for target in targets if target.changes)
    if not targets:
        yield "the account has no numbers yet"
    elif not changed:
        yield "nothing to change"
    elif not apply:
        yield "nothing is changed yet: run it again with --apply"


def _targets(
    client: Client, settings: Settings, public_url: str, numbers: Collection[str], fallback: str | None
) -> Iterator[Target]:
    owned = own_numbers(settings, client)
    if strange := sorted(set(numbers) - set(owned)):
        raise AccountRefused(f"--number: the account has no {', '.join(strange)}; it has {', '.join(owned) or 'none'}")
    for number, own in owned.items():
        if number in numbers or not numbers:
            title = f"{number} ({own.friendly_name}, {own.sid})"
            yield _target(title, own, wish_for_number(own, public_url, fallback))
    if settings.twilio_twiml_app_sid is not None:
        with told(settings, f"TWILIO_TWIML_APP_SID: {settings.twilio_twiml_app_sid}"):
            app = client.applications(settings.twilio_twiml_app_sid).fetch()
        title = f"TwiML app {app.friendly_name or ''} ({app.sid})".replace("  ", " ")
        yield _target(title, app, wish_for_app(app, public_url, fallback))


def _target(title: str, resource: Any, changes: Sequence[Change]) -> Target:
    fallback = getattr(resource, FALLBACK)
    kept = hosted_at_twilio(fallback) and all(change.setting != FALLBACK for change in changes)
    return Target(title, changes, resource.update, fallback if kept else "")


def _change(settings: Settings, target: Target) -> None:
    if target.changes:
        with told(settings, target.title):
            target.update(**target.wish)
        print(f"changed: {target.title}", flush=True)
