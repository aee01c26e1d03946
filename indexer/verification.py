"""Does the catalog say what the server says, and the index what the catalog says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from indexer.catalog import lookup
from indexer.catalog.store import Catalog
from indexer.index.engine import Partition
from indexer.index.whoosh_engine import WhooshEngine
from indexer.pipeline import chosen
from indexer.settings import Settings, password


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be."""

    account: str
    place: str
    kind: Literal["missing", "surplus", "flags", "not indexed", "indexed in vain", "order", "folder"]
    detail: str
