"""Every text of the rules' editor is there in Italian, also those of its lists, and no sentence loses a value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from desk.plan import changes, fields, labels, problems, sentences, situations, trying, views, week_forms
from desk.plan.pages import PATTERNS
from desk.words import LOCALES, words_in

DESK = Path(views.__file__).parents[1]
ROUTING = DESK.parent / "routing"
_VALUE = re.compile(r"%\((\w+)\)[sd]|\{\}")


def in_templates() -> Iterator[str]:
    options = {"**.html": {"extensions": "jinja2.ext.i18n,jinja2.ext.do", "silent": "false"}}
    for _, _, message, _, _ in extract_from_dir(DESK / "templates" / "plan", [("**.html", "jinja2")], options):
        yield message if isinstance(message, str) else message[0]


def in_code() -> Iterator[str]:
    """What `words("…")` and its kin are given as a literal."""
    for path in (DESK / "plan").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                name = ast.unparse(call.func)
                if name.endswith(("words", "words.count", "Unusable")) and isinstance(call.args[0].value, str):
                    yield call.args[0].value


def in_lists() -> Iterator[str]:
    yield from fields.texts()
    for module in (labels, problems, sentences, situations, trying):
        yield from module.texts()
    yield from (text for _, text in changes.HOURS)
    yield from (label for _, label in views.PAGES)
    yield from (name for name, _ in PATTERNS.values())
    yield from (week_forms.NO_DAY, week_forms.NO_TIME, week_forms.NO_DATE)


def findings() -> Iterator[str]:
    """What a check may say, as far as it is written in one piece; values as they stand in the catalogue."""
    for name in ("plan_check", "rules_check", "needs_check"):
        for call in ast.walk(ast.parse((ROUTING / f"{name}.py").read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "Found" and len(call.args) == 2:
                text = call.args[1]
                if isinstance(text, ast.Constant):
                    yield str(text.value)
                elif isinstance(text, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "7" for part in text.values]
                    yield "".join(map(str, parts))


def texts() -> set[str]:
    return {text for source in (in_templates, in_code, in_lists) for text in source() if text}


def catalogues() -> Iterator[Catalog]:
    for path in (LOCALES / "it" / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            yield read_po(file, locale="it")


def test_every_text_is_there_in_italian() -> None:
    known = {one.id if isinstance(one.id, str) else one.id[0] for catalogue in catalogues() for one in catalogue}
    assert sorted(texts() - known) == []


def test_every_finding_of_a_check_is_told_in_italian() -> None:
    italian = words_in("it")
    assert [told for told in findings() if italian.problem(told) == told] == []


def test_a_sentence_has_the_same_values_in_both_languages() -> None:
    with (LOCALES / "it" / "LC_MESSAGES" / "plan.po").open("rb") as file:
        catalogue = read_po(file, locale="it")
    for message in catalogue:
        one = message.id if isinstance(message.id, str) else message.id[-1]
        said = message.string if isinstance(message.string, str) else tuple(message.string or ())[-1]
        assert sorted(_VALUE.findall(one)) == sorted(_VALUE.findall(said)), one
        assert said != "" or one == "", one
