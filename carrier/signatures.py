"""Whether a webhook is Twilio's: the signature over what it sent, and the holes that the signature leaves open.

Pure but for the keys it is given.  Twilio signs names and values run together, without saying where one ends: so a
form may be re-cut and still carry a right signature.  Only names we know, in the shapes they have, get through.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, urlsplit

from carrier.shapes import KINDS, TEXT_KINDS, fits, is_odd, may_have_swallowed, swallowed

MAX_BODY_BYTES = 64 * 1024
MAX_URL_BYTES = 16 * 1024
MAX_FIELDS = 1000

_SIGNATURE = "x-twilio-signature"
_SETTINGS = "x-twilio-webhooks-signature-settings"
_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}


class Forged(Exception):
    """Nobody at Twilio signed this for us: to be answered 403, with nothing read or changed."""


class WrongAccount(Forged):
    """Signed, and for another account."""


class Malformed(Forged):
    """Twilio does not send this: what it says is not what was signed, whatever the signature."""


class TooLarge(Malformed):
    """Not even looked at."""


class RepeatedField(Malformed):
    """Two values for one name: one reader takes the first, another the last."""


class RecutForm(Malformed):
    """A field is missing or has swallowed its neighbour, while the signature over them all is right."""


class Odd(Exception):
    """Signed, but with a NUL or bytes that are not UTF-8: the caller is real and hears the safe document."""

    def __init__(self, form: SignedForm, names: Collection[str]) -> None:
        super().__init__(f"odd characters in {', '.join(sorted(names))}")
        self.form = form


@dataclass(frozen=True, slots=True)
class SignedForm:
    """What Twilio said, by the names we know; what else it said was signed too, and left out."""

    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields[name]

    def get(self, name: str, otherwise: str = "") -> str:
        return self.fields.get(name, otherwise)


class Signatures:
    """Checks requests to one public URL with the tokens now valid: one, or two while rotating."""

    def __init__(self, tokens: Sequence[str], public_url: str, *, account_sid: str | None = None) -> None:
        """`public_url` may have a path, for an app behind a prefix.  `account_sid`: whose forms are accepted."""
        keys = [token.strip().encode() for token in tokens if token.strip()]
        if not keys:
            raise ValueError("no auth token to check signatures with")
        self._keys, self._account_sid = keys, account_sid
        self._bases = _bases(public_url)

    def check(
        self,
        method: str,
        path_and_raw_query: str,
        headers: Mapping[str, str],
        raw_body: bytes,
        *,
        required: Collection[str] = (),
    ) -> SignedForm:
        """The form if it is Twilio's.  Raises Forged or one of its children, or Odd.

        `path_and_raw_query` byte for byte as received; `required`: names this address cannot do without.
        """
        query = path_and_raw_query.partition("?")[2]
        if "bodySHA256=" in query and method == "POST" and not _is_form(headers):
            self._check_json(path_and_raw_query, query, headers, raw_body)
            return SignedForm(MappingProxyType({}))
        pairs = _pairs(method, path_and_raw_query, query, raw_body)
        if not self.is_signed(path_and_raw_query, headers, pairs if method == "POST" else ()):
            raise Forged("wrong signature")
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise RepeatedField("a name comes twice")
        return self._accepted(fields, required)

    def is_signed(
        self, path_and_raw_query: str, headers: Mapping[str, str], pairs: Collection[tuple[str, str]] = ()
    ) -> bool:
        """Whether one of our tokens made this signature, for our URL with or without its port."""
        given = _header(headers, _SIGNATURE).encode("utf-8", "replace")
        algorithm = _algorithm(_header(headers, _SETTINGS))
        if not given or algorithm is None:
            return False
        tail = "".join([name + value for name, value in sorted(set(pairs))])
        for text in self._texts(path_and_raw_query, tail):
            for key in self._keys:
                if hmac.compare_digest(b64encode(hmac.digest(key, text, algorithm)), given):
                    return True
        return False

    def _texts(self, path_and_raw_query: str, tail: str) -> Iterator[bytes]:
        """What may have been signed, the likeliest first."""
        targets = [path_and_raw_query]
        if "'" in path_and_raw_query:  # sent bare, signed escaped
            targets.append(path_and_raw_query.replace("'", "%27"))
        for target in targets:
            for base in self._bases:
                text = base + target + tail
                sent = text.encode("utf-8", "surrogateescape")
                yield sent
                if not text.isascii():  # a sender that cannot read its own bytes signs what it made of them
                    yield sent.decode("utf-8", "replace").encode()

    def _check_json(self, path_and_raw_query: str, query: str, headers: Mapping[str, str], raw_body: bytes) -> None:
        """A body that is no form: its hash stands in the query, and the URL alone is signed."""
        _refuse_large(path_and_raw_query, raw_body)
        hashes = [value for name, value in parse_qsl(query) if name == "bodySHA256"]
        hashed = sha256(raw_body).hexdigest().encode()
        body_is_signed = len(hashes) == 1 and hmac.compare_digest(hashed, hashes[0].lower().encode("utf-8", "replace"))
        if not body_is_signed or not self.is_signed(path_and_raw_query, headers):
            raise Forged("wrong signature")

    def _accepted(self, sent: Mapping[str, str], required: Collection[str]) -> SignedForm:
        if self._account_sid is not None and sent.get("AccountSid") != self._account_sid:
            raise WrongAccount("a form for another account")
        missing = [name for name in (*_kind(sent), *required) if name not in sent]
        if missing:
            raise RecutForm(f"without {', '.join(missing)}")
        fields, odd = _readable(sent)
        form = SignedForm(MappingProxyType(fields))
        if odd:
            raise Odd(form, odd)
        return form


def _bases(public_url: str) -> list[str]:
    """The public URL up to the path as it may have been signed: as given, without a port, with one."""
    url = urlsplit(public_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError(f"not a public URL: {public_url}")
    path = url.path.rstrip("/")
    without = _with_host(url, str(url.port)) if url.port else url.netloc
    port = url.port or (443 if url.scheme == "https" else 80)
    hosts = dict.fromkeys((url.netloc, without, f"{without}:{port}"))
    return [f"{url.scheme}://{host}{path}" for host in hosts]


def _with_host(url: SplitResult, port: str) -> str:
    return url.netloc.removesuffix(f":{port}")


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(name) or headers.get(name.title()) or ""


def _is_form(headers: Mapping[str, str]) -> bool:
    return _header(headers, "content-type").startswith("application/x-www-form-urlencoded")


def _algorithm(settings: str) -> str | None:
    """None: one that we do not know.  Without the header it is the old one."""
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _ALGORITHMS.get(value.strip().upper())
    return "sha1"


def _refuse_large(path_and_raw_query: str, raw_body: bytes) -> None:
    if len(raw_body) > MAX_BODY_BYTES or len(path_and_raw_query) > MAX_URL_BYTES:
        raise TooLarge("too many bytes")


def _pairs(method: str, path_and_raw_query: str, query: str, raw_body: bytes) -> list[tuple[str, str]]:
    """The fields, in order and with blank ones, of the body of a POST or the query of a GET."""
    _refuse_large(path_and_raw_query, raw_body)
    if method == "POST":
        given = raw_body.decode("utf-8", "surrogateescape")
    elif method == "GET" and not raw_body:
        given = query
    else:
        raise Malformed(f"{method} with {len(raw_body)} bytes")
    if given.count("&") >= MAX_FIELDS:
        raise TooLarge("too many fields")
    return parse_qsl(given, keep_blank_values=True, errors="surrogateescape")


def _readable(sent: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The fields that we know, and the names of those with odd characters, which are taken out where that helps."""
    whole = "".join(sent.values())
    clean, suspicious = not is_odd(whole), may_have_swallowed(sent.values())
    fields: dict[str, str] = {}
    odd: list[str] = []
    for name, value in sent.items():
        fit = fits(name, value)
        if fit is None:
            continue
        if not clean and is_odd(value):
            odd.append(name)
            readable = "".join(character for character in value if not is_odd(character))
            if fits(name, readable):
                fields[name] = readable
        elif fit and not (suspicious and swallowed(name, value)):
            fields[name] = value
        else:
            raise RecutForm(f"{name} is not of its shape")
    return fields, odd


def _kind(sent: Mapping[str, str]) -> Collection[str]:
    """What a form of this kind always has."""
    if "CallSid" not in sent and ("MessageSid" in sent or "SmsSid" in sent):
        return TEXT_KINDS
    for mark, names in KINDS:
        if mark in sent and "CallStatus" not in sent:
            return names
    return KINDS[-1][1]
