"""`mailseek`: finds the command, and turns errors into one line with its cure and an exit status.

Exit status: 0 done (a search: hits), 1 a search without hits or a check that found differences, 2 a
wrong query or configuration, 3 a server, the catalog or the index is unavailable, 130 interrupted.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from pathlib import Path

import click

from indexer import __version__
from indexer.errors import MailseekError, QueryError

# Command → (module, its line in the help): the help is shown without importing any of them.
_COMMANDS = {
    "demo": ("demo.story", "Try it: a local server, a generated mailbox, a sync, searches."),
    "account": ("account", "Add, list, remove and test accounts."),
    "sync": ("sync", "Fetch what changed and make it searchable."),
    "search": ("search", "Find messages, the newest first."),
    "why": ("why", "Say why a message matches a query, or why not."),
    "complete": ("complete", "Say what a query could go on with."),
    "saved": ("saved", "Give queries names."),
    "show": ("show", "Show a message."),
    "status": ("status", "What is there, what is indexed, what waits."),
    "verify": ("verify", "Compare with the server and the index."),
    "reindex": ("reindex", "Build the index again, without the network."),
    "serve": ("serve", "Serve the HTTP API."),
    "mcp": ("mcp", "Let a language model search and read mail (MCP)."),
    "token": ("token", "Who may use the HTTP API, and for what."),
    "worker": ("worker", "Background service: does what is in the queues."),
    "beat": ("beat", "Background service: sends what is due."),
    "watch": ("watch", "Background service: listens to servers for new mail."),
    "queue": ("queue", "What workers gave up; have it tried again."),
    "completion": ("completion", "Print the completion script for a shell."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        gc.disable()  # nothing of what is imported is to be collected: 4 ms of a search
        try:
            module = importlib.import_module(f"search_cli.{_COMMANDS[cmd_name][0]}")
        finally:
            gc.enable()
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else " `mailseek --help` lists them."
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: mailseek search 'from:ann subject:report after:2024'",
)
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where config.toml and all data are (else MAILSEEK_HOME, else the platform's place).",
)
@click.option(
    "--debug", is_flag=True, help="Show tracebacks, and log what happens to standard error."
)
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
@click.version_option(__version__, prog_name="mailseek")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, debug: bool, no_color: bool) -> None:
    """Search your IMAP mail at once: a local index that follows the server."""
    ctx.obj = home
    if no_color:
        os.environ["NO_COLOR"] = "1"
    if debug:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")


def main() -> None:
    """The console script."""
    try:
        status = cli.main(prog_name="mailseek", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        status = _interrupted()
    except KeyboardInterrupt:
        status = _interrupted()
    except click.ClickException as error:
        error.show()
        status = 2
    except BrokenPipeError:
        # Whoever read us has seen enough (`| head`); the interpreter must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except MailseekError as error:
        if "--debug" in sys.argv:
            raise
        _complain(error)
        status = error.exit_status
    except OSError as error:
        if "--debug" in sys.argv:
            raise
        _say(f"mailseek: {error.strerror or error}: {error.filename or ''}".rstrip(": "))
        _say("  hint: check free space and permissions; nothing that was committed is lost")
        status = 3
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        _say(f"mailseek: a bug of mailseek's: {type(error).__name__}")
        _say("  hint: run the command again as `mailseek --debug …` and report what it shows")
        status = 3
    gc.freeze()  # the system takes it all at once; to go through it first is 10 ms of a search
    sys.exit(status if isinstance(status, int) else 0)


def _interrupted() -> int:
    _say("\nmailseek: interrupted; what was committed stays, run it again to go on")
    return 130


def _complain(error: MailseekError) -> None:
    _say(f"mailseek: {error}")
    if isinstance(error, QueryError):
        _point_at(error)
    if error.cure:
        _say(f"  hint: {error.cure}")


def _point_at(error: QueryError) -> None:
    """The query with a line of carets below what is wrong, cut to the terminal's width."""
    from search_cli.output import cells, printable, terminal_width

    width = max(terminal_width() - 4, 20)
    first = max(0, error.position + min(error.length, 10) - width + 1)
    shown = printable(error.query[first : first + width])
    before = cells(printable(error.query[first : error.position]))
    marked = printable(error.query[error.position : error.position + error.length])
    _say(f"    {shown}")
    _say("    " + " " * before + "^" * max(1, min(cells(marked), width - before)))


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
