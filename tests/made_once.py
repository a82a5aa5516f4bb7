"""What FastAPI works out anew for each app: the validator of each parameter of each route, and the signature of each
handler.

Most tests make an app of their own, and it is always the same: working it out took a quarter of the time of a story.
Here it is worked out once in a process.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args

import fastapi._compat.v2
import fastapi.dependencies.utils
from pydantic import TypeAdapter

_adapters: dict[tuple[Any, str], TypeAdapter[Any]] = {}
_signatures: dict[Callable[..., Any], inspect.Signature] = {}
_signature_of = fastapi.dependencies.utils._get_signature


def adapter(annotated: Any, *, config: Any = None) -> TypeAdapter[Any]:
    """A kind is told apart by what it is, and all that was said of it by how it reads."""
    kind, *said = get_args(annotated)
    key = (kind, repr(said))
    if config is not None or not _told_apart(kind):
        return TypeAdapter(annotated, config=config)
    if key not in _adapters:
        _adapters[key] = TypeAdapter(annotated)
    return _adapters[key]


def signature(call: Callable[..., Any]) -> inspect.Signature:
    """Of a method, whosever it is."""
    if not inspect.ismethod(call):
        return _signature_of(call)
    if call.__func__ not in _signatures:
        _signatures[call.__func__] = _signature_of(call)
    return _signatures[call.__func__]


def _told_apart(kind: Any) -> bool:
    try:
        hash(kind)
    except TypeError:
        return False
    return True


def install() -> None:
    fastapi._compat.v2.TypeAdapter = adapter  # type: ignore[assignment,misc]
    fastapi.dependencies.utils._get_signature = signature
