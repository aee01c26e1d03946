"""`mailseek verify`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from indexer.settings import load
from indexer.verification import verify
from search_cli import output


@click.command("verify", epilog="Example: mailseek verify work")
@click.argument("accounts", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(home: Path | None, accounts: tuple[str, ...], as_json: bool) -> int:
    """Compare folders, UIDs and flags with the server, and the catalog with the index.

    Writes nothing. Exit status 1 where something differs; `mailseek sync` follows the server, and
    `mailseek reindex` puts the index right.
    """
    found = []
    for difference in verify(load(home), accounts):
        found.append(difference)
        if not as_json:
            click.echo(
                output.printable(f"{difference.account}: {difference.place}: {difference.problem}")
            )
    if as_json:
        output.print_json({"differences": [dataclasses.asdict(each) for each in found]})
    elif not found:
        click.echo("no differences")
    return 1 if found else 0
