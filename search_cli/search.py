"""`mailseek search`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from indexer.catalog.store import Catalog
from indexer.search.as_json import page_json
from indexer.search.opening import searcher
from indexer.search.page import Page
from indexer.search.paging import SORTS, Sort
from indexer.settings import load
from search_cli import output
from search_cli.complete import completed_by_the_mailbox


@click.command(
    "search",
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  mailseek search quarterly report
  mailseek search 'from:ann (is:unread OR is:flagged) -in:trash'
  mailseek search 'subject:"release notes" after:"3 months ago"' --limit 50
  mailseek search 'has:attachment filename:pdf larger:1M' --json
  mailseek search --syntax gmail 'from:ann older_than:1y {invoice bill}'
docs/query-language.md has all operators.""",
)
@click.argument("query", nargs=-1, type=click.UNPROCESSED, shell_complete=completed_by_the_mailbox)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--sort", type=click.Choice(SORTS), default="date", show_default=True)
@click.option("--count", is_flag=True, help="Print how many messages match, exactly.")
@click.option("--threads", is_flag=True, help="One hit for each thread.")
@click.option(
    "--explain", is_flag=True, help="Show how the query is understood and who answers it."
)
@click.option("--cursor", help="Go on behind a page: its cursor, as --json tells it.")
@click.option(
    "--syntax",
    type=click.Choice(["mailseek", "gmail", "notmuch", "jmap", "imap"]),
    default="mailseek",
    show_default=True,
    help="In whose words the query is.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(
    home: Path | None,
    query: tuple[str, ...],
    limit: int,
    sort: Sort,
    count: bool,
    threads: bool,
    explain: bool,
    cursor: str | None,
    syntax: str,
    as_json: bool,
) -> int:
    """Find messages, the newest first.

    Words are found in subject, addresses, text and names of attachments; all of them must be there.
    Exit status: 0 hits, 1 none, 2 a wrong query, 3 the index is unavailable.
    """
    _refuse_options(query)
    settings = load(home)
    text = " ".join(query)
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        searching = searcher(settings, catalog)
        if explain:
            click.echo(searching.explain(text, syntax))
            return 0
        page = searching.search(
            text,
            limit=limit,
            sort=sort,
            count=count,
            threads=threads,
            cursor=cursor,
            dialect=syntax,
        )
    if as_json:
        output.print_json(page_json(page))
    elif count:
        click.echo(page.total)
    else:
        _show(page)
    return 0 if page.hits else 1


def _refuse_options(query: tuple[str, ...]) -> None:
    """`-word` excludes a word, and click passes what it does not know; but `--word` is a typo."""
    for part in query:
        if part.startswith("--") and part[2:3].isalpha():
            from difflib import get_close_matches

            near = get_close_matches(part, [each.opts[0] for each in command.params], n=1)
            raise click.NoSuchOption(part, possibilities=near)


def _show(page: Page) -> None:
    now, columns = datetime.now().astimezone(), output.terminal_width()
    for hit in page.hits:
        for line in output.hit_lines(hit, now, columns):
            click.echo(line, color=True)
    if not page.hits:
        print("nothing found", file=sys.stderr)
        for other in page.suggestions:
            print(f"  did you mean: {output.printable(other)}", file=sys.stderr)
    elif page.more:
        more = f"there are more hits; --limit {10 * len(page.hits)} shows more of them"
        print(output.paint(more, output.DIM, stream=sys.stderr), file=sys.stderr)
    uncovered = output.coverage_line(page.coverage)
    if uncovered:
        print(uncovered, file=sys.stderr)
