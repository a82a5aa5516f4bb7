"""Every setting, from the environment or `.env`, checked once at the door."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from crm.connectors.addresses import why_barred, why_odd
from crm.connectors.signing import read_secret
from store.sql import database_url

TWILIO_API_URL = "https://api.twilio.com"


class SettingsRefused(Exception):
    """One line for each setting that cannot be used, with its name and what to do."""


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"not a web address like https://example.org: {value!r}")
    return value.rstrip("/")


def _region(value: str) -> str:
    if value.upper() not in SUPPORTED_REGIONS:
        raise ValueError(f"not an ISO 3166 country like IT: {value!r}")
    return value.upper()


def _language(value: str) -> str:
    try:
        Locale.parse(value, sep="-")
    except Exception as error:
        raise ValueError(f"not a language like it-IT: {value!r}") from error
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except Exception as error:
        raise ValueError(f"not an IANA time zone like Europe/Rome: {value!r}") from error
    return value


def _database(value: SecretStr) -> SecretStr:
    try:
        backend = make_url(value.get_secret_value()).get_backend_name()
    except Exception as error:
        raise ValueError("not a database URL like postgresql://user@host/name") from error
    if backend not in ("postgresql", "postgres", "sqlite"):
        raise ValueError("only postgresql:// and sqlite:// are known")
    return value


def _redis(value: SecretStr) -> SecretStr:
    if urlsplit(value.get_secret_value()).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("not a Redis URL like redis://host:6379/0")
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    read_secret(value.get_secret_value())
    return value


def _hosts(value: str) -> str:
    """Host names or addresses, comma separated, in lower case."""
    hosts = [host.strip().lower().strip("[]") for host in value.split(",") if host.strip()]
    for host in hosts:
        if "/" in host or why_odd(host) or (":" in host and why_barred(host) == "not an address"):
            raise ValueError(f"not a host name or address like crm.example.org: {host!r}")
    return ",".join(hosts)


def _networks(value: str) -> str:
    """Addresses or networks, comma separated."""
    networks = [part.strip() for part in value.split(",") if part.strip()]
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise ValueError(f"not an address or network like 10.0.0.0/8: {network!r}") from error
    return ",".join(networks)


def _issuer(value: str) -> str:
    """As the provider writes it: of two that differ by a slash at the end only one is right."""
    _web_address(value)
    host = urlsplit(value).hostname or ""
    if urlsplit(value).scheme == "http" and host != "localhost" and not host.startswith("127."):
        raise ValueError(f"https is needed: {value!r}")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Settings(BaseSettings):
    """What the owner of the installation decides; each field's environment variable is its name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: Annotated[SecretStr, AfterValidator(_database)] | None = None
    redis_url: Annotated[SecretStr, AfterValidator(_redis)] | None = None
    centralino_home: Path = Path(".centralino")
    public_url: WebAddress | None = None

    twilio_account_sid: str | None = Field(None, pattern=r"^AC\w+$")
    twilio_auth_token: SecretStr | None = None
    twilio_api_key_sid: str | None = Field(None, pattern=r"^SK\w+$")
    twilio_api_key_secret: SecretStr | None = None
    twilio_twiml_app_sid: str | None = Field(None, pattern=r"^AP\w+$")
    twilio_api_url: WebAddress = TWILIO_API_URL
    twilio_fallback_url: WebAddress | None = None

    secret_key: SecretStr | None = Field(None, min_length=1)
    api_token: SecretStr | None = Field(None, min_length=1)

    company_name: str = Field("Centralino", max_length=80)
    default_region: Annotated[str, AfterValidator(_region)] = "IT"
    default_language: Annotated[str, AfterValidator(_language)] = "it-IT"
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Rome"
    calls_per_second: float = Field(1.0, gt=0, le=10_000)
    individual_clocks: Literal["on", "off"] | None = None

    session_hours: float = Field(12, ge=0.25, le=24 * 30)
    session_idle_minutes: float = Field(120, ge=1, le=24 * 60)
    managers_need_a_second_factor: Literal["on", "off"] = "off"
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = "127.0.0.1,::1"
    oidc_issuer: Annotated[str, AfterValidator(_issuer)] | None = None
    oidc_client_id: str | None = Field(None, min_length=1)
    oidc_client_secret: SecretStr | None = Field(None, min_length=1)
    oidc_name: str = Field("OpenID Connect", min_length=1, max_length=40)

    connector: Literal["none", "hubspot", "salesforce", "webhook"] = "none"
    connector_url: WebAddress | None = None
    connector_token: SecretStr | None = Field(None, min_length=1)
    connector_client_id: str | None = Field(None, min_length=1)
    connector_client_secret: SecretStr | None = Field(None, min_length=1)
    connector_secret: Annotated[SecretStr, AfterValidator(_signing_secret)] | None = None
    connector_allow: Annotated[str, AfterValidator(_hosts)] = ""

    @model_validator(mode="after")
    def _connector_is_whole(self) -> Self:
        """What one connector needs and another does not."""
        missing = self._missing_for_connector()
        if missing:
            raise ValueError(f"CONNECTOR={self.connector} needs {' and '.join(missing)}")
        parts = urlsplit(self.connector_url or "")
        if parts.username or parts.password:
            raise ValueError("CONNECTOR_URL: no name or password may stand in it")
        if parts.scheme == "http" and parts.hostname not in self.connector_hosts:
            raise ValueError("CONNECTOR_URL: https is needed, or the host named in CONNECTOR_ALLOW")
        return self

    @model_validator(mode="after")
    def _sign_on_is_whole(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID belong together: set both or neither")
        return self

    def _missing_for_connector(self) -> list[str]:
        match self.connector:
            case "hubspot":
                wanted: dict[str, object] = {"CONNECTOR_TOKEN": self.connector_token}
            case "salesforce":
                credentials = self.connector_client_id and self.connector_client_secret
                either = "CONNECTOR_CLIENT_ID with CONNECTOR_CLIENT_SECRET, or CONNECTOR_TOKEN"
                wanted = {"CONNECTOR_URL": self.connector_url, either: credentials or self.connector_token}
            case "webhook":
                wanted = {"CONNECTOR_URL": self.connector_url, "CONNECTOR_SECRET": self.connector_secret}
            case _:
                wanted = {}
        return [name for name, value in wanted.items() if not value]

    @property
    def proxies(self) -> tuple[str, ...]:
        return tuple(self.trusted_proxies.split(",")) if self.trusted_proxies else ()

    @property
    def connector_hosts(self) -> tuple[str, ...]:
        """Hosts that may be on a private address, on any port, and without TLS."""
        return tuple(self.connector_allow.split(",")) if self.connector_allow else ()

    @property
    def home(self) -> Path:
        return self.centralino_home.expanduser().absolute()

    def make_home(self) -> Path:
        """For the owner alone: the database is in it.  Raises SettingsRefused."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsRefused(f"CENTRALINO_HOME: {self.home} cannot be made: {error.strerror or error}") from None
        return self.home

    @property
    def database(self) -> URL:
        """With its async driver; the embedded file unless one is given."""
        given = None if self.database_url is None else self.database_url.get_secret_value()
        return database_url(given, self.home)

    @property
    def embedded_database(self) -> bool:
        return self.database_url is None

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """One, or two while they are being rotated; the first one signs what we sign."""
        if self.twilio_auth_token is None:
            return ()
        return tuple(token for part in self.twilio_auth_token.get_secret_value().split(",") if (token := part.strip()))

    @property
    def rest_credentials(self) -> tuple[str, str] | None:
        """Username and password of Twilio's REST API: the API key if there is one, else the account itself."""
        if self.twilio_api_key_sid and self.twilio_api_key_secret:
            return self.twilio_api_key_sid, self.twilio_api_key_secret.get_secret_value()
        if self.twilio_account_sid and self.auth_tokens:
            return self.twilio_account_sid, self.auth_tokens[0]
        return None

    @property
    def shows_clocks_of_persons(self) -> bool:
        """Whether managers see for how long each agent talks or is away.  In Italy watching people at work from afar
        needs an agreement with their representatives (law 300 of 1970, article 4), so there only if it is said."""
        if self.individual_clocks is None:
            return self.default_region != "IT"
        return self.individual_clocks == "on"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def load(**given: Any) -> Settings:
    """The settings of this process; `given` goes before the environment.  Raises SettingsRefused."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsRefused("; ".join(_line(problem) for problem in error.errors())) from None


def _line(problem: Mapping[str, Any]) -> str:
    name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
    return f"{name}: {problem['msg'].removeprefix('Value error, ')}"


def secret_key(settings: Settings) -> str:
    """The given key, or one made once and kept in the home, which every process there then finds."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.home / "secret_key"
    if not path.exists():
        settings.make_home()
        draft = path.with_name(f"secret_key.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # whole or not at all, and only the first of those who start together
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
