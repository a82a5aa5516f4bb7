"""What is kept of a person as a page that they can read and print: no script, nothing from elsewhere, all escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.fields import parse_moment
from crm.dossier_words import spoken, words
from crm.schemas import Export

_CSS = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-bottom: 1px solid; margin-top: 2rem; }
article { margin: 1rem 0; break-inside: avoid; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0 1rem; margin: 0; }
dt { opacity: .75; }
dd { margin: 0; overflow-wrap: anywhere; }
span { white-space: pre-line; }
ul { margin: 0; padding-left: 1.2rem; }
"""
_DIGEST = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
_FIRST = ("profile", "interactions", "cases", "case_history", "promises", "calls", "texts", "notes", "consents")
_LAST = "audit"
_OF_A_FEW = frozenset(("outcome", "channel", "direction", "state", "kind", "what"))  # and have words of their own
_OURS = frozenset(("id", "customer", "customer_id", "ref"))  # says nothing to a person; it is in the data
_TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
).get_template("dossier.html")


def page(whole: Export, names: Mapping[str, str]) -> str:
    """In the person's own language and time, as far as they are known; `names`: what agents are called, by id."""
    language = spoken(whole.customer.language)
    said, zone = words(language), ZoneInfo(whole.customer.time_zone or "UTC")
    everything = whole.model_dump(mode="json")
    kinds: dict[str, Sequence[Any]] = {"profile": [everything["customer"]]}
    kinds |= {kind: everything[kind] for kind in ("interactions", "cases", "texts")} | everything["more"]
    order = [*_FIRST, *sorted(kinds.keys() - {*_FIRST, _LAST}), _LAST]
    readable = _Readable(language, said, zone, names)
    return _TEMPLATE.render(
        language=language,
        title=said["title"],
        as_of=f"{said['as_of']} {readable.moment(whole.exported_at)}",
        nothing=said["nothing"],
        css=Markup(_CSS),  # ours, and hashed above
        label=readable.label,
        parts=[
            {"title": readable.label(kind), "items": [readable.value(item) for item in kinds[kind]]}
            for kind in order
            if kind in kinds
        ],
    )


class _Readable:
    """Values as people read them; what is empty is left out."""

    def __init__(self, language: str, said: Mapping[str, str], zone: ZoneInfo, names: Mapping[str, str]) -> None:
        self._language, self._said, self._zone, self._names = language, said, zone, names

    def label(self, name: str) -> str:
        """A field that has no words of its own here is told by its name."""
        known = self._said.get("title_of" if name == "title" else name)
        return known or name.replace("_", " ")

    def value(self, value: Any) -> Any:
        match value:
            case dict():
                told = {name: one for name, one in value.items() if name not in _OURS and one not in (None, "", [], {})}
                return {name: self._named(name, one) for name, one in told.items()}
            case list():
                return [self.value(one) for one in value]
            case bool():
                return self._said["yes" if value else "no"]
            case str():
                return self._names.get(value) or self._time(value)
        return value

    def _named(self, name: str, value: Any) -> Any:
        word = self._said.get(f"is_{value}") if name in _OF_A_FEW else None
        return word or self.value(value)

    def moment(self, at: datetime) -> str:
        return str(format_datetime(at.astimezone(self._zone), "long", locale=self._language))

    def _time(self, text: str) -> str:
        try:
            return self.moment(parse_moment(text))
        except ValueError:
            return text
