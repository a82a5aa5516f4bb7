"""What the sections of the pages are made with.  They are put together in sections.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk.live import LiveFeed
from desk.pages import Pages
from routing.plans import Plans


@dataclass(frozen=True, slots=True)
class Account:
    """What the carrier's account gives a softphone; without a key there is none."""

    account_sid: str | None = None
    api_key_sid: str | None = None
    api_key_secret: str | None = None
    twiml_app_sid: str | None = None


@dataclass(frozen=True, slots=True)
class SignOn:
    """A company's own sign-in by OpenID Connect; without an issuer there is none."""

    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    name: str = "OpenID Connect"


async def _nothing_to_say() -> list[dict[str, Any]]:
    return []


@dataclass(frozen=True, slots=True)
class Target:
    """A number at the carrier, or the app of the softphones: `changes` are its settings as they are and should be."""

    title: str
    changes: Sequence[tuple[str, str, str]]


class SetupRefused(Exception):
    """The carrier cannot be asked; in one line, why."""


async def _nothing_to_set_up() -> list[Target]:
    return []


@dataclass(frozen=True, slots=True)
class Site:
    """What the sections are made with.  `floor_changed` tells every process that somebody may be free now, or is not
    any more; `examine` is what `doctor` finds: items with `name`, `state` (ok | note | failed) and `told`; `setup` is
    what `twilio setup` would look at, and raises SetupRefused."""

    pages: Pages
    feed: LiveFeed
    plans: Plans
    account: Account
    sign_on: SignOn
    public_url: str
    secret: str
    floor_changed: Callable[[], None]
    region: str
    home: Path  # where files may lie for a while
    individual_clocks: bool = False  # managers see for how long each agent talks or is away
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")  # whose word is taken for where a request comes from
    examine: Callable[[], Awaitable[list[dict[str, Any]]]] = _nothing_to_say
    setup: Callable[[], Awaitable[list[Target]]] = _nothing_to_set_up
