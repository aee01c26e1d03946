"""`mailseek demo`: what mailseek does, shown in a minute on a server and a mailbox of its own."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from indexer import pipeline
from indexer.errors import StorageError
from indexer.pipeline import Outcome
from indexer.settings import Settings
from search_cli import output
from search_cli.demo import filling, pymap_server
from search_cli.demo.mailbox import messages
from search_cli.demo.running import any_server, running_server
from search_cli.demo.server import RunningServer
from search_cli.progress import ProgressDisplay

_USER = pymap_server.USER
_MARKER = "made-by-mailseek-demo"
_QUERIES = (
    ('"quarterly report" from:alice', "a phrase, from one person"),
    ('is:unread in:inbox after:"2 years ago"', "states and dates, answered by the catalog alone"),
    ("東京出張", "Japanese, without spaces between words"),
    ("has:attachment grosse", "accents and ß do not matter: Größe, GRÖSSE, grosse"),
)


@click.command("demo", epilog="Example: mailseek demo")
@click.option(
    "--messages", "count", type=click.IntRange(50, 100_000), default=500, show_default=True
)
@click.option(
    "--serve", is_flag=True, help="Only the server, until ended, as the account `demo` of --home."
)
@click.option(
    "--listen",
    metavar="HOST",
    help="With --serve: also for other machines, by this name, with TLS.",
)
@click.pass_obj
def command(home: Path | None, count: int, serve: bool, listen: str | None) -> int:
    """Try it: a local IMAP server, a generated mailbox, a sync, searches.

    Uses Dovecot where it is installed, else pymap. Everything is kept in a folder of its own.
    """
    if serve:
        from indexer.settings import load
        from search_cli.demo import serving

        return serving.serve(load(home).home, count, listen)
    home = (home or Path(".demo")).absolute()
    began = time.monotonic()
    _clear(home)
    with running_server(any_server, cure="install dovecot-imapd, or pymap") as server:
        _say(f"1. A private {server.name} on {server.host}:{server.port}, with {count} messages")
        _fill(server, count)
        settings = _settings(home, server)
        _say("2. The first sync: headers and text parts; attachments stay on the server")
        _sync(settings)
        _say("3. What is there now: mailseek status")
        _mailseek(settings, "status")
        _say("4. Four searches")
        for query, why in _QUERIES:
            _search(settings, query, why)
        _say("5. Meanwhile, on the server")
        client = filling.log_in(server, _USER)
        changes = filling.change(client)
        client.logout()
        for line in changes.values():
            click.echo(f"   {line}")
        _say("6. The next sync follows")
        _sync(settings)
        _search(settings, "chrysanthemum", "the new mail")
        _search(settings, "is:flagged in:inbox", "the flag", limit=1)
    _say(
        f"Done in {time.monotonic() - began:.0f} seconds; the server is stopped, the index stays. Try:"
    )
    prefix = f"  MAILSEEK_HOME={home} {_program()}"
    for line in ("search 'from:elodie OR from:jürgen'", "search 'subject:migration' --threads",
                 "search meet* --json", "status --folders", "search --help"):  # fmt: skip
        click.echo(f"{prefix} {line}")
    click.echo("and then, with your own mail:  mailseek account add")
    return 0


def _clear(home: Path) -> None:
    """Start anew, in a folder that an earlier demo made, never in anybody's real one."""
    if home.exists() and any(home.iterdir()):
        if not (home / _MARKER).exists():
            raise StorageError(
                "this folder is not empty, and no demo made it",
                where=str(home),
                cure="name another one: mailseek --home DIRECTORY demo",
            )
        shutil.rmtree(home)
    home.mkdir(parents=True, mode=0o700, exist_ok=True)
    (home / _MARKER).touch()


def _settings(home: Path, server: RunningServer) -> Settings:
    import os

    from indexer import config_file, settings

    os.environ["MAILSEEK_DEMO_PASSWORD"] = server.password
    config_file.add_account(
        home,
        "demo",
        {
            "host": server.host,
            "port": server.port,
            "user": _USER,
            "tls": "none",
            "password_env": "MAILSEEK_DEMO_PASSWORD",
        },
    )
    return settings.load(home)


def _fill(server: RunningServer, count: int) -> None:
    client = filling.log_in(server, _USER)
    began = time.monotonic()
    filling.fill(client, messages(datetime.now(UTC), count))
    client.logout()
    click.echo(
        f"   filled in {time.monotonic() - began:.1f} s: threads, newsletters, five languages"
    )


def _sync(settings: Settings) -> None:
    from search_cli.sync import summary

    with ProgressDisplay() as progress:
        outcomes: list[Outcome] = pipeline.sync(settings, [], progress)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        if outcome.report is not None:
            click.echo(f"   {summary(outcome.report)}")


def _mailseek(settings: Settings, *arguments: str) -> None:
    """Run a command as the reader would."""
    from search_cli.main import cli

    sys.stdout.flush()
    cli.main(
        ["--home", str(settings.home), *arguments], prog_name="mailseek", standalone_mode=False
    )


def _search(settings: Settings, query: str, why: str, limit: int = 2) -> None:
    click.echo(
        output.paint(f"\n$ mailseek search '{query}'", output.BOLD) + f"   # {why}", color=True
    )
    _mailseek(settings, "search", query, "--limit", str(limit))
    sys.stderr.flush()


def _program() -> str:
    found = Path(sys.argv[0])
    return str(found) if found.name == "mailseek" else "mailseek"


def _say(line: str) -> None:
    click.echo("\n" + output.paint(line, output.BOLD, output.GREEN), color=True)
