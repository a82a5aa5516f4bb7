"""Every room's tables in one MetaData, for whoever needs the schema whole: migrations' checks and tests."""

import api.tables
import callbacks.tables
import carrier.tables
import crm.tables
import desk.tables
import ivr.tables
import routing.tables
import store.tables
from store.sql import metadata

ROOMS = (
    api.tables,
    callbacks.tables,
    carrier.tables,
    crm.tables,
    desk.tables,
    ivr.tables,
    routing.tables,
    store.tables,
)

__all__ = ["ROOMS", "metadata"]
