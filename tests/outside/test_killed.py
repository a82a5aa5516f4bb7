"""The server dies at every moment of a call at once, comes back, and everybody is served.

All situations are played side by side; the server is killed when every one of them has come to its moment, and started
again when all have done what they do meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.outside import of_callers, of_promises
from tests.outside.around import BACK_SECONDS, until
from tests.outside.conftest import Starts
from tests.outside.house import House
from tests.outside.process import Process
from tests.outside.scene import Moment, Scene, Situation

pytestmark = pytest.mark.anyio

SITUATIONS = [*of_callers.SITUATIONS, *of_promises.SITUATIONS]


async def test_a_server_that_dies_at_any_moment_of_a_call_loses_nobody(
    stores: dict[str, str], serve_process: Starts, house: Callable[[Process], House]
) -> None:
    server = await serve_process("--migrate", **stores)
    here = house(server)
    lines = await here.opens(len(SITUATIONS))
    moment = Moment(len(SITUATIONS))
    failed: list[str] = []

    async def play(situation: Situation, line: str) -> None:
        scene = Scene(here, line, moment)
        try:
            await situation(scene)
        except (AssertionError, TimeoutError) as error:
            failed.append(f"{situation.__name__}: {error}{scene.account()}")
        finally:
            scene.ends()  # one that failed keeps nobody waiting

    async with asyncio.TaskGroup() as plays:
        for situation, line in zip(SITUATIONS, lines, strict=True):
            plays.create_task(play(situation, line))
        await until(lambda: len(moment.there) == len(SITUATIONS))
        server.kill()
        moment.killed.set()
        await until(lambda: len(moment.done) == len(SITUATIONS))
        server.start()
        await server.ready(BACK_SECONDS)
        moment.back.set()
    assert not failed, "\n".join(failed)
    await here.closes()
    await here.nothing_was_lost_or_done_twice()
