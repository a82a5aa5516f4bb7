"""A second factor beside the password: codes of an app (TOTP, RFC 6238), and ten more for when the telephone is lost.

What the codes are made from is kept locked with the house's key, recovery codes as digests under it.  No code counts
twice: of the app's the latest half minute that was used is kept, and a recovery code's row goes with its use.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import sessions
from desk.sealed import lock, mac, unlock
from desk.tables import recovery_codes, users
from desk.users import User
from store.ids import new_id

log = structlog.get_logger()

Used = Literal["code", "recovery code"]

PURPOSE = "second factor"
PERIOD_SECONDS, DIGITS = 30, 6
DRIFT = 1  # periods by which a telephone's clock may be off, either way
RECOVERY_CODES = 10
RECOVERY_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
RECOVERY_GROUPS, GROUP = 3, 4


def fresh() -> str:
    """What codes are made from, as an app takes it: 160 bits in base 32."""
    import pyotp

    return pyotp.random_base32()


def address(made_from: str, company: str, email: str) -> str:
    """What the QR code says, and what opens an app on the same telephone."""
    import pyotp

    return pyotp.TOTP(made_from, digits=DIGITS, interval=PERIOD_SECONDS).provisioning_uri(
        name=email, issuer_name=company
    )


def drawing(text: str) -> str:
    """Its QR code as SVG, dark on light in any light: not every camera reads the opposite."""
    import segno

    return segno.make(text, error="m", micro=False).svg_inline(dark="#000", light="#fff", border=4, omitsize=True)


def in_fours(made_from: str) -> str:
    return " ".join(re.findall(".{1,4}", made_from))


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // PERIOD_SECONDS


def step_of(made_from: str, typed: str, now: datetime) -> int | None:
    """The half minute whose code this is; null: it is none of now, nor of just before or after."""
    import pyotp

    app = pyotp.TOTP(made_from, digits=DIGITS, interval=PERIOD_SECONDS)
    near = range(step_at(now) - DRIFT, step_at(now) + DRIFT + 1)
    right = [step for step in near if hmac.compare_digest(app.generate_otp(step).encode(), _plain(typed).encode())]
    return right[-1] if right else None


async def turn_on(conn: AsyncConnection, secret: str, user_id: str, made_from: str, step: int) -> list[str] | None:
    """The recovery codes, which nobody sees again.  `secret`: the house's; `step`: of the code that came back.

    Null: it is on already.
    """
    kept = lock(secret, PURPOSE, made_from, of=user_id)
    off = (users.c.id == user_id, users.c.second_factor.is_(None))
    done = await conn.execute(update(users).where(*off).values(second_factor=kept, second_factor_step=step))
    return await new_recovery_codes(conn, secret, user_id) if done.rowcount == 1 else None


async def turn_off(conn: AsyncConnection, user_id: str) -> bool:
    """Recovery codes with it.  False: it was off."""
    on = (users.c.id == user_id, users.c.second_factor.is_not(None))
    done = await conn.execute(update(users).where(*on).values(second_factor=None, second_factor_step=None))
    await conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    return done.rowcount == 1


async def reset(conn: AsyncConnection, user_id: str, now: datetime) -> int | None:
    """By somebody else, for who has lost it: every browser is signed out.  How many; null: there was none."""
    return await sessions.end_all(conn, user_id, now) if await turn_off(conn, user_id) else None


async def new_recovery_codes(conn: AsyncConnection, secret: str, user_id: str) -> list[str]:
    """Those of before open nothing any more."""
    await conn.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    rows = [{"id": new_id("rec"), "user_id": user_id, "digest": _digest(secret, user_id, code)} for code in codes]
    await conn.execute(insert(recovery_codes), rows)
    return codes


async def recovery_codes_left(conn: AsyncConnection, user_id: str) -> int:
    left = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
    return int(await conn.scalar(left) or 0)


async def use(conn: AsyncConnection, secret: str, user: User, typed: str, now: datetime) -> Used | None:
    """Takes a code of the app, or a recovery code, for the one time it counts.  Null: it is not theirs, or was used."""
    if user.second_factor is None:
        return None
    if not _of_an_app(typed):
        of_it = (recovery_codes.c.user_id == user.id, recovery_codes.c.digest == _digest(secret, user.id, typed))
        done = await conn.execute(delete(recovery_codes).where(*of_it))
        return "recovery code" if done.rowcount == 1 else None
    made_from = unlock(secret, PURPOSE, user.second_factor, of=user.id)
    if made_from is None:
        log.error("second_factor_unreadable", user=user.id)  # the house has another key than then
        return None
    step = step_of(made_from, typed, now)
    if step is None:
        return None
    done = await conn.execute(update(users).where(*_unused(user, step)).values(second_factor_step=step))
    return "code" if done.rowcount == 1 else None


def _unused(user: User, step: int) -> tuple[ColumnElement[bool], ...]:
    """Two who come with the same code at the same moment: one of them is too late."""
    before = or_(users.c.second_factor_step.is_(None), users.c.second_factor_step < step)
    return users.c.id == user.id, users.c.second_factor == user.second_factor, before


def _of_an_app(typed: str) -> bool:
    return re.fullmatch(rf"\d{{{DIGITS}}}", _plain(typed), re.ASCII) is not None


def _recovery_code() -> str:
    """59 bits."""
    groups = ("".join(secrets.choice(RECOVERY_SIGNS) for _ in range(GROUP)) for _ in range(RECOVERY_GROUPS))
    return "-".join(groups)


def _digest(secret: str, user_id: str, code: str) -> str:
    return mac(secret, "recovery code", f"{user_id}\0{_plain(code)}")


def _plain(typed: str) -> str:
    """People type blanks and hyphens between groups, or none, and telephones a capital at the front."""
    return re.sub(r"[\W_]", "", typed).casefold()
