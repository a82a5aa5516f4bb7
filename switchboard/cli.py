"""The command `centralino`.  Whatever goes wrong is one line on stderr: what, and what to do about it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from sqlalchemy.exc import SQLAlchemyError
from typer.exceptions import TyperException

from store import schema
from store.clock import SystemClock
from store.embedded import EmbeddedServerFailed
from store.sql import Database
from switchboard import logs, serve, users_cli
from switchboard.account import AccountRefused
from switchboard.settings import Settings, SettingsRefused, load

FAILED, WRONG_USAGE, SOME_SKIPPED = 1, 2, 3
EXPECTED = (
    AccountRefused,
    SettingsRefused,
    EmbeddedServerFailed,
    serve.AddressTaken,
    serve.SchemaRefused,
    serve.DatabaseAway,
)

app = typer.Typer(
    help="Answers the phone, knows who is calling, and puts them through to somebody who knows them.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
importing = typer.Typer(help="Loads people and their past from files.", no_args_is_help=False)
exporting = typer.Typer(help="Writes people into files.", no_args_is_help=False)
token = typer.Typer(help="Makes tokens for the JSON API.", no_args_is_help=False)
twilio = typer.Typer(help="Looks after the account at Twilio.", no_args_is_help=False)
app.add_typer(importing, name="import")
app.add_typer(exporting, name="export")
app.add_typer(token, name="token")
app.add_typer(twilio, name="twilio")
app.add_typer(users_cli.user, name="user")

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the server.")]
CarrierPort = Annotated[int, typer.Option(min=0, max=65535, help="Port of the simulated carrier and its web phone.")]
File = Annotated[Path, typer.Argument(help="UTF-8 CSV with a header.", exists=True, dir_okay=False, readable=True)]
Cards = Annotated[Path, typer.Argument(help="vCards, UTF-8.", exists=True, dir_okay=False, readable=True)]
Errors = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Where bad rows go; default: beside it, as NAME.errors.csv.")
]
Again = Annotated[bool, typer.Option("--again", help="All of it, also if it is known to have been loaded.")]


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code: 0, 1 for a failure, 2 for wrong usage."""
    try:
        return app(arguments, prog_name="centralino", standalone_mode=False) or 0
    except TyperException as error:
        return _complain(error.format_message(), error.exit_code)
    except EXPECTED as error:
        return _complain(str(error), FAILED)
    except SQLAlchemyError as error:
        return _complain(f"the database refused: {serve.first_line(error)}; check DATABASE_URL", FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:
        what = logs.mask(str(error).strip().split("\n")[0])
        return _complain(f"{type(error).__name__}: {what}; please report it", FAILED)


def _complain(message: str, code: int) -> int:
    print(f"centralino: {' '.join(message.split())}", file=sys.stderr)
    return code


@app.command("demo")
def demo_command(
    port: Port = serve.DEFAULT_PORT,
    carrier_port: CarrierPort = serve.DEFAULT_PORT + 10,
    browser: Annotated[bool, typer.Option(help="Open the web phone.")] = True,
) -> int:
    """An invented company, the simulated carrier and its web phone, all on this machine."""
    from switchboard import demo

    return demo.run(load(), port=port, carrier_port=carrier_port, browser=browser)


@app.command("serve")
def serve_command(
    host: Host = serve.DEFAULT_HOST,
    port: Port = serve.DEFAULT_PORT,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Number of processes.")] = 1,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring a given database to the schema first.")] = False,
    no_keeper: Annotated[bool, typer.Option("--no-keeper", help="Background work is done by `keeper`.")] = False,
) -> int:
    """The server."""
    settings = _logged(load())
    return serve.serve(settings, host=host, port=port, workers=workers, migrate=migrate, keeper=not no_keeper)


@app.command("keeper")
def keeper_command() -> int:
    """Only the background work: timers, callbacks, reconciliation."""
    return serve.keep(_logged(load()))


@app.command("carrier")
def carrier_command(port: CarrierPort = serve.DEFAULT_PORT + 10) -> int:
    """Only the simulated carrier with its web phone."""
    from switchboard import stand_in

    return stand_in.run(_logged(load()), port)


@app.command("rehearse")
def rehearse_command(
    language: Annotated[str | None, typer.Option(help="BCP 47, like de-DE; default: the house's.")] = None,
) -> None:
    """Prints what callers hear in ten situations, minute by minute, for reading aloud."""
    from switchboard import rehearsal

    logs.configure("ERROR")
    asyncio.run(rehearsal.rehearse(load(), language))


@app.command("replay")
def replay_command(
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="The plan to try; default: the one in force.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="T", help="2026-03-02, or with time and offset; default: seven days before --to."
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="T", help="Default: now.")] = None,
    calls: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Past calls from a file, as `import history` takes it; no database is needed."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer of POST /plan/replay, as JSON.")] = False,
) -> int:
    """Runs past calls under a plan, and says what would have changed and for whom it would have been worse."""
    from switchboard import replaying

    logs.configure("ERROR")
    settings = load()
    if calls is None:
        serve.prepare_schema(settings, migrate=False)
    try:
        replaying.run(settings, replaying.Asked(plan, start, end, calls, as_json))
    except replaying.ReplayRefused as error:
        return _complain(str(error), WRONG_USAGE)
    return 0


@app.command("migrate")
def migrate_command() -> None:
    """Brings the database to the schema of this version, safely while calls go on."""
    settings = load()
    serve.prepare_schema(settings, migrate=True)
    print(f"the schema is at {schema.current(settings.database)}")


@app.command("doctor")
def doctor_command() -> int:
    """Checks settings, stores, schema, credentials, addresses and clocks."""
    from switchboard import doctor

    return doctor.run()


@twilio.command("setup")
def twilio_setup_command(
    apply: Annotated[bool, typer.Option("--apply", help="Change what is shown.")] = False,
    number: Annotated[
        list[str] | None, typer.Option(metavar="+39…", help="Only this number; may be given again.")
    ] = None,
    fallback: Annotated[
        str | None, typer.Option(metavar="URL", help="Fallback on another host.  Default: this server's own.")
    ] = None,
) -> int:
    """Points the account's numbers at this server, and prints a fallback to be hosted at Twilio."""
    from switchboard import twilio_setup

    return twilio_setup.run(load(), apply=apply, numbers=number or (), fallback=fallback)


def _import(
    kind: Literal["customers", "agents", "history", "vcard"], file: Path, errors: Path | None, again: bool = False
) -> int:
    from crm.csvfile import UnusableFile
    from switchboard import loading

    settings = load()
    serve.prepare_schema(settings, migrate=False)
    try:
        skipped = asyncio.run(loading.load_file(settings, loading.Asked(kind, file, errors, again)))
    except UnusableFile as error:
        raise TyperException(f"{file}: {error}") from error
    return SOME_SKIPPED if skipped else 0


@importing.command("customers")
def import_customers(file: File, errors: Errors = None, again: Again = False) -> int:
    """Customers; people known by the same external_id are changed where the file differs."""
    return _import("customers", file, errors, again)


@importing.command("agents")
def import_agents(file: File, errors: Errors = None) -> int:
    """Agents; those known by the same external_id are changed where the file differs."""
    return _import("agents", file, errors)


@importing.command("history")
def import_history(file: File, errors: Errors = None, again: Again = False) -> int:
    """Past conversations; those known by the same external_id are left as they are."""
    return _import("history", file, errors, again)


@importing.command("vcard")
def import_vcard(file: Cards, errors: Errors = None, again: Again = False) -> int:
    """Customers from an address book; those known by the same card are changed where it differs."""
    return _import("vcard", file, errors, again)


@exporting.command("customers")
def export_customers(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|FILE.vcf", help="Replaced if it is there.", dir_okay=False)],
) -> int:
    """All customers, as CSV or as vCards by the file's ending; `import` takes either back."""
    from switchboard import exporting as writing

    if file.suffix.lower() not in writing.WRITERS:
        raise typer.BadParameter("the file ends in .csv or in .vcf")
    settings = load()
    serve.prepare_schema(settings, migrate=False)
    try:
        count = asyncio.run(writing.write_customers(settings, file))
    except OSError as error:
        return _complain(f"{file}: {error.strerror or error}", FAILED)
    print(f"{count} written")
    return 0


@token.command("create")
def create_token(
    name: Annotated[str, typer.Option(help="What or whom it is for.")],
    role: Annotated[Literal["manager", "agent", "service"], typer.Option(help="What it may do.")],
    agent: Annotated[str | None, typer.Option(metavar="ID", help="Whose token it is, for the role agent.")] = None,
) -> None:
    """Prints a new token, which nobody can read again."""
    if (role == "agent") != (agent is not None):
        raise typer.BadParameter("--agent ID goes with --role agent, and only with it")
    settings = load()
    serve.prepare_schema(settings, migrate=False)
    print(asyncio.run(_new_token(settings, name, role, agent)))


async def _new_token(settings: Settings, name: str, role: str, agent_id: str | None) -> str:
    from sqlalchemy import select

    from api import tokens
    from crm import audit
    from crm.audit import What
    from routing.tables import agents

    database = Database(settings.database)
    try:
        async with database.write() as connection:
            known = select(agents.c.id).where(agents.c.id == agent_id)
            if agent_id is not None and await connection.scalar(known) is None:
                raise UnknownAgent(f"there is no agent {agent_id}; `GET /api/v1/agents` lists their ids")
            now = SystemClock().now()
            made = await tokens.create(connection, name=name, role=role, agent_id=agent_id, now=now)
            await audit.record(connection, "token create", What.TOKEN_MADE, now=now, of=role, agent=agent_id)
            return made
    finally:
        await database.close()


class UnknownAgent(TyperException):
    """A token was asked for somebody who is not there."""


def _logged(settings: Settings) -> Settings:
    logs.configure()
    return settings
