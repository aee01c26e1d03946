"""`mailseek show`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from indexer.catalog import lookup
from indexer.catalog.lookup import Found
from indexer.catalog.store import Catalog
from indexer.errors import UsageError
from indexer.search.as_json import message_json
from indexer.settings import load
from search_cli import output

_WHOLE = 1 << 30  # octets of text: all of it


@click.command(
    "show",
    epilog="""\b
Examples:
  mailseek show 4711
  mailseek show 4711 --thread
  mailseek show 4711 --raw | less""",
)
@click.argument("document_id", metavar="ID", type=click.IntRange(1))
@click.option("--raw", is_flag=True, help="The message's source, fetched from the server now.")
@click.option("--thread", is_flag=True, help="All messages of its thread, the oldest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(home: Path | None, document_id: int, raw: bool, thread: bool, as_json: bool) -> int:
    """Show a message as text, by the ID that a search shows."""
    settings = load(home)
    if raw:
        from indexer.pipeline import source

        sys.stdout.buffer.write(source(settings, document_id))
        return 0
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        found = _messages(catalog, document_id, thread)
    if thread and as_json:
        messages = [message_json(each) for each in found]
        output.print_json({"thread_id": found[0].thread_id, "messages": messages})
    elif as_json:
        output.print_json(message_json(found[0]))
    else:
        for number, each in enumerate(found):
            if number:
                click.echo("\n" + output.paint("─" * min(output.terminal_width(), 78), output.DIM))
            _show(each)
    return 0


def _messages(catalog: Catalog, document_id: int, thread: bool) -> list[Found]:
    """The message, or all of its thread."""
    ids = [document_id]
    if thread:
        threads = lookup.threads_of(catalog, ids).values()
        ids = [*lookup.members_of(catalog, list(threads))]
    found = lookup.found(catalog, ids, text_limit=_WHOLE)
    if not found:
        raise UsageError(
            f"there is no message with id {document_id}",
            cure="ids are what `mailseek search` shows",
        )
    return sorted(found.values(), key=lambda each: (each.date, each.id))


def _show(found: Found) -> None:
    headers = found.headers
    date = datetime.fromtimestamp(found.date, UTC).astimezone()
    fields = {
        "From": ", ".join(map(str, headers.sender)),
        "To": ", ".join(map(str, headers.to)),
        "Cc": ", ".join(map(str, headers.cc)),
        "Date": f"{date:%a, %d %b %Y %H:%M %z}",
        "Subject": found.subject,
        "Folders": ", ".join(dict.fromkeys(place.folder for place in found.placements)),
        "Flags": " ".join(dict.fromkeys(flag for p in found.placements for flag in p.flags)),
        "Attached": ", ".join(
            f"{each.name or each.mime_type} ({output.human_size(each.size)})"
            for each in found.attachments
        ),
        "Kind": ", ".join(found.kinds),
        "Note": "; ".join(found.notes),
    }
    kept = [(name.title(), text) for name, text in headers.other]
    for name, value in (*fields.items(), *kept):
        if value:
            click.echo(
                f"{output.paint(f'{name}:', output.CYAN)} {output.printable(value)}", color=True
            )
    click.echo()
    for line in found.text.splitlines():
        click.echo(output.printable(line))
