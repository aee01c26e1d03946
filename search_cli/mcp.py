"""`mailseek mcp`."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from indexer.errors import ConfigError
from indexer.query.parser import parse
from indexer.search.resolving import Scope
from indexer.settings import Settings, load


@click.command(
    "mcp",
    epilog="""\b
Examples (a client starts it; docs/mcp.md has the configuration of some):
  mailseek mcp
  mailseek mcp --accounts work --filter 'in:support after:2024'""",
)
@click.option("--accounts", metavar="A,B", help="Only these accounts can be seen.")
@click.option("--filter", "query", metavar="QUERY", help="Only messages that match can be seen.")
@click.pass_obj
def command(home: Path | None, accounts: str | None, query: str | None) -> int:
    """Let a language model search and read mail: a read-only MCP server on standard input and output.

    Tools: search, message, thread, explain_query, accounts. What stands in mail is marked as
    untrusted in every answer.
    """
    settings = load(home)
    scope = Scope(_accounts(settings, accounts), _filter(query))
    try:
        from search_cli.mcp_server import serve
    except ImportError as error:
        raise ConfigError(
            "the MCP server is not installed", cure="pip install 'mailseek[mcp]'"
        ) from error
    if sys.stdin.isatty():
        click.echo("this speaks MCP on standard input and output; ^C ends it", err=True)
    # Standard input is read by a thread that waits in the kernel, and would be waited for. Nothing
    # is written here, so ^C may end everything at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(settings, scope)
    return 0


def _accounts(settings: Settings, names: str | None) -> tuple[str, ...]:
    """An empty list is refused: it would be everything, and a variable may have been empty."""
    if names is None:
        return ()
    found = tuple(dict.fromkeys(name.strip() for name in names.split(",")))
    for name in found:
        if name not in settings.accounts:
            raise ConfigError(
                f"there is no account {name!r}",
                where="--accounts",
                cure="`mailseek account list` lists them",
            )
    return found


def _filter(query: str | None) -> str:
    """Checked as far as it can be without a catalog. Raises QueryError, ConfigError."""
    if query is None:
        return ""
    if not query.strip():
        raise ConfigError(
            "an empty filter would let everything be seen",
            where="--filter",
            cure="write a query, or leave the option away",
        )
    parse(query, now=datetime.now(UTC), zone=UTC)  # days do not matter to whether it is one
    return query
