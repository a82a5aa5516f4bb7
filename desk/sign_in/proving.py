"""Who is signed in shows again who they are, before something that a passer-by at an open page shall not do."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from desk import attempts, passwords, second_factor
from desk.attempts import TooMany
from desk.pages import Asked
from desk.sign_in import door, entering
from desk.sign_in.second_step import LONGEST_TYPED, WRONG
from desk.site import Site
from desk.users import User

log = structlog.get_logger()


class NotProved(Exception):
    """`field`: password | code; `told`: what is wrong with it, in the reader's language."""

    def __init__(self, field: str, told: str, status: int = 422, headers: Mapping[str, str] | None = None) -> None:
        self.field, self.told, self.status, self.headers = field, told, status, headers or {}
        super().__init__(f"{field}: {status}")

    @property
    def errors(self) -> dict[str, str]:
        return {self.field: self.told}


async def prove(site: Site, asked: Asked, user: User, password: str, code: str | None = None) -> None:
    """By the password; where `code` is given, by the second factor too, if they have one.  Raises NotProved.

    Tries are counted as at the door, but by themselves: whoever fails there does not keep them from this.
    """
    database, now = site.pages.database, site.pages.clock.now()
    source = entering.place_of(entering.source_of(asked.request, site.proxies))
    tried = attempts.of(site.secret, user.email, source, f"account {user.id}")
    try:
        async with database.write() as conn:
            await attempts.begin(conn, tried, now)
    except TooMany as refused:
        after = {"Retry-After": door.seconds(asked, refused)}
        raise NotProved("password", door.wait(asked, refused), 429, after) from None
    if not await passwords.matches(password, user.password):
        log.info("proof_refused", user=user.id, second=False)
        raise NotProved("password", asked.words("This is not the password you have now."))
    async with database.write() as conn:
        if code is not None and user.second_factor is not None:
            used = await second_factor.use(conn, site.secret, user, code[:LONGEST_TYPED], now)
            if used is None:
                log.info("proof_refused", user=user.id, second=True)
                raise NotProved("code", asked.words(WRONG))
        await attempts.succeeded(conn, tried, now)
