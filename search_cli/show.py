"""`mailseek show`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from indexer.catalog import lookup
from indexer.catalog.lookup import Found
from indexer.catalog.store import Catalog
from indexer.errors import ConfigError
from indexer.settings import load
from search_cli import output

_WHOLE = 1 << 30  # octets of text: all of it


@click.command(
    "show",
    epilog="""\b
Examples:
  mailseek show 4711
  mailseek show 4711 --raw | less""",
)
@click.argument("document_id", metavar="ID", type=click.IntRange(1))
@click.option("--raw", is_flag=True, help="The message's source, fetched from the server now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(home: Path | None, document_id: int, raw: bool, as_json: bool) -> int:
    """Show a message as text, by the ID that a search shows."""
    settings = load(home)
    if raw:
        from indexer.pipeline import source

        sys.stdout.buffer.write(source(settings, document_id))
        return 0
    with Catalog.open(settings.catalog_path, read_only=True) as catalog:
        found = lookup.found(catalog, [document_id], text_limit=_WHOLE).get(document_id)
    if found is None:
        raise ConfigError(
            f"there is no message with id {document_id}",
            cure="ids are what `mailseek search` shows",
        )
    if as_json:
        output.print_json(_as_json(found))
    else:
        _show(found)
    return 0


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


def _as_json(found: Found) -> dict[str, object]:
    headers = found.headers
    kept: dict[str, list[str]] = {}
    for name, text in headers.other:
        kept.setdefault(name, []).append(text)
    return {
        "id": found.id,
        "account": found.account,
        "message_id": found.message_id,
        "thread_id": found.thread_id,
        "date": datetime.fromtimestamp(found.date, UTC).isoformat().replace("+00:00", "Z"),
        "from": [str(each) for each in headers.sender],
        "to": [str(each) for each in headers.to],
        "cc": [str(each) for each in headers.cc],
        "subject": found.subject,
        "references": list(headers.references),
        "placements": [
            {"folder": place.folder, "uid": place.uid, "flags": list(place.flags)}
            for place in found.placements
        ],
        "attachments": [
            {"name": each.name, "type": each.mime_type, "size": each.size}
            for each in found.attachments
        ],
        "size": found.size,
        "kinds": list(found.kinds),
        "headers": kept,
        "notes": list(found.notes),
        "text": found.text,
    }
