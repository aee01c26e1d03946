"""`mailseek sync`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from indexer import pipeline
from indexer.settings import load
from indexer.sync.account import SyncReport
from search_cli import output
from search_cli.progress import ProgressDisplay


@click.command(
    "sync",
    epilog="""\b
Examples:
  mailseek sync
  mailseek sync work --quiet
  mailseek sync --watch                  until ^C: new mail is searchable at once""",
)
@click.argument("accounts", nargs=-1)
@click.option("--watch", is_flag=True, help="Go on until ^C, told by the server what changes.")
@click.option("--retry-failed", is_flag=True, help="Ask again for messages that were given up.")
@click.option("--quiet", is_flag=True, help="No progress and no report; errors are shown.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(
    home: Path | None,
    accounts: tuple[str, ...],
    watch: bool,
    retry_failed: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Fetch what changed on the server and make it searchable.

    Safe to interrupt at any time; the next run goes on where it stopped. Exit status 3 where an
    account failed; the others were synced all the same.
    """
    settings = load(home)
    if retry_failed:
        pipeline.retry_failed(settings, accounts)
    with ProgressDisplay(quiet=quiet) as progress:
        outcomes = pipeline.sync(settings, accounts, progress)
    status = _report(outcomes, quiet=quiet, as_json=as_json)
    if watch:
        from search_cli import watching

        watching.watch(
            settings, accounts, lambda told: _report(told, quiet=quiet, as_json=as_json, news=True)
        )
    return status


def _report(
    outcomes: Sequence[pipeline.Outcome], *, quiet: bool, as_json: bool, news: bool = False
) -> int:
    """Say what became of each account, with `news` only where something did; the exit status."""
    if news:
        outcomes = [each for each in outcomes if each.report is None or _has_news(each.report)]
    if as_json and (outcomes or not news):
        output.print_json({"accounts": [_as_json(outcome) for outcome in outcomes]})
        sys.stdout.flush()
    status = 0
    for outcome in outcomes:
        if outcome.error is not None:
            if "--debug" in sys.argv:
                raise outcome.error
            print(f"mailseek: {outcome.error}", file=sys.stderr)
            if outcome.error.cure:
                print(f"  hint: {outcome.error.cure}", file=sys.stderr)
            status = max(status, outcome.error.exit_status)
        elif outcome.report is not None and not quiet and not as_json:
            click.echo(summary(outcome.report))
    return status


def _has_news(report: SyncReport) -> bool:
    return bool(report.changed_folders or report.removed or report.problems)


def summary(report: SyncReport) -> str:
    """A pass in one line."""
    changes = [
        f"{count} {what}"
        for count, what in (
            (report.new, "new"),
            (report.flags, "with changed flags"),
            (report.vanished, "gone from a folder"),
            (report.missing, "not given by the server"),
        )
        if count
    ]
    traffic = report.traffic
    return (
        f"{report.account}: {', '.join(changes) or 'nothing changed'} in {report.folders} folders"
        f" ({output.human_size(traffic.received)} read, {traffic.commands} round trips,"
        f" {report.seconds:.1f} s)"
    )


def _as_json(outcome: pipeline.Outcome) -> dict[str, object]:
    report, error = outcome.report, outcome.error
    if report is None:
        return {
            "account": outcome.account,
            "error": str(error),
            "hint": error.cure if error else "",
        }
    return {
        "account": outcome.account,
        "error": None,
        "folders": report.folders,
        "changed_folders": report.changed_folders,
        "new": report.new,
        "bodies": report.bodies,
        "vanished": report.vanished,
        "removed": report.removed,
        "flags": report.flags,
        "missing": report.missing,
        "bytes_received": report.traffic.received,
        "bytes_sent": report.traffic.sent,
        "round_trips": report.traffic.commands,
        "seconds": round(report.seconds, 3),
    }
