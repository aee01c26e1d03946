"""`mailseek worker`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from search_cli import services
from worker.queues import QUEUES


@click.command(
    "worker",
    epilog="""\b
Examples:
  mailseek worker                        all kinds of work, a process for each core
  mailseek worker -q sync,fetch -p 8     waits for servers: more processes than cores
  mailseek worker -q index -p 2          computes: as many as cores""",
)
@click.option(
    "-q",
    "--queues",
    default=",".join(QUEUES),
    show_default=True,
    help="Kinds of work: sync and fetch wait for servers, index computes.",
)
@click.option("-p", "--processes", type=click.IntRange(1, 256), help="How many (else one a core).")
@click.option("--name", help="Tells workers on one machine apart (else their process id).")
@services.metrics_option
@click.pass_obj
def command(
    home: Path | None,
    queues: str,
    processes: int | None,
    name: str | None,
    metrics: tuple[str, int] | None,
) -> int:
    """Do what is in the queues, until ended: fetch mail, index it.

    SIGTERM lets the tasks at work finish; whatever ends it, nothing is lost.
    """
    unknown = set(queues.split(",")) - set(QUEUES)
    if unknown:
        raise click.BadParameter(f"{sorted(unknown)[0]!r} is none of {', '.join(QUEUES)}")
    settings, _ = services.app(home)
    from worker import broker, guard, logs

    logs.configure()
    services.serve_metrics(settings, metrics)
    command_line = guard.command(queues, processes or os.cpu_count() or 1, name or str(os.getpid()))
    return guard.Guard(command_line, queues.split(","), broker.client(settings)).run()
