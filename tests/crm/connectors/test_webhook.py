"""The connector that anybody can answer."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from crm.connectors.guarded import Guarded
from crm.connectors.port import Away, Found, ShutOut
from crm.connectors.signing import read_secret, sign
from crm.connectors.webhook import Webhook
from store.clock import VirtualClock
from tests.crm.connectors.remotes import Asked, Remote, document
from tests.crm.connectors.test_hubspot import MARIA, NEWS

pytestmark = pytest.mark.anyio
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def verified(asked: Asked) -> bool:
    """As a receiver would, by hand."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    content = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return asked.headers["webhook-signature"] == f"v1,{expected}"


@pytest.fixture
def webhook(there: Remote, http: Guarded, clock: VirtualClock) -> Webhook:
    return Webhook(http, clock, f"{there.url}/centralino", read_secret(SECRET))


async def test_a_number_is_asked_for_signed_and_in_the_body_alone(
    there: Remote, webhook: Webhook, clock: VirtualClock
) -> None:
    maria = {"id": 17, "name": "Maria Rossi", "called": "Maria", "language": "it", "email": "m@example.org", "more": 1}
    there.will({"customer": maria}, {"customer": None}, {"customer": maria | {"id": ""}})
    assert await webhook.find(MARIA) == Found("17", "Maria Rossi", called="Maria", language="it", email="m@example.org")
    assert await webhook.find(MARIA) is None
    assert await webhook.find(MARIA) is None
    asked = there.asked[0]
    assert (asked.method, asked.path, asked.query, verified(asked)) == ("POST", "/centralino", {}, True)
    assert asked.json == {
        "type": "customer.lookup",
        "timestamp": "2026-03-03T09:00:00Z",
        "data": {"number": MARIA},
    }
    assert asked.headers["webhook-timestamp"] == str(int(clock.now().timestamp()))
    assert len({one.headers["webhook-id"] for one in there.asked}) == 3


async def test_a_conversation_has_one_id_however_often_it_is_told(there: Remote, webhook: Webhook) -> None:
    there.will(document(None, 204), document(None, 204))
    await webhook.tell(NEWS, again=False)
    await webhook.tell(NEWS, again=True)
    assert {one.headers["webhook-id"] for one in there.asked} == {"int_01"}
    assert verified(there.asked[1])
    assert there.asked[0].json == {
        "type": "conversation.ended",
        "timestamp": "2026-03-03T09:30:00Z",
        "data": {
            "id": "int_01",
            "customer": "512",
            "started_at": "2026-03-03T09:30:00Z",
            "seconds": 251,
            "direction": "inbound",
            "agent": "Anna Bianchi",
            "outcome": "solved",
            "confirmed": None,
            "topic": "delivery",
            "summary": "Asked for <Tuesday>\nand got it & more",
        },
    }


@pytest.mark.parametrize("answer", [{}, [], {"customers": []}])
async def test_an_answer_to_another_question_is_none(there: Remote, webhook: Webhook, answer: object) -> None:
    there.will(document(answer))
    with pytest.raises(Away):
        await webhook.find(MARIA)


async def test_a_signature_that_is_not_accepted_shuts_us_out(there: Remote, webhook: Webhook) -> None:
    there.will(document({}, 401), document({}))
    with pytest.raises(ShutOut):
        await webhook.check()
    await webhook.check()


def test_the_signature_is_that_of_the_specification() -> None:
    """Its own example: what libraries of others must accept."""
    key = read_secret(SECRET)
    signed = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_c2hvcnQ=", "hunter2" * 9, "whsec_?" + "A" * 40, "whsec_" + "A" * 100]
)
def test_a_weak_secret_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ValueError, match="openssl rand"):
        read_secret(text)
