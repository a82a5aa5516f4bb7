"""What the carrier tells of an inbound call beside its number: hints for the agent, and never a proof.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VERDICT = re.compile(r"TN-Validation-(?P<verdict>Passed|Failed)(?:-(?P<level>[ABC]))?(?:-Diverted)?", re.IGNORECASE)
_LONGEST_ADDRESS = 200
FAILED = "failed"  # an attestation: the number is not theirs, says their own network


def attestation(form: Mapping[str, str]) -> str | None:
    """How far the caller's network vouches for the number (STIR/SHAKEN): A, B, C, or `failed`; None where it says
    nothing.

    A says that the caller has a right to the number, not who they are.
    """
    found = _VERDICT.fullmatch(form.get("StirVerstat", "").strip())
    if found is None:
        return None
    if found["verdict"].lower() == "failed":
        return FAILED
    return found["level"].upper() if found["level"] else None


def forwarded_from(form: Mapping[str, str]) -> str | None:
    """By whom the call was diverted to us, as given: a person's own telephone, or another company's exchange."""
    for field in ("ForwardedFrom", "CalledVia"):
        if given := form.get(field, "").strip()[:_LONGEST_ADDRESS]:
            return given
    return None


def is_diverters(number: str, forwarded_from: str | None) -> bool:
    """Some exchanges put their own number in the caller's place: then it says nothing of the caller, and a call back to
    it would reach the exchange, or ourselves."""
    digits = re.sub(r"\D", "", forwarded_from or "")
    return bool(digits) and digits == re.sub(r"\D", "", number)
