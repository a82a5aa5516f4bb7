"""People and places in a story whom no list of ours knows: a husband, a neighbour, a street.  Pure.

They are told by what stands around them: a relation or a title before a name, a common first name, a word for a street
with a number, a capital in the middle of a sentence where a language has none for nouns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crm.given_names import GIVEN

MARK = "[…]"
_TOKEN = re.compile(r"[^\W_](?:[\w'’]*\w)?")
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")  # of the United Kingdom; others are long numbers
_MOST_IN_A_ROW, _MOST_TO_A_NUMBER = 5, 4

_RELATIONS = (
    "marito moglie figlio figlia figli padre madre mamma papà babbo fratello sorella nonno nonna zio zia cugino"
    " cugina nipote suocero suocera cognato cognata genero nuora compagno compagna fidanzato fidanzata amico amica"
    " collega vicino vicina signor signore signora signorina dottor dottore dottoressa dott avvocato avv ingegnere"
    " ing professor professore professoressa prof capo badante sig husband wife son daughter father mother mum mom"
    " dad brother sister grandfather grandmother grandpa grandma uncle aunt cousin nephew niece partner boyfriend"
    " girlfriend friend colleague neighbour neighbor boss mr mrs ms miss dr doctor professor sir carer mann frau"
    " sohn tochter vater mutter mama bruder schwester opa oma onkel tante cousine neffe nichte schwager schwägerin"
    " schwiegervater schwiegermutter schwiegersohn schwiegertochter partnerin freund freundin kollege kollegin"
    " nachbar nachbarin chef chefin herr herrn doktor enkel enkelin mari femme fils fille père mère maman frère"
    " sœur soeur oncle cousin neveu nièce compagnon compagne ami amie copain copine collègue voisin voisine patron"
    " monsieur madame mademoiselle mme docteur maître marido esposo esposa mujer hijo hija mamá hermano hermana"
    " abuelo abuela tío tía primo prima sobrino sobrina novio novia pareja amigo amiga compañero compañera colega"
    " vecino vecina jefe jefa señor señora señorita doctora don doña suegro suegra cuñado cuñada yerno"
)
_NAMING = "chiamo chiama name heiße heisse heißt heisst namens m'appelle s'appelle llamo llama called named nome"
_LINKS = (
    "di nome che si chiama called named whose name is namens der die heißt qui s'appelle se llama que llamado"
    " llamada nommé nommée ist è"
)
_STREETS = (
    "via viale piazza piazzale corso largo vicolo contrada lungomare località frazione rue avenue av boulevard bd"
    " chemin impasse allée quai calle avenida avda plaza paseo camino carretera ronda travesía"
)
_STREETS_NAMED = "strada borgo salita place cours route square passage c"  # words of every day: with a capital behind
_GERMAN_STREETS = ("straße", "strasse", "gasse", "allee", "weg", "platz", "ring", "ufer", "damm", "chaussee", "str")
_ENGLISH_STREETS = (
    "street st road rd avenue ave lane ln drive close court crescent gardens grove hill mews park place square"
    " terrace way row boulevard"
)
_LIVING = "abito abita abitiamo vivo viviamo wohne wohnen wohnt live lives habite habitons habitent vive vivimos"
_AT = "a ad in à au aux en im bei at near nel nella nei the"
_PARTICLES = (
    "de del della dello degli dei di da dal dalla la le lo el van von der den ten ter du des d' l' san santa saint y"
)
_GERMAN = "und der das ist nicht ich mit eine einen mein meine für auf von dem den wir haben habe kein sie zu"
_KEPT = (
    "i i'm i've i'd i'll monday tuesday wednesday thursday friday saturday sunday january february march april"
    " may june july august september october november december christmas easter english italian german french"
    " spanish google apple amazon microsoft windows android whatsapp facebook instagram bluetooth internet netflix"
    " samsung youtube wifi lei"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


GIVEN_NAMES, RELATIONS, NAMING, LINKS, STREETS, NAMED_STREETS, ENGLISH, LIVING, AT, PARTICLES, GERMAN, KEPT = map(
    _set,
    (
        *(GIVEN, _RELATIONS, _NAMING, _LINKS, _STREETS, _STREETS_NAMED, _ENGLISH_STREETS, _LIVING, _AT, _PARTICLES),
        *(_GERMAN, _KEPT),
    ),
)


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str
    gap: str  # between the one before and this

    @property
    def small(self) -> str:
        return self.text.casefold().replace("’", "'")

    @property
    def capital(self) -> bool:
        return self.text[0].isupper() and not self.acronym and self.small not in KEPT

    @property
    def acronym(self) -> bool:
        return len(self.text) == 1 or (self.text.isupper() and len(self.text) < 5 and self.small not in GIVEN_NAMES)

    @property
    def number(self) -> bool:
        return self.text[0].isdigit() and len(self.text) <= 5

    @property
    def begins(self) -> bool:
        """A sentence: there everything has a capital."""
        return bool(re.search(r"[.!?:;…\n\"“«¿¡(]", self.gap))

    @property
    def near(self) -> bool:
        return not self.gap.strip(" \t'’‑-")


def without_strangers(text: str) -> str:
    text = _POSTCODE.sub(MARK, text)
    words = list(_words(text))
    gone = sorted(set(_named(words)) | set(_places(words)) | set(_capitals(words)))
    out, at = [], 0
    for n in gone:
        out += [text[at : words[n].start], MARK]
        at = words[n].end
    return "".join([*out, text[at:]])


def _words(text: str) -> Iterator[_Word]:
    end = 0
    for found in _TOKEN.finditer(text):
        between = text[end : found.start()].replace(MARK, "") if end else "\n"
        yield _Word(found.start(), found.end(), found[0], between)
        end = found.end()


def _run(words: list[_Word], at: int) -> range:
    """Capitals from here on, with what joins them: Neri, de Luca."""
    n = at
    while n < min(len(words), at + _MOST_IN_A_ROW) and (n == at or words[n].near):
        if not (words[n].capital or _joins(words, n)):
            break
        n += 1
    return range(at, n)


def _joins(words: list[_Word], n: int) -> bool:
    """De la Vega."""
    behind = words[n : n + 4]
    names = [k for k, word in enumerate(behind) if word.small not in PARTICLES]
    return bool(names and names[0]) and behind[names[0]].capital and all(one.near for one in behind[1 : names[0] + 1])


def _named(words: list[_Word]) -> Iterator[int]:
    for n, word in enumerate(words):
        if word.small in GIVEN_NAMES and word.text[0].isupper():
            yield from (n, *_run(words, n))
        if word.small in RELATIONS or word.small in NAMING:
            behind = n + 1
            while behind < min(len(words), n + 5) and words[behind].small in LINKS and not words[behind].capital:
                behind += 1
            if behind < len(words) and not re.search(r"[.!?;\n]\s*$", words[behind].gap.replace(". ", " ", 1)):
                yield from _run(words, behind)
                if words[behind].small in GIVEN_NAMES:
                    yield behind


def _places(words: list[_Word]) -> Iterator[int]:
    for n, word in enumerate(words):
        street = _street(words, n)
        if street:
            yield from street
            yield from _town(words, street[-1] + 1)
        if word.small in LIVING:
            behind = n + 1 + (n + 1 < len(words) and words[n + 1].small in AT)
            yield from _run(words, behind) if behind < len(words) and words[behind].near else ()


def _street(words: list[_Word], n: int) -> range:
    word = words[n]
    if word.small in STREETS or word.small in NAMED_STREETS:
        named = _run(words, n + 1) if n + 1 < len(words) and not words[n + 1].gap.strip(" ./") else range(0)
        end = named[-1] + 1 if named else n + 1
        most = end + 1 if named else n + 1 + _MOST_TO_A_NUMBER if word.small in STREETS else end
        number = next((m for m in range(end, min(most, len(words))) if words[m].number), None)
        first = n - 1 if n and words[n - 1].number and not words[n].gap.strip(" ,") else n
        if named or number is not None:
            return range(first, (number if number is not None else end - 1) + 1)
    if word.number:
        return _english_street(words, n)
    if word.text[0].isupper() and word.small.endswith(_GERMAN_STREETS):
        return _german_street(words, n)
    return range(0)


def _english_street(words: list[_Word], n: int) -> range:
    """12 High Street; in small letters only what is a street and nothing else."""
    for m in range(n + 2, min(n + 5, len(words))):
        if not all(words[k].near for k in range(n + 1, m + 1)):
            break
        if words[m].small in ENGLISH and (words[m].text[0].isupper() or words[m].small in ("street", "road", "avenue")):
            return range(n, m + 1)
    return range(0)


def _german_street(words: list[_Word], n: int) -> range:
    numbered = n + 1 < len(words) and words[n + 1].number and not words[n + 1].gap.strip(" .")
    alone = words[n].small in _GERMAN_STREETS
    sure = words[n].small.endswith(_GERMAN_STREETS[:4]) and not alone
    if not (numbered or sure):
        return range(0)
    first = n - 1 if alone and n and words[n].near and words[n - 1].capital else n
    return range(first, n + 1 + numbered)


def _town(words: list[_Word], n: int) -> Iterator[int]:
    if n < len(words) and words[n].text.isdigit() and not words[n].gap.strip(" ,"):
        yield n
        n += 1
    if n < len(words) and words[n].small in AT and words[n].near:
        n += 1
    if n < len(words) and not words[n].gap.strip(" ,-"):
        yield from _run(words, n)


def _capitals(words: list[_Word]) -> Iterator[int]:
    """In the middle of a sentence; German has them everywhere."""
    german = sum(word.small in GERMAN for word in words)
    if german > 1 or german * 6 >= len(words):
        return
    for n, word in enumerate(words):
        if word.capital and not word.begins and not word.text.isupper():  # whoever writes LAMP means it
            yield n
