"""The pages put together with what the settings say of this house."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
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
from switchboard.account import AccountRefused
from switchboard.settings import TWILIO_API_URL, Settings, secret_key
from switchboard.wiring import FLOOR


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
        session=timedelta(hours=settings.session_hours),
        idle=timedelta(minutes=settings.session_idle_minutes),
        managers_need_second_factor=settings.managers_need_a_second_factor == "on",
    )
    secret = settings.twilio_api_key_secret

    def floor_changed() -> None:
        clock.spawn(nudges.publish(FLOOR), "nudge-floor")

    # Loaded when somebody looks: both lead to the whole server, which is being put together here.
    async def examine() -> list[dict[str, Any]]:
        from switchboard import examination

        return await examination.examine(settings, database, clock, nudges)

    async def setup() -> list[site.Target]:
        from switchboard import twilio_setup

        try:
            targets = await asyncio.to_thread(twilio_setup.looked_at, settings)
        except AccountRefused as refused:
            raise site.SetupRefused(str(refused)) from None
        return [
            site.Target(target.title, [(one.setting, one.before, one.after) for one in target.changes])
            for target in targets
        ]

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
            sign_on=sign_on(settings),
            public_url=public_url,
            secret=secret_key(settings),
            floor_changed=floor_changed,
            region=settings.default_region,
            home=settings.centralino_home,
            proxies=settings.proxies,
            examine=examine,
            setup=setup,
            individual_clocks=settings.shows_clocks_of_persons,
        )
    )


def sign_on(settings: Settings) -> site.SignOn:
    secret = settings.oidc_client_secret
    return site.SignOn(
        settings.oidc_issuer,
        settings.oidc_client_id,
        secret.get_secret_value() if secret else None,
        settings.oidc_name,
    )


def signalling(api_url: str) -> str | None:
    """Where a stand-in for the carrier speaks with softphones, as `ws://host:port`; null: at Twilio, as ever."""
    if api_url == TWILIO_API_URL:
        return None
    parts = urlsplit(api_url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
