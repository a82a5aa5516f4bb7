"""Whether who is found there is who is meant here.  Pure.  When in doubt it is somebody else."""

from __future__ import annotations

from collections.abc import Sequence

from carrier.numbering import NotANumber, normalise
from crm.connectors.port import Found
from crm.names import ALIKE, alike, name_key

LONGEST_NUMBER = 50  # characters, with all the blanks and brackets that people write


def same_number(written: object, number: str, region: str) -> bool:
    if not isinstance(written, str) or not written.strip() or len(written) > LONGEST_NUMBER:
        return False
    try:
        return normalise(written, region) == number
    except NotANumber:
        return False


def the_one(people: Sequence[Found]) -> Found | None:
    """Several records of one name are one person, and the first stands for them; several people are nobody."""
    names = {name_key(found.name) for found in people}
    return people[0] if len(names) == 1 else None


def same_name(ours: str | None, theirs: str | None) -> bool:
    """Whether two names may be one person's: a wrong yes puts one person's conversation on another's record.

    A name that is missing on one side contradicts nothing, and a first name alone not the whole name: the number is the
    same already.
    """
    mine, other = set(name_key(ours).split()), set(name_key(theirs).split())
    return mine <= other or other <= mine or alike(ours, theirs) >= ALIKE
