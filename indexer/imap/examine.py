"""Opening a folder read-only, and what the server tells of changes at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.imap import extensions
from indexer.imap.folders import FolderState, folder_state
from indexer.imap.session import Session, server_errors


@dataclass(frozen=True, slots=True)
class FlagState:
    """A message's flags as IMAP writes them, and its mod-sequence where there is one."""

    uid: int
    flags: frozenset[str]
    modseq: int | None


@dataclass(frozen=True, slots=True)
class Examined:
    """An open folder. `changed` and `vanished` are empty but for an EXAMINE with QRESYNC."""

    state: FolderState
    changed: tuple[FlagState, ...] = ()
    vanished: tuple[range, ...] = ()


def examine(session: Session, folder: str, known: tuple[int, int] | None = None) -> Examined:
    """EXAMINE a folder; with `known` (UIDVALIDITY, MODSEQ) and QRESYNC, changes since come along.

    EXAMINE and never SELECT: it takes not even the \\Recent flag away.
    Raises ServerGone, ProtocolError.
    """
    session.folder = ""
    with server_errors(f"account {session.account}, folder {folder}"):
        if known is not None and "QRESYNC" in session.enabled:
            parameter = f"(QRESYNC ({known[0]} {known[1]}))"
        else:
            parameter = "(CONDSTORE)" if session.has("CONDSTORE") else ""
        answers = extensions.examine(session, folder, parameter)
        state = folder_state(
            {
                "UIDVALIDITY": _number(answers, "UIDVALIDITY"),
                "UIDNEXT": _number(answers, "UIDNEXT"),
                "MESSAGES": _number(answers, "EXISTS"),
                "HIGHESTMODSEQ": _number(answers, "HIGHESTMODSEQ"),
            }
        )
        examined = Examined(
            state,
            changed=tuple(
                flag_state(uid, items)
                for uid, items in extensions.fetched(answers.get("FETCH", ())).items()
                if b"FLAGS" in items
            ),
            vanished=tuple(extensions.vanished(answers.get("VANISHED", ()))),
        )
    session.folder = folder
    return examined


def flag_state(uid: int, items: Mapping[bytes, Any]) -> FlagState:
    """Flags and mod-sequence out of one FETCH answer; \\Recent is the session's, not the message's."""
    flags = frozenset(
        (flag if isinstance(flag, bytes) else str(flag).encode()).decode("utf-8", "replace")
        for flag in items.get(b"FLAGS") or ()
    )
    modseq = items.get(b"MODSEQ")
    return FlagState(
        uid,
        frozenset(flag for flag in flags if flag.lower() != "\\recent"),
        modseq[0] if isinstance(modseq, tuple) and isinstance(modseq[0], int) else None,
    )


def _number(answers: Mapping[str, Any], name: str) -> int:
    """The last number that an untagged answer or a response code gave; 0 where there is none."""
    found = [value for value in answers.get(name, ()) if value]
    return int(found[-1]) if found and found[-1].isdigit() else 0
