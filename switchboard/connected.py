"""The connector that the settings name, if they name one; what it needs is loaded only then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm.connectors.lookup import Lookup
from crm.connectors.outbox import Outbox
from crm.connectors.port import Connector
from crm.connectors.signing import read_secret
from store.clock import Clock
from store.sql import Database
from switchboard.settings import Settings


@dataclass(frozen=True, slots=True)
class Connected:
    lookup: Lookup | None = None
    everywhere: Sequence[Any] = ()
    loops: Sequence[Any] = ()


def connected(settings: Settings, database: Database, clock: Clock, *, owner: str, poll: float) -> Connected:
    connector = connector_of(settings, clock)
    if connector is None:
        return Connected()
    lookup = Lookup(database, clock, connector, settings.default_region)
    outbox = Outbox(database, clock, connector, owner=owner, poll=poll)
    return Connected(lookup, [lookup], [outbox.sweep, outbox.loop])


def connector_of(settings: Settings, clock: Clock) -> Connector | None:
    """Opens nothing yet.  The settings have been checked to be enough for it."""
    if settings.connector == "none":
        return None
    from crm.connectors.guarded import Guarded
    from crm.connectors.hubspot import URL, HubSpot
    from crm.connectors.salesforce import Salesforce
    from crm.connectors.webhook import Webhook

    http, region = Guarded(settings.connector_hosts), settings.default_region
    token = settings.connector_token.get_secret_value() if settings.connector_token else ""
    url = settings.connector_url or URL
    if settings.connector == "hubspot":
        return HubSpot(http, token, region, url=url)
    if settings.connector == "salesforce":
        pair = (settings.connector_client_id, settings.connector_client_secret)
        credentials = (pair[0], pair[1].get_secret_value()) if pair[0] and pair[1] else None
        return Salesforce(http, url, region, settings.zone, token=token or None, credentials=credentials)
    secret = settings.connector_secret.get_secret_value() if settings.connector_secret else ""
    return Webhook(http, clock, url, read_secret(secret))
