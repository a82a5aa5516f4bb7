"""`when` of a rule as rows of a form, and back.  Pure.

A tree of groups and of single demands; what stands in one `caller` together becomes as many rows.  Two trees that are
alike say the same, so a rule whose rows nobody touched keeps the words it was written with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from desk.plan.paths import Path

ANYBODY = "anybody"
OF_CALLER = (
    *("known", "tag", "language", "weary_level_at_least"),
    *("open_matter", "preferred_agent", "calls_lately_at_least"),
)
TRUTHS = frozenset({"known", "open_matter", "preferred_agent"})
OF_FLOOR = ("ready_at_least", "ready_at_most")
USUAL: Mapping[str, Any] = {  # what a demand begins with; a line is the first there is
    "known": True,
    "tag": "",
    "language": "it",
    "weary_level_at_least": 2,
    "open_matter": True,
    "preferred_agent": True,
    "calls_lately_at_least": 3,
    "line": "",
    "hours": "Mo-Fr 12:00-14:00",
    "ready_at_least": 1,
    "ready_at_most": 2,
    "waiting_at_least": 5,
    "waited_at_least_seconds": 60,
    ANYBODY: None,
}
NUMBERS = frozenset(name for name, usual in USUAL.items() if type(usual) is int)


@dataclass(frozen=True, slots=True)
class Demand:
    """`negated`: it must not hold.  Of what is true or false, `value` is always True."""

    what: str
    value: Any = None
    negated: bool = False
    path: Path = field(default=(), compare=False)  # where it stands, as it is written now


@dataclass(frozen=True, slots=True)
class Group:
    """`any_of`: one of them will do."""

    items: tuple[Node, ...]
    any_of: bool = False
    negated: bool = False
    path: Path = field(default=(), compare=False)


Node = Demand | Group


def tree_of(written: Any, path: Path = ()) -> Node:
    """Of a condition as it stands in the plan, or in a draft of one."""
    kind, inner = next(iter(written.items())) if isinstance(written, dict) and len(written) == 1 else (ANYBODY, None)
    at = (*path, kind)
    match kind:
        case "all" | "any" if isinstance(inner, list):
            items = tuple(tree_of(one, (*at, n)) for n, one in enumerate(inner))
            return Group(items, kind == "any", path=path)
        case "not":
            node = tree_of(inner, at)
            return replace(node, negated=not node.negated)
        case "caller" | "floor" if isinstance(inner, dict):
            rows = tuple(_demand(name, value, (*at, name)) for name, value in inner.items() if value is not None)
            return rows[0] if len(rows) == 1 else Group(rows, path=path) if rows else Demand(ANYBODY, path=at)
        case "line" | "hours" | "waiting_at_least" | "waited_at_least_seconds":
            return Demand(kind, inner, path=at)
        case _:
            return Demand(ANYBODY, path=path)


def _demand(name: str, value: Any, path: Path) -> Demand:
    if name in TRUTHS and isinstance(value, bool):
        return Demand(name, True, not value, path)
    return Demand(name, value, False, path)


def tidy(node: Node) -> Node:
    """The simplest tree that says the same: no group of one, none within one of its own kind."""
    if isinstance(node, Demand):
        return node
    items: list[Node] = []
    for item in map(tidy, node.items):
        alike = isinstance(item, Group) and item.any_of == node.any_of and not item.negated
        items += item.items if isinstance(item, Group) and alike else [item]
    if len(items) == 1:
        return replace(items[0], negated=items[0].negated != node.negated)
    return replace(node, items=tuple(items))


def written(node: Node) -> dict[str, Any]:
    """As it stands in a plan."""
    node = tidy(node)
    if isinstance(node, Group):
        plain: dict[str, Any] = {"any" if node.any_of else "all": [written(one) for one in node.items]}
    elif node.what in TRUTHS:
        return {"caller": {node.what: not node.negated}}
    elif node.what in OF_CALLER:
        plain = {"caller": {node.what: node.value}}
    elif node.what in OF_FLOOR:
        plain = {"floor": {node.what: node.value}}
    else:
        plain = {"caller": {}} if node.what == ANYBODY else {node.what: node.value}
    return {"not": plain} if node.negated else plain


def root_of(when: Any, path: Path) -> Group:
    """What an editor shows: always a group, so that there is somewhere to add to."""
    node = tree_of(when, path)
    return node if isinstance(node, Group) else Group((node,), path=path)


def kept(before: Any, node: Node) -> Any:
    """The condition of these rows; as it was written before, where it says the same."""
    return before if tidy(tree_of(before)) == tidy(node) else written(node)


def changed(root: Group, place: tuple[int, ...], change: Callable[[Node], Node | None]) -> Group:
    """With the node at that place changed, or taken out for None."""
    if not place:
        node = change(root)
        return node if isinstance(node, Group) else root
    items: list[Node] = []
    for n, item in enumerate(root.items):
        if n != place[0]:
            items.append(item)
        elif len(place) == 1:
            new = change(item)
            items += [] if new is None else [new]
        elif isinstance(item, Group):
            inner = changed(item, place[1:], change)
            items += [inner] if inner.items else []
    return replace(root, items=tuple(items))


def demands(node: Node) -> Iterator[Demand]:
    if isinstance(node, Demand):
        yield node
    else:
        for item in node.items:
            yield from demands(item)
