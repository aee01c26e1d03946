"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from indexer import service_settings, settings
from indexer.extract import headers
from indexer.setting_values import LANGUAGES
from search_api.app import create_app
from search_cli.main import cli

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide.md").read_text()
PROSE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(
    group: click.Group = cli, path: str = "mailseek"
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_and_option_is_in_the_guide(name: str) -> None:
    command = dict(commands())[name]
    row = next((line for line in GUIDE.splitlines() if line.startswith(f"| `{name}")), "")

    assert row, f"{name} is missing"
    options = [option for each in command.params for option in each.opts if option[:2] == "--"]
    assert [option for option in options if option not in row] == []


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_help_and_those_with_arguments_an_example(name: str) -> None:
    command = dict(commands())[name]

    assert command.help
    if any(each.param_type_name == "argument" for each in command.params):
        assert "Example" in f"{command.epilog} {command.help}"


def test_every_setting_is_in_the_guide() -> None:
    table = "\n".join(line for line in GUIDE.splitlines() if line.startswith("| `"))

    for key in (*settings._ACCOUNT_KEYS, *service_settings.WORKER_KEYS):
        assert f"`{key}`" in table, key
    for key in settings._TOP_KEYS:
        assert re.search(rf"^\[?{key}\b", GUIDE, re.MULTILINE), key


def test_every_language_and_every_field_that_is_kept_is_in_the_guide() -> None:
    words = set(re.findall(r"[\w-]+", GUIDE.lower()))

    assert [each for each in (*LANGUAGES, *headers.KEPT) if each not in words] == []


def test_every_route_and_setting_of_the_api_is_in_its_page() -> None:
    page = (ROOT / "docs/api.md").read_text()
    document = create_app(settings.Settings(home=ROOT)).openapi()

    for path, operations in document["paths"].items():
        for method in operations:
            assert f"`{method.upper()} {path}`" in page, (method, path)
    for key in service_settings.API_KEYS:
        assert f"| `{key}` |" in page, key


def test_no_text_shows_a_command_that_is_not_there() -> None:
    known = {word for name, _ in commands() for word in name.split()[1:2]}
    for path in PROSE:
        shown = re.findall(r"```.*?```|`[^`]+`", path.read_text(), re.DOTALL)
        for command in re.findall(r"(?:^|`)mailseek ([a-z]+)", "\n".join(shown), re.MULTILINE):
            assert command in known, f"{path.name}: mailseek {command}"


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
        assert target.startswith("http") or (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_files_and_tests_that_are_named_exist(path: Path) -> None:
    tests = {each.stem: each.read_text() for each in (ROOT / "tests").rglob("test_*.py")}
    text = path.read_text()

    for name in re.findall(r"`((?:indexer|search_cli|tests|benchmarks|docs)/[\w./-]+)", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\btest_\w+", text):
        assert name in tests or any(f"def {name}(" in code for code in tests.values()), name
