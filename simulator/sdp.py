"""Session descriptions (RFC 8866) as far as they are looked into here, and fixed ones for calls without sound."""

from __future__ import annotations

_NOBODY = "\r\n".join(
    [
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=rtcp-mux",
        "a=rtpmap:0 PCMU/8000",
        "a=ice-ufrag:none",
        "a=ice-pwd:nobodyisattheotherend00",
        "a=fingerprint:sha-256 " + ":".join(f"{byte:02X}" for byte in range(32)),
        "a=sendrecv",
    ]
)


def ufrag(sdp: str) -> str:
    """The name of an ICE session: the same connection keeps it, another one or a restart has another."""
    return _attribute(sdp, "ice-ufrag")


def silent_offer() -> str:
    """Complete, and leads nowhere: a browser takes it and waits for sound."""
    return _description("0", "actpass")


def silent_answer(offer: str) -> str:
    return _description(_attribute(offer, "mid") or "0", "active")


def _attribute(sdp: str, name: str) -> str:
    start = f"a={name}:"
    return next((line.removeprefix(start).strip() for line in sdp.splitlines() if line.startswith(start)), "")


def _description(mid: str, setup: str) -> str:
    head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {mid}"]
    return "\r\n".join([*head, "m=audio 9 UDP/TLS/RTP/SAVPF 0", _NOBODY, f"a=mid:{mid}", f"a=setup:{setup}", ""])
