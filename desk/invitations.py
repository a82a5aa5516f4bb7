"""An invitation as its maker sees it, this once: its address, and a letter with it (`settings/user_link.html`)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from desk import invites
from desk.pages import Asked
from desk.users import User


def shown_once(asked: Asked, public_url: str, user: User, secret: str) -> dict[str, Any]:
    link, house = invites.link(public_url, secret), asked.pages.house.company
    subject = asked.words("%(company)s: how you sign in", company=house)
    words = asked.words(
        "Hello %(name)s,\n\nwith this link you choose how you sign in:\n%(link)s\n\n"
        "It is for you alone, works once, and for three days.\n",
        name=user.name,
        link=link,
    )
    letter = f"mailto:{quote(user.email)}?subject={quote(subject)}&body={quote(words)}"
    return {"user": user, "link": link, "letter": letter, "until": asked.pages.clock.now() + invites.LASTS}
