"""`mailseek saved …`."""

from __future__ import annotations

from pathlib import Path

import click

from indexer.catalog import saved
from indexer.catalog.store import Catalog
from indexer.settings import load
from search_cli import named, output


@click.group("saved")
def command() -> None:
    """Give queries names: what is saved as NAME is found by query:NAME."""


@command.command(
    "add", epilog="Example: mailseek saved add invoices 'subject:invoice has:attachment'"
)
@click.argument("name")
@click.argument("query", nargs=-1, required=True)
@click.pass_obj
def add(home: Path | None, name: str, query: tuple[str, ...]) -> int:
    """Save a query, in place of the one that had the name."""
    from indexer.search.opening import searcher
    from indexer.search.saving import keep

    settings = load(home)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Catalog.open(settings.catalog_path) as catalog:
        keep(catalog, searcher(settings, catalog), name, " ".join(query))
    click.echo(f"saved; try: mailseek search query:{name}")
    return 0


@command.command("list", epilog="Example: mailseek saved list --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def list_(home: Path | None, as_json: bool) -> int:
    """List the saved searches."""
    found = named.listed(home, saved.listed) or {}
    if as_json:
        output.print_json({"saved": [{"name": n, "query": q} for n, q in found.items()]})
    elif found:
        rows = [(name, output.printable(query)) for name, query in found.items()]
        click.echo("\n".join(output.table([("NAME", "QUERY"), *rows])))
    else:
        click.echo("nothing saved yet: mailseek saved add NAME QUERY", err=True)
    return 0


@command.command("remove", epilog="Example: mailseek saved remove invoices")
@click.argument("name")
@click.pass_obj
def remove(home: Path | None, name: str) -> int:
    """Forget a saved search."""
    return named.remove(home, name, saved.remove, "saved search", "saved")
