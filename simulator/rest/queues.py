"""Queues and those who wait in them."""

from __future__ import annotations

from typing import Any

from simulator.parameters import rfc_2822
from simulator.queues import CallQueue, Member
from simulator.rest.asked import Asked
from simulator.rest.errors import Refused, bad_request
from simulator.rest.paging import page

LONGEST_NAME = 64
LARGEST = 5000


def create(asked: Asked) -> dict[str, Any]:
    name = asked.text("FriendlyName")
    _check_name(name)
    if asked.network.queues.named(name) is not None:
        raise bad_request(22003, f"A queue named {name} exists already")
    return as_json(asked, asked.network.queues.open(name, _size(asked, 1000)))


def listing(asked: Asked) -> dict[str, Any]:
    return page(asked, "queues", [as_json(asked, queue) for queue in asked.network.queues.all.values()])


def fetch(asked: Asked) -> dict[str, Any]:
    return as_json(asked, _find(asked, "sid"))


def update(asked: Asked) -> dict[str, Any]:
    queue = _find(asked, "sid")
    if asked.has("FriendlyName"):
        _check_name(asked.text("FriendlyName"))
        queue.name = asked.text("FriendlyName")
    queue.max_size = _size(asked, queue.max_size)
    queue.updated_at = asked.network.clock.now()
    return as_json(asked, queue)


def delete(asked: Asked) -> None:
    queue = _find(asked, "sid")
    if queue.members:
        raise Refused(400, 22002, "The queue is not empty")
    del asked.network.queues.all[queue.sid]


def list_members(asked: Asked) -> dict[str, Any]:
    queue = _find(asked, "queue")
    return page(asked, "queue_members", [_member_json(asked, queue, m) for m in queue.members], key="call_sid")


def fetch_member(asked: Asked) -> dict[str, Any]:
    queue, member = _find_member(asked)
    return _member_json(asked, queue, member)


def dequeue_member(asked: Asked) -> dict[str, Any]:
    queue, member = _find_member(asked)
    source = asked.source("Url", "Method")
    if source is None:
        raise bad_request(21205, "Url parameter is required.")
    body = _member_json(asked, queue, member)
    queue.remove(member, asked.network.clock.now())
    member.call.take_away(source)
    return body


def as_json(asked: Asked, queue: CallQueue) -> dict[str, Any]:
    return {
        "date_updated": rfc_2822(queue.updated_at),
        "current_size": len(queue.members),
        "friendly_name": queue.name,
        "uri": f"{asked.root}/Queues/{queue.sid}.json",
        "account_sid": asked.network.account_sid,
        "average_wait_time": queue.average_wait,
        "sid": queue.sid,
        "date_created": rfc_2822(queue.created_at),
        "max_size": queue.max_size,
    }


def _member_json(asked: Asked, queue: CallQueue, member: Member) -> dict[str, Any]:
    return {
        "call_sid": member.call.sid,
        "date_enqueued": rfc_2822(member.at),
        "position": queue.members.index(member) + 1,
        "uri": f"{asked.root}/Queues/{queue.sid}/Members/{member.call.sid}.json",
        "wait_time": int((asked.network.clock.now() - member.at).total_seconds()),
        "queue_sid": queue.sid,
    }


def _find(asked: Asked, name: str) -> CallQueue:
    queue = asked.network.queues.all.get(asked.names[name])
    if queue is None:
        raise asked.missing()
    return queue


def _find_member(asked: Asked) -> tuple[CallQueue, Member]:
    queue, key = _find(asked, "queue"), asked.names["call"]
    waiting = [member for member in queue.members if key in ("Front", member.call.sid)]
    if not waiting:
        raise asked.missing()
    return queue, waiting[0]


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise bad_request(22004, f"FriendlyName has 1 to {LONGEST_NAME} characters")


def _size(asked: Asked, default: int) -> int:
    size = asked.number("MaxSize", default)
    if not 1 <= size <= LARGEST:
        raise bad_request(22005, f"MaxSize is 1 to {LARGEST}")
    return size
