"""What gets past the signature check and what does not: Twilio's own vectors, its own validator, and forgeries."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers
from twilio.request_validator import RequestValidator

from carrier.signatures import (
    MAX_FIELDS,
    Forged,
    Malformed,
    Odd,
    RecutForm,
    RepeatedField,
    Signatures,
    SignedForm,
    TooLarge,
    WrongAccount,
)

TOKEN = "12345"
ACCOUNT = "AC" + "0123456789abcdef" * 2
PUBLIC = "https://centralino.example"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
CALL = {
    "AccountSid": ACCOUNT,
    "ApiVersion": "2010-04-01",
    "CallSid": "CA" + "0123456789abcdef" * 2,
    "CallStatus": "ringing",
    "Called": "+390612345678",
    "Caller": "+393331234567",
    "CallerCity": "",
    "Direction": "inbound",
    "From": "+393331234567",
    "FromCity": "",
    "FromCountry": "IT",
    "To": "+390612345678",
    "ToCity": "ROMA",
    "ToCountry": "IT",
}
VECTORS = json.loads((Path(__file__).parent.parent / "data" / "signature_vectors.json").read_text())


@pytest.fixture
def signatures() -> Signatures:
    return Signatures([TOKEN], PUBLIC, account_sid=ACCOUNT)


def signed(
    fields: Mapping[str, str], path: str = "/twilio/voice", token: str = TOKEN, **more: str
) -> tuple[str, str, Headers, bytes]:
    """A POST as Twilio makes it, to be handed to `check`."""
    signature = RequestValidator(token).compute_signature(PUBLIC + path, fields, more.get("algorithm"))
    headers = {"x-twilio-signature": signature, "content-type": FORM}
    if "algorithm" in more:
        headers["x-twilio-webhooks-signature-settings"] = f"key=webhooks_1,algorithm={more['algorithm']}"
    return "POST", path, Headers(headers), urlencode(fields).encode()


def test_a_call_of_ours_is_let_in_with_its_fields(signatures: Signatures) -> None:
    form = signatures.check(*signed(CALL))
    assert dict(form.fields) == CALL
    assert form["From"] == "+393331234567"
    assert form.get("Digits") == ""


def test_unknown_parameters_are_signed_and_left_out(signatures: Signatures) -> None:
    form = signatures.check(*signed(CALL | {"SomethingNew": "from next year"}))
    assert "SomethingNew" not in form.fields
    method, path, headers, body = signed(CALL)
    with pytest.raises(Forged):
        signatures.check(method, path, headers, body + b"&SomethingNew=")


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_twilios_own_vectors_are_judged_as_twilio_does(vector: dict[str, Any]) -> None:
    url = urlsplit(vector["request_url"])
    signatures = Signatures([vector["auth_token"]], f"{url.scheme}://{url.netloc}")
    path = f"{url.path}?{url.query}" if url.query else url.path
    headers = {"X-Twilio-Signature": vector["x_twilio_signature"]}
    if "bodySHA256" in url.query:
        body = vector["raw_body"].encode()
        assert signatures.check("POST", path, headers | {"Content-Type": "application/json"}, body).fields == {}
        with pytest.raises(Forged):
            signatures.check("POST", path, headers | {"Content-Type": "application/json"}, body + b" ")
        return
    pairs = [
        (name, value)
        for name, values in vector["params"].items()
        for value in (values if isinstance(values, list) else [values])
    ]
    assert signatures.is_signed(path, headers, pairs) is vector["expect_valid"]


def test_a_get_carries_its_fields_in_the_signed_query(signatures: Signatures) -> None:
    path = f"/twilio/voice?leg=7&{urlencode(CALL)}"
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC + path, {})}
    assert dict(signatures.check("GET", path, headers, b"").fields) == CALL
    with pytest.raises(Forged):
        signatures.check("GET", path.replace("ROMA", "MILANO"), headers, b"")
    with pytest.raises(Malformed):
        signatures.check("GET", path, headers, b"From=+1")


def test_the_query_is_signed_byte_for_byte(signatures: Signatures) -> None:
    signatures.check(*signed(CALL, "/twilio/voice?b=2&a=%7e1"))
    for other in ("/twilio/voice?a=%7e1&b=2", "/twilio/voice?b=2&a=~1", "/twilio/voice?b=2&a=%7E1"):
        method, _, headers, body = signed(CALL, "/twilio/voice?b=2&a=%7e1")
        with pytest.raises(Forged):
            signatures.check(method, other, headers, body)


def test_what_the_request_says_about_its_host_is_not_asked(signatures: Signatures) -> None:
    method, path, headers, body = signed(CALL)
    spoofed = Headers(
        {**headers, "host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
    )
    assert signatures.check(method, path, spoofed, body)["CallStatus"] == "ringing"
    evil = RequestValidator(TOKEN).compute_signature("https://evil.example/twilio/voice", CALL)
    with pytest.raises(Forged):
        signatures.check(method, path, Headers({**headers, "host": "evil.example", "x-twilio-signature": evil}), body)


def test_an_app_behind_a_path_is_signed_with_that_path() -> None:
    signatures = Signatures([TOKEN], f"{PUBLIC}/phone/", account_sid=ACCOUNT)
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/phone/twilio/voice", CALL)
    signatures.check("POST", "/twilio/voice", {"X-Twilio-Signature": signature}, urlencode(CALL).encode())


@pytest.mark.parametrize(
    ("public", "signed_as"),
    [
        ("https://centralino.example", "https://centralino.example:443"),
        ("http://localhost", "http://localhost:80"),
        ("https://centralino.example:8443", "https://centralino.example"),
        ("https://centralino.example:8443", "https://centralino.example:8443"),
        ("https://u:p@centralino.example:8443", "https://u:p@centralino.example"),
    ],
)
def test_the_port_may_be_signed_or_not(public: str, signed_as: str) -> None:
    signature = RequestValidator(TOKEN).compute_signature(f"{signed_as}/twilio/voice", CALL)
    Signatures([TOKEN], public).check(
        "POST", "/twilio/voice", {"X-Twilio-Signature": signature}, urlencode(CALL).encode()
    )


def test_two_tokens_are_good_while_one_replaces_the_other() -> None:
    rotating = Signatures(["new", " old "], PUBLIC, account_sid=ACCOUNT)
    for token in ("new", "old"):
        rotating.check(*signed(CALL, token=token))
    with pytest.raises(Forged):
        rotating.check(*signed(CALL, token="older"))


def test_without_a_token_nobody_is_let_in() -> None:
    with pytest.raises(ValueError, match="no auth token"):
        Signatures(["", " "], PUBLIC)


def test_sha256_is_read_from_its_header(signatures: Signatures) -> None:
    signatures.check(*signed(CALL, algorithm="HMAC_SHA256"))
    method, path, headers, body = signed(CALL, algorithm="HMAC_SHA256")
    with pytest.raises(Forged):
        signatures.check(method, path, Headers({"x-twilio-signature": headers["x-twilio-signature"]}), body)
    settings = {"x-twilio-webhooks-signature-settings": "key=k,algorithm=HMAC_MD5"}
    with pytest.raises(Forged):
        signatures.check(method, path, Headers({**headers, **settings}), body)


@pytest.mark.parametrize("given_signature", ["", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "ü☎"])
def test_a_missing_or_wrong_signature_is_forged(signatures: Signatures, given_signature: str) -> None:
    method, path, _, body = signed(CALL)
    with pytest.raises(Forged):
        signatures.check(method, path, {"X-Twilio-Signature": given_signature}, body)


def test_another_accounts_form_is_refused(signatures: Signatures) -> None:
    with pytest.raises(WrongAccount):
        signatures.check(*signed(CALL | {"AccountSid": "AC" + "f" * 32}))
    without = {name: value for name, value in CALL.items() if name != "AccountSid"}
    with pytest.raises(WrongAccount):
        signatures.check(*signed(without))


def test_an_extra_first_value_for_a_name_is_refused(signatures: Signatures) -> None:
    method, path, headers, body = signed(CALL)
    for extra in (b"From=%2B39999&", b"From=%2B393331234567&"):  # another value, and the same one again
        with pytest.raises((Forged, RepeatedField)):
            signatures.check(method, path, headers, extra + body)
    twice = FormData([*CALL.items(), ("From", "+39999")])
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, twice)
    with pytest.raises(RepeatedField):
        signatures.check(method, path, {"X-Twilio-Signature": signature}, urlencode(twice.multi_items()).encode())


@pytest.mark.parametrize("name", ["AccountSid", "CallSid", "From", "To", "CallStatus"])
def test_a_name_and_value_shifted_against_each_other_are_refused(signatures: Signatures, name: str) -> None:
    """Signed are name and value run together: `Fro` + `m+39…` has the signature of `From` + `+39…`."""
    method, path, headers, _ = signed(CALL)
    shifted = {key: value for key, value in CALL.items() if key != name}
    shifted[name[:-1]] = name[-1] + CALL[name]
    assert RequestValidator(TOKEN).validate(PUBLIC + path, shifted, headers["x-twilio-signature"])
    with pytest.raises(Forged):
        signatures.check(method, path, headers, urlencode(shifted).encode())


@pytest.mark.parametrize("into", sorted(CALL)[:-1])
def test_a_field_that_swallows_those_after_it_is_refused(signatures: Signatures, into: str) -> None:
    method, path, headers, _ = signed(CALL)
    names = sorted(CALL)
    folded = {name: CALL[name] for name in names[: names.index(into) + 1]}
    folded[into] += "".join(name + CALL[name] for name in names[names.index(into) + 1 :])
    assert RequestValidator(TOKEN).validate(PUBLIC + path, folded, headers["x-twilio-signature"])
    with pytest.raises(RecutForm) if into > "AccountSid" else pytest.raises(WrongAccount):
        signatures.check(method, path, headers, urlencode(folded).encode())


@pytest.mark.parametrize(
    ("into", "swallowed"), [("From", "FromCity"), ("Caller", "CallerCity"), ("CallStatus", "Called")]
)
def test_a_field_that_swallows_only_its_neighbour_is_refused(signatures: Signatures, into: str, swallowed: str) -> None:
    method, path, headers, _ = signed(CALL)
    folded = {name: value for name, value in CALL.items() if name != swallowed}
    folded[into] += swallowed + CALL[swallowed]
    with pytest.raises(RecutForm):
        signatures.check(method, path, headers, urlencode(folded).encode())


def test_a_body_moved_into_the_query_is_refused(signatures: Signatures) -> None:
    _, path, headers, _ = signed(CALL, "/twilio/voice?id=7")
    moved = path + quote("".join(name + CALL[name] for name in sorted(CALL)), safe="+-")
    for verb in ("GET", "POST"):
        with pytest.raises(Forged):
            signatures.check(verb, moved, headers, b"")


def test_too_much_is_refused_before_it_is_read(signatures: Signatures) -> None:
    with pytest.raises(TooLarge):
        signatures.check(*signed(CALL | {"AddOns": "x" * 65536}))
    with pytest.raises(TooLarge):
        signatures.check(*signed(CALL | {f"Extra{n}": "" for n in range(MAX_FIELDS)}))
    with pytest.raises(TooLarge):
        signatures.check(*signed(CALL, "/twilio/voice?x=" + "y" * 20000))
    signatures.check(*signed(CALL | {f"Extra{n}": "" for n in range(MAX_FIELDS - len(CALL))}))


def test_other_methods_are_refused(signatures: Signatures) -> None:
    _, path, headers, body = signed(CALL)
    for method in ("PUT", "HEAD", "DELETE", "post"):
        with pytest.raises(Malformed):
            signatures.check(method, path, headers, body)


def test_what_an_address_needs_is_required_of_it(signatures: Signatures) -> None:
    assert signatures.check(*signed(CALL | {"Digits": "1"}), required=("Digits",))["Digits"] == "1"
    with pytest.raises(RecutForm):
        signatures.check(*signed(CALL), required=("Digits",))


@pytest.mark.parametrize(
    "fields",
    [
        {"MessageSid": "SM" + "a" * 32, "From": "+393331234567", "To": "+390612345678", "Body": "", "NumMedia": "0"},
        {"MessageSid": "SM" + "a" * 32, "From": "+390612345678", "To": "+393331234567", "MessageStatus": "sent"},
        {"ConferenceSid": "CF" + "a" * 32, "StatusCallbackEvent": "conference-start", "FriendlyName": "c"},
        {"ConferenceSid": "CF" + "a" * 32, "RecordingSid": "RE" + "a" * 32, "RecordingStatus": "in-progress"},
        {"CallSid": "CA" + "a" * 32, "RecordingSid": "RE" + "a" * 32, "RecordingStatus": "completed"},
        {"CallSid": "CA" + "a" * 32, "AnsweredBy": "machine_end_beep", "MachineDetectionDuration": "4210"},
        {**CALL, "SpeechResult": "è finita\nda ieri", "Confidence": "0.87", "msg": "Gather End"},
        *({**CALL, "SpeechResult": "sì", "Confidence": sure} for sure in ("NaN", "-inf", "Infinity", "x", "０.9")),
        {**CALL, "Digits": "５"},
        {**CALL, "CallStatus": "completed", "CallDuration": "49", "Duration": "1", "SipResponseCode": "200"},
        {**CALL, "CallStatus": "some-new-status", "Direction": "trunking-terminating"},
        {**CALL, "From": "client:agent_7", "Caller": "client:agent_7", "To": "", "Called": ""},
        {**CALL, "From": "", "Caller": ""},
        {**CALL, "From": "Anonymous", "Caller": "Anonymous"},
        {**CALL, "From": "+39 06 / 12-34 int. 5", "Caller": "+39 06 / 12-34 int. 5"},
        {**CALL, "CallerName": "x" * 300 + "\t<Say>"},
        {**CALL, "RecordingUrl": "https://api.twilio.com/2010-04-01/x", "Digits": "hangup", "RecordingDuration": "3"},
    ],
    ids=lambda fields: ",".join(sorted(set(fields) - set(CALL))) or fields["From"] or "nobody",
)  # fmt: skip
def test_every_kind_of_webhook_gets_in(signatures: Signatures, fields: dict[str, str]) -> None:
    sent = {"AccountSid": ACCOUNT} | fields
    assert dict(signatures.check(*signed(sent)).fields) == sent


def test_a_nul_is_odd_and_the_rest_is_still_said(signatures: Signatures) -> None:
    with pytest.raises(Odd) as odd:
        signatures.check(*signed(CALL | {"CallerName": "MARIA\x00ROSSI"}))
    assert odd.value.form == SignedForm(CALL | {"CallerName": "MARIAROSSI"})


@pytest.mark.parametrize("errors", ["surrogateescape", "replace"])
def test_bytes_that_are_no_text_are_odd_however_their_sender_signed_them(signatures: Signatures, errors: str) -> None:
    raw = b"JOS\xc9\xff"
    text = (
        PUBLIC
        + "/twilio/voice"
        + "".join(n + v for n, v in sorted((CALL | {"CallerName": raw.decode("utf-8", errors)}).items()))
    )
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode("utf-8", "surrogateescape"), "sha1")).decode()
    body = urlencode(CALL).encode() + b"&CallerName=" + quote(raw).encode()
    with pytest.raises(Odd) as odd:
        signatures.check("POST", "/twilio/voice", {"X-Twilio-Signature": signature}, body)
    assert odd.value.form["CallSid"] == CALL["CallSid"]
    with pytest.raises(Forged):
        signatures.check("POST", "/twilio/voice", {"X-Twilio-Signature": signature[::-1]}, body)


def test_an_unknown_field_may_be_as_odd_as_it_likes(signatures: Signatures) -> None:
    assert signatures.check(*signed(CALL | {"Later": "\x00"}))["CallStatus"] == "ringing"


def test_a_json_body_is_signed_by_its_hash(signatures: Signatures) -> None:
    body = b'{"CallSid": "CA1"}'
    path = f"/twilio/status?bodySHA256={sha256(body).hexdigest()}"
    headers = {
        "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(PUBLIC + path, {}),
        "Content-Type": "application/json",
    }
    assert signatures.check("POST", path, headers, body) == SignedForm({})
    for other in (b"", body + b" ", b"{}"):
        with pytest.raises(Forged):
            signatures.check("POST", path, headers, other)
    with pytest.raises(Forged):
        signatures.check("POST", path + "&bodySHA256=" + sha256(b"{}").hexdigest(), headers, b"{}")


names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
forms = st.dictionaries(names, st.text(st.characters(codec="utf-8"), max_size=20), max_size=8)


@given(extra=forms, path=st.sampled_from(["/twilio/voice", "/twilio/voice?id=7&x=%C3%A8", "/a?b='c'"]))
def test_we_agree_with_twilios_validator_on_what_is_signed(extra: dict[str, str], path: str) -> None:
    signatures = Signatures([TOKEN], PUBLIC)
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, extra)
    assert signatures.is_signed(path, {"X-Twilio-Signature": signature}, list(extra.items()))
    changed = extra | {"From": extra.get("From", "") + "x"}
    validator = RequestValidator(TOKEN).validate(PUBLIC + path, changed, signature)
    assert signatures.is_signed(path, {"X-Twilio-Signature": signature}, list(changed.items())) is validator is False


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), where=st.sampled_from(["body", "path", "signature"]))
@example(at=0, bit=0, where="body")
def test_one_bit_changed_anywhere_never_changes_what_is_read(at: int, bit: int, where: str) -> None:
    method, path, headers, body = signed(CALL, "/twilio/voice?leg=leg_17&step=3")
    parts = {
        "body": bytearray(body),
        "path": bytearray(path.encode()),
        "signature": bytearray(headers["x-twilio-signature"].encode()),
    }
    parts[where][at % len(parts[where])] ^= 1 << bit
    changed = {"X-Twilio-Signature": parts["signature"].decode("latin-1")}
    signatures = Signatures([TOKEN], PUBLIC, account_sid=ACCOUNT)
    try:
        form = signatures.check(method, parts["path"].decode("latin-1"), changed, bytes(parts["body"]))
    except (Forged, Odd):
        return
    assert dict(form.fields) == CALL  # such as %2B written as %2b


@given(cut=st.lists(st.integers(1, 400), min_size=1, max_size=20, unique=True))
def test_no_way_of_cutting_the_signed_text_into_fields_says_something_else(cut: list[int]) -> None:
    """Whoever holds one signed request may cut its text anew; no cut may claim another caller, callee or state."""
    method, path, headers, _ = signed(CALL)
    text = "".join(name + CALL[name] for name in sorted(CALL))
    edges = [0, *sorted(at for at in cut if at < len(text)), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    recut = {piece[: max(1, len(piece) // 2)]: piece[max(1, len(piece) // 2) :] for piece in pieces}
    signatures = Signatures([TOKEN], PUBLIC, account_sid=ACCOUNT)
    with pytest.raises(Forged):
        signatures.check(method, path, headers, urlencode(recut).encode())


@given(body=st.binary(max_size=300), path=st.text(max_size=40), signature=st.text(max_size=40))
def test_nothing_that_strangers_send_is_anything_but_forged(body: bytes, path: str, signature: str) -> None:
    signatures = Signatures([TOKEN], PUBLIC, account_sid=ACCOUNT)
    for method in ("POST", "GET"):
        with pytest.raises(Forged):
            signatures.check(method, "/" + path, {"X-Twilio-Signature": signature}, body)
