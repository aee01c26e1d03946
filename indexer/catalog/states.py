"""Parts of a query that the catalog answers: folders, flags, accounts, dates, sizes, attachments.

What changes all the time (folders, flags) is nowhere but here, so a query's states become ids that
the searcher joins with the index; a query of nothing else is answered here alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from indexer.catalog.schema import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from indexer.catalog.store import Catalog
from indexer.errors import QueryError
from indexer.imap.labels import LABEL, label_word
from indexer.query import syntax

_BITS = {"flagged": FLAGGED, "answered": ANSWERED, "draft": DRAFT, "deleted": DELETED}
_MOST_LEAVES, _DEEPEST = 100, 20  # of a query that becomes one SQL expression
_ROLES = {"inbox", "sent", "drafts", "trash", "spam", "archive", "all"}


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL expression over `document` and its parameters."""

    sql: str
    parameters: tuple[object, ...] = ()


class UnknownName(Exception):
    """A folder or account that no catalog row has; `known` are the names that exist."""

    def __init__(self, kind: str, name: str, span: syntax.Span, known: list[str]) -> None:
        super().__init__(name)
        self.kind, self.name, self.span, self.known = kind, name, span, known

    def in_query(self, text: str, otherwise: str = "run `mailseek sync` first") -> QueryError:
        """The same as an error that points into the query's text; `otherwise` is the cure where
        there are no names at all."""
        near = get_close_matches(self.name, self.known, n=1, cutoff=0.5)
        cure = f"did you mean {near[0]}?" if near else "known: " + ", ".join(self.known[:8])
        start, end = self.span
        return QueryError(
            f"no {self.kind} is called {self.name!r}",
            query=text,
            position=start,
            length=max(end - start, 1),
            cure=cure if self.known else otherwise,
        )


def catalog_only(query: syntax.Node) -> bool:
    """Whether the catalog can answer a query without the index.

    One with very many parts goes to the index all the same, which joins sets of ids: SQLite takes
    expressions of a limited depth.
    """
    leaves = list(_leaves(query, 0))
    return len(leaves) <= _MOST_LEAVES and all(
        depth <= _DEEPEST and not isinstance(leaf, syntax.Words) for leaf, depth in leaves
    )


def condition(catalog: Catalog, query: syntax.Node) -> Condition:
    """A query for which `catalog_only` holds, as SQL. Raises UnknownName."""
    match query:
        case syntax.And(parts):
            return _joined(catalog, parts, " AND ")
        case syntax.Or(parts):
            return _joined(catalog, parts, " OR ")
        case syntax.Not(part):
            inner = condition(catalog, part)
            return Condition(f"NOT {inner.sql}", inner.parameters)
        case syntax.In(folder, span):
            return _in_folder(catalog, folder, span)
        case syntax.Is(state):
            return _is(state)
        case syntax.Account(name, span):
            return _in_account(catalog, name, span)
        case syntax.Keyword(name):
            if not name:
                return _placed("keywords <> ''")
            return _placed("instr(lower(keywords), ?)", (f" {name} ",))
        case syntax.MailingList(text):
            list_id = "coalesce(json_extract(document.headers, '$.list_id'), '')"
            test = f"(instr(lower({list_id}), ?))" if text else f"({list_id} <> '')"
            return Condition(test, (text,) if text else ())
        case syntax.AttachmentType(text):
            return _of_type(text)
        case syntax.MessageId(text):
            return Condition("(document.message_id = ?)", (text,))
        case syntax.InThreads(ids):
            wanted = "(SELECT value FROM json_each(?))"
            return Condition(f"(document.thread_id IN {wanted})", (json.dumps(sorted(ids)),))
        case syntax.Received(start, end):
            return _between(
                "document.received",
                int(start.timestamp()) if start else None,
                int(end.timestamp()) - 1 if end else None,
            )
        case syntax.HasAttachment():
            return Condition("(document.attachments <> '')")
        case syntax.DateRange(start, end):
            return _between(
                "document.date",
                int(start.timestamp()) if start else None,
                int(end.timestamp()) - 1 if end else None,
            )
        case syntax.SizeRange(least, most):
            return _between("document.size", least, most)
        case _:
            return Condition("1")


def check(catalog: Catalog, query: syntax.Node) -> None:
    """Raises UnknownName for the first folder or account of the query that does not exist."""
    for leaf, _ in _leaves(query, 0):
        if isinstance(leaf, syntax.In | syntax.Account):
            condition(catalog, leaf)


def ids_in(catalog: Catalog, state: syntax.Node, account_id: int, partition: str) -> frozenset[int]:
    """The documents of one partition that are in a state."""
    where = condition(catalog, state)
    rows = catalog.connection.execute(
        f"SELECT id FROM document WHERE account_id = ? AND partition = ? AND {where.sql}",
        (account_id, partition, *where.parameters),
    )
    return frozenset(id_ for (id_,) in rows)


def newest(catalog: Catalog, query: syntax.Node) -> Iterator[tuple[int, int]]:
    """(date, id) of the documents that match, newest first, read as far as they are consumed."""
    where = condition(catalog, query)
    return iter(
        catalog.connection.execute(
            f"SELECT date, id FROM document WHERE {where.sql} ORDER BY date DESC, id DESC",
            where.parameters,
        )
    )


def count(catalog: Catalog, query: syntax.Node) -> int:
    """How many documents match."""
    where = condition(catalog, query)
    (total,) = catalog.connection.execute(
        f"SELECT count(*) FROM document WHERE {where.sql}", where.parameters
    ).fetchone()
    return int(total)


def _leaves(query: syntax.Node, depth: int) -> Iterator[tuple[syntax.Node, int]]:
    """Every leaf, and how deep it is in the tree."""
    match query:
        case syntax.And(parts) | syntax.Or(parts):
            for part in parts:
                yield from _leaves(part, depth + 1)
        case syntax.Not(part) | syntax.ThreadOf(part):
            yield from _leaves(part, depth + 1)
        case _:
            yield query, depth


def _joined(catalog: Catalog, parts: tuple[syntax.Node, ...], operator: str) -> Condition:
    each = [condition(catalog, part) for part in parts]
    return Condition(
        "(" + operator.join(part.sql for part in each) + ")",
        tuple(parameter for part in each for parameter in part.parameters),
    )


def _placed(test: str, parameters: tuple[object, ...] = ()) -> Condition:
    """Some placement of the document passes a test."""
    return Condition(
        f"EXISTS (SELECT 1 FROM placement WHERE document_id = document.id AND {test})", parameters
    )


def _is(state: str) -> Condition:
    """`unread`: unread in some folder. `read` is its opposite, the others: so in some folder."""
    if state == "unread":
        return _placed(f"flags & {SEEN} = 0")
    if state == "read":
        return Condition(f"NOT {_is('unread').sql}")
    if state in _BITS:
        return _placed(f"flags & {_BITS[state]} <> 0")
    return _placed("instr(lower(keywords), ?)", (f" {state.lower()} ",))


def _of_type(text: str) -> Condition:
    """`application/pdf`, `image/*`, or a part of a type's name."""
    escaped = re.sub(r"([%_\\])", r"\\\1", text)
    pattern = escaped.replace("*", "%") if "/" in text else f"%{escaped}%"
    attachments = "json_each(iif(document.attachments = '', '[]', document.attachments))"
    test = f"SELECT 1 FROM {attachments} WHERE json_extract(value, '$[1]') LIKE ? ESCAPE '\\'"
    return Condition(f"(EXISTS ({test}))", (pattern,))


def _in_folder(catalog: Catalog, wanted: str, span: syntax.Span) -> Condition:
    """By role; else by name, `/` standing for the delimiter; else by the name's last part."""
    name = wanted.casefold()
    if name == "anywhere":
        return Condition("1")
    folders = [
        (id_, role, path.casefold(), path)
        for id_, role, path in catalog.connection.execute(
            "SELECT id, role, replace(name, delimiter, '/') FROM folder"
        )
    ]
    if name in _ROLES and any(role == name for _, role, _, _ in folders):
        found = [id_ for id_, role, _, _ in folders if role == name]
    else:
        # An exact name first: `[Gmail]/Sent Mail` would be a glob otherwise.
        found = [id_ for id_, _, path, _ in folders if path == name]
    if not found and any(letter in name for letter in "*?"):
        found = [id_ for id_, _, path, _ in folders if fnmatchcase(path, name)]
    elif not found:
        found = [id_ for id_, _, path, _ in folders if path.rpartition("/")[2] == name]
        if not found and (labelled := _labelled(catalog, name)):
            return labelled
        if not found and name not in _ROLES:
            raise UnknownName("folder", wanted, span, sorted({path for *_, path in folders}))
    marks = ", ".join("?" * len(found))
    return _placed(f"folder_id IN ({marks})", tuple(found))


def _labelled(catalog: Catalog, name: str) -> Condition | None:
    """Messages with a label of Gmail's, its own ones (\\Important) also without the backslash."""
    words = [f" {LABEL}{before}{label_word(name)} ".lower() for before in ("", "\\")]
    test = "(instr(lower(keywords), ?) OR instr(lower(keywords), ?))"
    there = catalog.connection.execute(f"SELECT 1 FROM placement WHERE {test} LIMIT 1", words)
    return _placed(test, tuple(words)) if there.fetchone() else None


def _in_account(catalog: Catalog, name: str, span: syntax.Span) -> Condition:
    accounts = dict(catalog.connection.execute("SELECT name, id FROM account"))
    if name not in accounts:
        raise UnknownName("account", name, span, sorted(accounts))
    return Condition("(document.account_id = ?)", (accounts[name],))


def _between(column: str, least: int | None, most: int | None) -> Condition:
    tests = [("<=", least), (">=", most)]
    kept = [(sign, bound) for sign, bound in tests if bound is not None]
    if not kept:
        return Condition("1")
    sql = " AND ".join(f"? {sign} {column}" for sign, _ in kept)
    return Condition(f"({sql})", tuple(bound for _, bound in kept))
