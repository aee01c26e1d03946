"""`mailseek status`."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import click

from indexer.catalog.overview import AccountLine, overview
from indexer.catalog.store import Catalog
from indexer.settings import load
from search_cli import output


@click.command("status", epilog="Example: mailseek status --folders")
@click.option("--folders", is_flag=True, help="A line for each folder as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(home: Path | None, folders: bool, as_json: bool) -> int:
    """Per account and folder: messages, indexed, waiting, failed, last sync."""
    settings = load(home)
    known: list[AccountLine] = []
    if settings.catalog_path.exists():
        with Catalog.open(settings.catalog_path, read_only=True) as catalog:
            known = overview(catalog)
    if as_json:
        output.print_json({"accounts": [_as_json(line) for line in known]})
        return 0
    lines = [
        ("ACCOUNT", "MESSAGES", "INDEXED", "WAITING", "FAILED", "LAST SYNC"),
        *map(_row, known),
    ]
    never = sorted(settings.accounts.keys() - {line.name for line in known})
    lines += [(name, "0", "0", "0", "0", "never") for name in never]
    if len(lines) == 1:
        click.echo("no account yet; add one with `mailseek account add`", err=True)
        return 0
    click.echo("\n".join(output.table(lines, right=(1, 2, 3, 4))))
    for line in known:
        if line.last_error:
            click.echo(f"{line.name}: last error: {output.printable(line.last_error)}")
        if folders:
            rows = [
                (f"  {output.printable(each.name)}", each.role, str(each.messages), str(each.unread),
                 "" if each.complete else "still fetching")
                for each in line.folders
            ]  # fmt: skip
            head = (line.name, "ROLE", "MESSAGES", "UNREAD", "")
            click.echo("\n" + "\n".join(output.table([head, *rows], right=(2, 3))))
    return 0


def _row(line: AccountLine) -> tuple[str, ...]:
    last = line.last_sync
    shown = output.short_date(last, datetime.now().astimezone()).strip() if last else "never"
    return (line.name, *map(str, (line.messages, line.indexed, line.waiting, line.failed)), shown)


def _as_json(line: AccountLine) -> dict[str, object]:
    return {
        **dataclasses.asdict(line),
        "last_sync": line.last_sync.isoformat().replace("+00:00", "Z") if line.last_sync else None,
    }
