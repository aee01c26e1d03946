"""What the catalog keeps under names that users gave it: read, and taken out by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from indexer.catalog.store import Catalog
from indexer.errors import ConfigError
from indexer.settings import load

Kept = TypeVar("Kept")


def listed(home: Path | None, read: Callable[[Catalog], Kept]) -> Kept | None:
    """What `read` finds in the catalog; None where there is no catalog yet."""
    settings = load(home)
    if not settings.catalog_path.exists():
        return None
    with Catalog.open(settings.catalog_path) as catalog:
        return read(catalog)


def remove(
    home: Path | None, name: str, taken_out: Callable[[Catalog, str], bool], what: str, group: str
) -> int:
    """Take one out and say so; `group` is the command that lists them. Raises ConfigError."""
    if not listed(home, lambda catalog: taken_out(catalog, name)):
        raise ConfigError(
            f"no {what} is called {name!r}", cure=f"`mailseek {group} list` names them"
        )
    click.echo(f"removed {name}")
    return 0
