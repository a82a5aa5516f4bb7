"""The pages put together with what the settings say of this house."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.routing import BaseRoute

from desk import sections, site
from desk.asking import Api
from desk.live import LiveFeed
from desk.pages import Pages
from routing.house import House
from routing.plans import Plans
from store.clock import Clock
from store.live import Nudges
from store.sql import Database
from switchboard.settings import TWILIO_API_URL, Settings, secret_key


def desk_routes(
    settings: Settings,
    public_url: str,
    database: Database,
    clock: Clock,
    house: House,
    plans: Plans,
    feed: LiveFeed,
    nudges: Nudges,
    api: Api,
) -> Sequence[BaseRoute]:
    pages = Pages(
        database,
        clock,
        house,
        api,
        signalling=signalling(settings.twilio_api_url),
        secure=public_url.startswith("https:"),
    )
    secret = settings.twilio_api_key_secret

    def tell(name: str) -> None:
        clock.spawn(nudges.publish(name), f"nudge-{name}")

    return sections.routes(
        site.Site(
            pages=pages,
            feed=feed,
            plans=plans,
            account=site.Account(
                settings.twilio_account_sid,
                settings.twilio_api_key_sid,
                secret.get_secret_value() if secret else None,
                settings.twilio_twiml_app_sid,
            ),
            sign_on=site.SignOn(),
            public_url=public_url,
            secret=secret_key(settings),
            tell=tell,
            region=settings.default_region,
        )
    )


def signalling(api_url: str) -> str | None:
    """Where a stand-in for the carrier speaks with softphones, as `ws://host:port`; null: at Twilio, as ever."""
    if api_url == TWILIO_API_URL:
        return None
    parts = urlsplit(api_url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
