"""`mailseek reindex`."""

from __future__ import annotations

from pathlib import Path

import click

from indexer import pipeline
from indexer.settings import load
from search_cli.progress import ProgressDisplay


@click.command("reindex", epilog="Example: mailseek reindex")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_obj
def command(home: Path | None, quiet: bool) -> int:
    """Build the index again from what was fetched; the server is not needed.

    May be interrupted: the next sync or reindex goes on.
    """
    with ProgressDisplay(quiet=quiet) as progress:
        total = pipeline.reindex(load(home), progress)
    click.echo(f"indexed {total} messages")
    return 0
