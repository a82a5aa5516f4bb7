"""One REST request as its handler sees it: parameters by name, already checked against the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.calls import Source, Subscription
from simulator.network import Network
from simulator.rest.errors import Refused, bad_request, not_found


@dataclass(frozen=True, slots=True)
class Asked:
    network: Network
    path: str
    names: Mapping[str, str]  # from the path
    query: Mapping[str, Sequence[str]]
    form: Mapping[str, Sequence[str]]

    @property
    def root(self) -> str:
        return f"/2010-04-01/Accounts/{self.network.account_sid}"

    def missing(self) -> Refused:
        return not_found(self.path)

    def has(self, name: str) -> bool:
        return name in self.form

    def text(self, name: str, default: str = "") -> str:
        return self.form[name][0] if name in self.form else default

    def maybe(self, name: str) -> str | None:
        return self.form[name][0] if name in self.form else None

    def flag(self, name: str, default: bool) -> bool:
        return self.form[name][0].lower() == "true" if name in self.form else default

    def number(self, name: str, default: int) -> int:
        return int(self.form[name][0]) if name in self.form else default

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        """Raises Refused 20001."""
        value = self.text(name, default)
        if value not in allowed:
            raise bad_request(20001, f"Invalid {name}: {value} is none of {', '.join(allowed)}")
        return value

    def many(self, name: str) -> list[str]:
        """Repeated keys, or one with spaces in between."""
        return [word for value in self.form.get(name, ()) for word in value.split()]

    def filter(self, name: str) -> str | None:
        return self.query[name][0] if name in self.query else None

    def url(self, name: str) -> str | None:
        """Raises Refused 21205 for what is no absolute http URL."""
        url = self.maybe(name)
        if url:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or "_" in parts.hostname:
                raise bad_request(21205, f"{name} is not a valid URL: {url}")
        return url

    def source(self, name: str, method: str, default: str = "POST") -> Source | None:
        url = self.url(name)
        return Source(url, self.text(method, default)) if url else None

    def subscription(
        self, prefix: str, events: Sequence[str] = (), fallback: Sequence[str] = ()
    ) -> Subscription | None:
        """`prefix` as in StatusCallback; unknown event names are dropped with an entry in the debugger."""
        url = self.url(prefix)
        if not url:
            return None
        wanted = self.many(f"{prefix}Event") or list(fallback)
        for unknown in set(wanted) - set(events):
            self.network.alert(21626, url, f"Invalid status callback event {unknown}")
        return Subscription(url, self.text(f"{prefix}Method", "POST"), frozenset(wanted) & frozenset(events))
