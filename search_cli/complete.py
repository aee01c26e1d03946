"""`mailseek complete`, and what a shell asks for when Tab is pressed behind `mailseek search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.catalog.store import Catalog
from indexer.errors import MailseekError
from indexer.settings import load
from search_cli import output

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@click.command(
    "complete",
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  mailseek complete 'from:an'
  mailseek complete 'invoice in:' --json""",
)
@click.argument("query", nargs=-1, type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(home: Path | None, query: tuple[str, ...], as_json: bool) -> int:
    """Say what a query could go on with: operators, senders, folders, words of the mailbox.

    Each line is the last word of the query, completed.
    """
    found = _completions(home, " ".join(query))
    if as_json:
        output.print_json(
            {
                "completions": [
                    {"start": s, "text": text, "shown": shown} for s, text, shown in found
                ]
            }
        )
    else:
        for _, text, shown in found:
            hint = output.paint(f"  {output.printable(shown)}", output.DIM) if shown else ""
            click.echo(output.printable(text) + hint, color=True)
    return 0 if found else 1


def completed_by_the_mailbox(
    ctx: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For a shell: nothing, rather than an error."""
    from click.shell_completion import CompletionItem

    try:
        return [
            CompletionItem(text, help=shown)
            for _, text, shown in _completions(ctx.find_root().params.get("home"), incomplete)
        ]
    except MailseekError:
        return []


def _completions(home: Path | None, query: str) -> list[tuple[int, str, str]]:
    from indexer.index.whoosh_engine import WhooshEngine
    from indexer.search.completing import completions

    settings = load(home)
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        engine = WhooshEngine(settings.index_path, settings.languages)
        return [(each.start, each.text, each.shown) for each in completions(catalog, engine, query)]
