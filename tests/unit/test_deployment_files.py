"""Procfile, docker-compose.yml and Dockerfile start what there is, as it wants to be started."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from search_cli.main import cli
from worker.queues import LONGEST_TASK, VISIBILITY

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


def commands() -> dict[str, list[str]]:
    """Every way in which `mailseek` is started, by where; variables stand for their defaults."""
    found = {
        f"compose {name}": [DEFAULT.sub(r"\1", str(word)) for word in service["command"]]
        for name, service in COMPOSE["services"].items()
        if str(service.get("image", "")).startswith("mailseek")
    }
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, _, command = line.partition(": ")
        if command.startswith("exec mailseek"):
            found[f"Procfile {name}"] = shlex.split(DEFAULT.sub(r"\1", command))[2:]
    return found


@pytest.mark.parametrize(("where", "command"), commands().items())
def test_every_command_is_one_that_mailseek_understands(where: str, command: list[str]) -> None:
    context = click.Context(cli)
    name, found, rest = cli.resolve_command(context, command)
    assert found is not None, where
    assert found.make_context(name, list(rest), parent=context, resilient_parsing=False)


def test_compose_brings_up_every_service() -> None:
    services = COMPOSE["services"]
    assert {"redis", "fetch", "index", "beat", "watch", "api", "flower", "demo"} <= set(services)
    assert services["flower"]["profiles"] == ["flower"]
    assert services["demo"]["profiles"] == ["demo"]
    assert all(service["restart"] == "unless-stopped" for service in services.values())


def test_a_service_that_is_stopped_may_finish_its_task() -> None:
    grace = int(COMPOSE["x-service"]["stop_grace_period"].removesuffix("s"))
    assert LONGEST_TASK < grace < VISIBILITY


def test_containers_run_without_privileges() -> None:
    service = COMPOSE["x-service"]
    assert (service["cap_drop"], service["read_only"]) == (["ALL"], True)
    last_user = [
        line for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("USER")
    ][-1]
    assert last_user == "USER mailseek"


def test_only_this_machine_reaches_a_published_port() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(str(port).startswith("127.0.0.1:") for port in ports)


def test_the_compose_client_accepts_the_file() -> None:
    for client in (["docker", "compose"], ["docker-compose"]):
        program = shutil.which(client[0])
        if program and not subprocess.run([*client, "version"], capture_output=True).returncode:
            break
    else:
        pytest.skip("there is no compose client here")
    checked = subprocess.run(
        [*client, "-f", str(ROOT / "docker-compose.yml"), "--profile", "demo", "--profile", "flower",
         "config", "-q"],
        capture_output=True, text=True, env={**os.environ, "PWD": str(ROOT)},
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
