"""The rooms put together: what each is handed, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import BaseRoute

from api.tokens import Guard, Principal
from api.tokens_api import tokens_router
from callbacks import joining
from callbacks import personal as promises_of
from callbacks.api import callbacks_router
from callbacks.handing_over import handing_promises
from callbacks.keeper import Keeper
from callbacks.making import Making
from callbacks.outlook_loop import Outlook
from callbacks.promises import Promises
from callbacks.upcoming import broken_lately, next_promises
from carrier.effects import Effects
from carrier.numbers import Numbers
from carrier.port import Network
from carrier.signatures import Signatures
from crm import audit
from crm.api import Others, customers_router
from crm.audit import What
from crm.audit_api import audit_router
from crm.connectors import outbox
from crm.memory_api import Remembering, memory_router
from crm.merging import Promised
from crm.past_api import cases_router, interactions_router
from crm.stories_api import stories_router
from crm.tidying import Tidying
from crm.vcards_api import vcards_router
from desk.api import events_router
from desk.card.serves import export_look_ups
from desk.live import LiveFeed
from desk.reports_api import reports_router
from desk.softphone.desks import has_desk
from desk.softphone.sweep import Sweep
from desk.tables import look_ups
from ivr import lint
from ivr.api import calls_router
from ivr.calls import said_in
from ivr.desk_api import desk_router
from ivr.links import Links
from ivr.personal import Forgetting, export_calls, export_proofs
from ivr.phrases_api import phrases_router
from ivr.promise_page import Page
from ivr.promised import PromiseDialler, told_by_text
from ivr.proof_api import proof_router
from ivr.reconcile import Reconcile
from ivr.recording_api import recording_router
from ivr.reminders import Reminders
from ivr.restored import Restored
from ivr.retention_loop import RetentionLoop
from ivr.supervise_api import supervise_router
from ivr.tables import calls
from ivr.transfer_api import transfer_router
from ivr.turn import Rooms
from ivr.vcon_api import vcon_router
from ivr.vcon_rows import Source
from ivr.watch import Watch
from ivr.webhooks import DEADLINE_SECONDS, Webhooks
from routing.absences import Absent
from routing.absences_api import absences_router
from routing.agents import Agent
from routing.api import agents_router
from routing.choose import on_shift
from routing.coming_back import ComingBack
from routing.house import House
from routing.index import Index
from routing.index_loop import IndexLoop
from routing.learning import Learning
from routing.live_floor import Floor
from routing.plan_api import plan_router
from routing.plan_check import Words
from routing.plans import Plans
from routing.replay_api import replay_router
from routing.try_api import PromisesTold
from routing.vetoes import export_declined, vetoed_by
from routing.vetoes_api import vetoes_router
from store.clock import Clock
from store.due import POLL_SECONDS
from store.ids import new_id
from store.live import Live, Nudges
from store.skew import Ask, Skew
from store.sql import Database
from switchboard.connected import connected
from switchboard.settings import Settings, secret_key
from switchboard.views import views

FLOOR = "floor"  # somebody may be free
PROMISES = "promises"  # something may be due sooner than it was


@dataclass(frozen=True, slots=True)
class Wired:
    routes: Sequence[BaseRoute]
    routers: Sequence[APIRouter]
    loops: Sequence[Any]
    everywhere: Sequence[Any]
    rooms: Rooms
    feed: LiveFeed


def wire(
    settings: Settings,
    public_url: str,
    database: Database,
    clock: Clock,
    live: Live,
    nudges: Nudges,
    guard: Guard,
    network: Network,
    poll: float = POLL_SECONDS,
    deadline: float = DEADLINE_SECONDS,
    database_clock: Ask | None = None,
) -> Wired:
    """`database_clock`: what the clock here is compared with; None where they are one, or time is not the real one."""
    house = House(settings.company_name, settings.default_language, settings.default_region, settings.timezone)
    plans, promises = Plans(), Promises(house)
    effects = Effects(database, clock, network, calls_per_second=settings.calls_per_second, poll=poll)
    numbers = Numbers(database, clock, network)

    def tell(name: str) -> None:
        clock.spawn(nudges.publish(name), f"nudge-{name}")

    learning, index, absent = Learning(database, clock, house), Index(live), Absent(database, clock)

    def present(agent: Agent, now: datetime) -> bool:
        return on_shift(agent, house.zone, house.country, now) and not absent.covers(agent.id, now)

    def absences_changed() -> None:
        absent.changed()
        tell(FLOOR)

    index_loop = IndexLoop(database, clock, index, poll=max(poll, 1.0), changed=lambda: tell(FLOOR))
    rooms = Rooms(
        database=database,
        clock=clock,
        carrier=effects,
        numbers=numbers,
        promises=promises,
        plans=plans,
        house=house,
        learning=learning,
        floor=Floor(index, present),
        links=Links(secret_key(settings), public_url),
        public_url=public_url,
        floor_changed=lambda: tell(FLOOR),
        fallback_url=settings.twilio_fallback_url,
        has_desk=lambda conn, agent_id: has_desk(conn, agent_id, now=clock.now()),
    )
    owner = new_id("own")
    other_crm = connected(settings, database, clock, owner=owner, poll=poll)
    watch = Watch(rooms, network, owner=owner, poll=poll)
    promises.teller = told_by_text(rooms)
    keeper, keeping = _keeping(rooms, network, owner, poll, settings.calls_per_second, database_clock)
    effects.on_result = watch.heard
    nudges.listen(FLOOR, watch.floor_changed)
    nudges.listen(FLOOR, keeper.loop.nudge)
    nudges.listen(PROMISES, keeper.loop.nudge)
    signatures = Signatures(
        settings.auth_tokens or (new_id("none"),), public_url, account_sid=settings.twilio_account_sid
    )
    others = Others(
        erasers=[Forgetting(effects).erase, outbox.forget],
        exporters={
            "promises": promises_of.export,
            "calls": export_calls,
            "proofs": export_proofs,
            "look_ups": export_look_ups,
        },
        confidential={"declined_agents": export_declined},
        tellers=[promises_of.tell],
        promised=Promised(joining.settle, joining.unsettle),
    )
    feed = LiveFeed(database, clock, views(clock, promises))
    nudges.listen(FLOOR, feed.nudge)
    database.listen(lambda news: feed.nudge())
    return Wired(
        routes=[
            *Webhooks(rooms, signatures, deadline=deadline, elsewhere=other_crm.lookup).routes,
            *Page(rooms, rooms.links).routes,
        ],
        routers=_routers(settings, rooms, guard, feed, others, tell, absences_changed),
        loops=[
            *effects.loops(),
            numbers,
            *watch.loops(),
            Reminders(rooms),
            ComingBack(database, clock, lambda: tell(FLOOR)),
            Tidying(database, clock),
            Sweep(database, clock, lambda: tell(FLOOR)),
            RetentionLoop(rooms, others.erasers, [look_ups]),
            *other_crm.loops,
            *(watch.then(loop) for loop in (*keeping, Reconcile(rooms, network))),
        ],
        rooms=rooms,
        feed=feed,
        everywhere=[feed, learning, absent, index_loop, *other_crm.everywhere],
    )


def _keeping(
    rooms: Rooms, network: Network, owner: str, poll: float, rate: float, database_clock: Ask | None
) -> tuple[Keeper, list[Any]]:
    """What keeps promises, and looks ahead for those that may not be kept, with the loops that may hold both."""
    database, clock, promises, plans, house = rooms.database, rooms.clock, rooms.promises, rooms.plans, rooms.house
    restored = Restored(rooms, network, known=lambda: keeper.loop.nudge())
    skews = [] if database_clock is None else [Skew(clock, database_clock, right=lambda: keeper.loop.nudge())]

    def held() -> bool:
        """No promise is begun: the carrier may have called for it already, or the clock here is wrong."""
        return restored.held() or any(skew.held() for skew in skews)

    def letters() -> PromiseDialler:
        return PromiseDialler(rooms)

    keeper = Keeper(database, clock, promises, plans, house, letters, owner=owner, poll=poll, held=held)
    ahead = (database, clock, promises, plans, house, rooms.learning, letters)
    outlook = Outlook(*ahead, calls_per_second=rate, held=held)
    return keeper, [restored, keeper.loop, outlook, *skews]


def _vcon_source(settings: Settings, rooms: Rooms) -> Source:
    host = urlsplit(rooms.public_url).hostname or "localhost"
    return Source(settings.company_name, host, settings.twilio_account_sid)


def _routers(
    settings: Settings,
    rooms: Rooms,
    guard: Guard,
    feed: LiveFeed,
    others: Others,
    tell: Callable[[str], None],
    absences_changed: Callable[[], None],
) -> list[APIRouter]:
    """Everything under `/api/v1`."""
    database, clock, plans, house = rooms.database, rooms.clock, rooms.plans, rooms.house
    region, language = settings.default_region, settings.default_language

    async def witness(conn: AsyncConnection, asking: Principal, change: str, token_id: str, role: str) -> None:
        what = What.TOKEN_MADE if change == "made" else What.TOKEN_REVOKED
        await audit.record(conn, asking, what, now=clock.now(), token=token_id, of=role)

    making = Making(clock, rooms.promises, plans, house, rooms.numbers)
    return [
        customers_router(database, clock, guard, region, others),
        agents_router(
            database,
            clock,
            guard,
            region=region,
            language=language,
            on_presence=lambda agent_id: tell(FLOOR),
            promised=handing_promises(rooms.promises),
        ),
        absences_router(database, clock, guard, absences_changed),
        vetoes_router(database, clock, guard),
        memory_router(
            database,
            clock,
            guard,
            Remembering(vetoed_by, broken_lately, said_in),
            language=language,
            zone=settings.timezone,
        ),
        stories_router(database, clock, guard, settings.timezone),
        interactions_router(database, clock, guard),
        cases_router(database, clock, guard, making.follow_up),
        calls_router(database, clock, guard),
        proof_router(rooms, guard, secret_key(settings)),
        recording_router(rooms, guard),
        desk_router(rooms, guard),
        transfer_router(rooms, guard),
        supervise_router(rooms, guard),
        vcards_router(database, clock, guard),
        vcon_router(database, clock, guard, _vcon_source(settings, rooms)),
        callbacks_router(
            database,
            clock,
            guard,
            rooms.promises,
            plans,
            house,
            lambda: tell(PROMISES),
            rooms.numbers,
            lambda: PromiseDialler(rooms),
        ),
        plan_router(
            database,
            clock,
            guard,
            plans,
            house,
            Words(lint.faults_of, lint.blemishes_of),
            PromisesTold(
                lambda conn, customer_id, now: broken_lately(conn, customer_id, now=now),
                lambda conn, now, until, wait: next_promises(conn, now=now, until=until, owner_wait=wait),
            ),
        ),
        phrases_router(database, clock, guard, plans, house),
        audit_router(database, guard),
        tokens_router(database, clock, guard, witness),
        replay_router(database, clock, guard, plans, house, individual_clocks=settings.shows_clocks_of_persons),
        events_router(feed, guard),
        reports_router(database, clock, guard, plans, house, calls),
    ]
