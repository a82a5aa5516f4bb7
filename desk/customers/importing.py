"""Bringing people, agents and their past in a file: seen before anything is written, then loaded while calls go on."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import structlog
from starlette.responses import JSONResponse, Response, StreamingResponse

from crm.csvfile import ERROR_COLUMNS
from crm.vcards import mark_bad_card
from desk.customers import import_preview
from desk.customers.import_jobs import MOST_BYTES, Job, Jobs, State, TooLarge, begun
from desk.customers.import_preview import KINDS, Preview, guess
from desk.pages import Asked
from desk.site import Site

log = structlog.get_logger()

PLACE = "customers"
BAD_SHOWN = 50
HERE = "/console/customers/import"
_CODE = Path(__file__).parents[2]  # where the rooms are, for a process that was started elsewhere


class Importing:
    def __init__(self, site: Site) -> None:
        self._site, self._jobs = site, Jobs(site.home)

    async def start(self, asked: Asked) -> Response:
        self._jobs.tidy()
        jobs = [(job.id, job.state(), job.silent()) for job in self._jobs.all()]
        return asked.page("customers/import.html", place=PLACE, jobs=jobs, most=MOST_BYTES // 1024 // 1024)

    async def bring(self, asked: Asked) -> Response:
        """The file as the request's body; answered with where to look at it."""
        name = unquote(asked.request.headers.get("x-file-name", ""))
        try:
            job = await self._jobs.bring(Path(name).name, asked.request.stream())
        except TooLarge:
            told = asked.words("The file is larger than %(most)s MB.", most=MOST_BYTES // 1024 // 1024)
            return JSONResponse({"detail": told}, 413)
        if job.state().size_bytes == 0:
            job.discard()
            return JSONResponse({"detail": asked.words("The file is empty.")}, 422)
        return JSONResponse({"address": f"{HERE}/{job.id}"}, 201)

    async def show(self, asked: Asked) -> Response:
        """What it would do, and once it is being loaded, how far it is."""
        job = self._job(asked)
        if job is None:
            return _gone(asked)
        state = job.state()
        preview = None
        if state.phase == "brought":
            preview = await self._preview(job, asked.request.query_params.get("kind"))
        return asked.page("customers/import_job.html", place=PLACE, preview=preview, **_shown(asked, job, state))

    async def load(self, asked: Asked) -> Response:
        """Begins, or goes on after an interruption.  Said twice it is begun once."""
        job, form = self._job(asked), await asked.form()
        if job is None:
            return _gone(asked)
        state, kind = job.state(), str(form.get("kind") or "")
        again = form.get("again") == "on"
        if state.phase in ("brought", "failed") or job.silent() or (state.known_whole and again):
            job.write(begun(state, kind if kind in KINDS else state.kind or "customers"))
            job.beat()
            await self._set_to_work(job, asked, again=again)
        return await self.progress(asked) if asked.of_a_part else asked.redirect(f"{HERE}/{job.id}")

    async def progress(self, asked: Asked) -> Response:
        job = self._job(asked)
        if job is None:
            return _gone(asked)
        return asked.page("customers/import_progress.html", **_shown(asked, job, job.state()))

    async def bad_rows(self, asked: Asked) -> Response:
        """As they were, each with its line and the reason before it, to be mended and brought again."""
        job = self._job(asked)
        if job is None:
            return _gone(asked)
        state = job.state()
        name, media_type = ("bad-cards.vcf", "text/vcard") if state.kind == "vcard" else ("bad-rows.csv", "text/csv")
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingResponse(_bad_file(job, state), media_type=f"{media_type}; charset=utf-8", headers=headers)

    async def discard(self, asked: Asked) -> Response:
        job = self._job(asked)
        if job is not None and (job.state().phase != "loading" or job.silent()):
            job.discard()
        return asked.redirect(HERE)

    def _job(self, asked: Asked) -> Job | None:
        return self._jobs.find(asked.request.path_params["job_id"])

    async def _preview(self, job: Job, kind: str | None) -> Preview:
        wanted: str = kind if kind is not None and kind in KINDS else await asyncio.to_thread(guess, job.file)
        found = await asyncio.to_thread(import_preview.read, job.file, wanted, self._site.region)
        return await import_preview.compared(self._site.pages.database, found)

    async def _set_to_work(self, job: Job, asked: Asked, *, again: bool) -> None:
        pages, who = self._site.pages, asked.user.principal
        order = {
            "folder": str(job.folder.resolve()),
            "database_url": pages.database.url.render_as_string(hide_password=False),
            "region": self._site.region,
            "language": pages.house.language,
            "principal": [who.role, who.agent_id, who.token_id],
            "again": again,
        }
        path = os.pathsep.join(filter(None, (str(_CODE), os.environ.get("PYTHONPATH"))))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "desk.customers.import_worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": path},
            start_new_session=True,  # it goes on while this server is restarted
        )
        pages.clock.spawn(_watched(process, json.dumps(order).encode(), job), f"import-{job.id}")


async def _watched(process: asyncio.subprocess.Process, order: bytes, job: Job) -> None:
    await process.communicate(order)
    if process.returncode:
        log.error("import_ended", job=job.id, code=process.returncode)


def _shown(asked: Asked, job: Job, state: State) -> dict[str, Any]:
    bad = [(row.line, row.reason) for row in job.first_bad_rows(BAD_SHOWN)]
    stopped = state.phase == "loading" and job.silent()

    def reason(told: str) -> str:
        """It begins with the column, as the file calls it."""
        column, colon, message = told.partition(": ")
        known = colon and column.partition("[")[0] in import_preview.COLUMNS[state.kind or "customers"]
        return f"{column}: {asked.words.problem(message)}" if known else asked.words.problem(told)

    return {"job": job, "state": state, "stopped": stopped, "bad": bad, "reason": reason}


def _bad_file(job: Job, state: State) -> Iterator[bytes]:
    if state.kind == "vcard":
        for row in job.bad_rows():
            yield _bytes(mark_bad_card(row.raw[0] if row.raw else "", row.line, row.reason))
        return
    yield _bytes(_line([*ERROR_COLUMNS, *state.header], state.delimiter))
    for row in job.bad_rows():
        yield _bytes(_line([str(row.line), row.reason, *row.raw], state.delimiter))


def _line(cells: list[str], delimiter: str) -> str:
    sheet = io.StringIO()
    csv.writer(sheet, delimiter=delimiter).writerow(cells)
    return sheet.getvalue()


def _bytes(text: str) -> bytes:
    """Byte for byte what was brought."""
    return text.encode("utf-8", "surrogateescape")


def _gone(asked: Asked) -> Response:
    return asked.trouble(404, asked.words("This file is not here any more. Please upload it again."))
