"""`mailseek token …`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from indexer.catalog import names, tokens
from indexer.catalog.store import Catalog
from indexer.catalog.tokens import Token
from indexer.errors import ConfigError
from indexer.settings import Settings, load
from search_cli import named, output

_LIFETIME = re.compile(r"(\d{1,4})([hdwmy])")
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}
_LONGEST = timedelta(days=36_500)


@click.group("token", epilog="Example: mailseek token create app --scope search,read")
def command() -> None:
    """Who may use the HTTP API, for what, and what mail they reach."""


@command.command(
    "create",
    epilog="""\b
Examples:
  mailseek token create app
  mailseek token create support --accounts work --filter 'list:support' --expires 90d
  mailseek token create operator --scope admin""",
)
@click.argument("name")
@click.option("--accounts", default="", help="Only these, with commas between them.")
@click.option(
    "--scope", default="search,read", show_default=True, help="Of search, read and admin."
)
@click.option("--filter", "filter_", default="", help="Only messages that match this query.")
@click.option("--expires", default="", help="After a time such as 12h, 90d, 6m or 1y.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def create(
    home: Path | None,
    name: str,
    accounts: str,
    scope: str,
    filter_: str,
    expires: str,
    as_json: bool,
) -> int:
    """Make a token. It is shown now and never again: only a hash of it is kept."""
    from indexer.search.opening import searcher

    settings = load(home)
    some = [each.strip() for each in accounts.split(",") if each.strip()]
    with Catalog.open(settings.catalog_path) as catalog:
        _check_accounts(settings, catalog, some)
        if filter_:
            searcher(settings, catalog).parsed(filter_)
        token, secret = tokens.create(
            catalog,
            name,
            scopes={each.strip() for each in scope.split(",") if each.strip()},
            accounts=some,
            filter=filter_,
            lifetime=_lifetime(expires) if expires else None,
        )
    if as_json:
        output.print_json({**_as_json(token), "token": secret})
        return 0
    click.echo(secret)
    click.echo("keep it: it is not shown again", err=True)
    return 0


@command.command("list", epilog="Example: mailseek token list --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def list_(home: Path | None, as_json: bool) -> int:
    """List the tokens: what they reach, until when, and when they were used last (to the hour)."""
    found = named.listed(home, tokens.listed) or []
    if as_json:
        output.print_json({"tokens": [_as_json(each) for each in found]})
    elif found:
        rows = [
            (
                each.name,
                ",".join(sorted(each.scopes)),
                ",".join(each.accounts) or "all",
                output.printable(each.filter) or "none",
                _day(each.expires),
                _day(each.last_used),
            )
            for each in found
        ]
        head = ("NAME", "SCOPE", "ACCOUNTS", "FILTER", "EXPIRES", "LAST USED")
        click.echo("\n".join(output.table([head, *rows])))
    else:
        click.echo("no token yet: mailseek token create NAME", err=True)
    return 0


@command.command("remove", epilog="Example: mailseek token remove app")
@click.argument("name")
@click.pass_obj
def remove(home: Path | None, name: str) -> int:
    """Remove a token; from now on it is good for nothing."""
    return named.remove(home, name, tokens.remove, "token", "token")


def _check_accounts(settings: Settings, catalog: Catalog, some: list[str]) -> None:
    known = {*settings.accounts, *names.accounts(catalog)}
    for account in some:
        if account not in known:
            raise ConfigError(
                f"no account is called {account!r}",
                where="--accounts",
                cure="known: " + ", ".join(sorted(known)),
            )


def _lifetime(text: str) -> timedelta:
    match = _LIFETIME.fullmatch(text)
    lifetime = int(match[1]) * _UNITS[match[2]] if match else timedelta()
    if not timedelta() < lifetime <= _LONGEST:
        raise ConfigError(
            f"{text!r} is no time", where="--expires", cure="write 12h, 90d, 8w, 6m or 1y"
        )
    return lifetime


def _as_json(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": sorted(token.scopes),
        "accounts": list(token.accounts),
        "filter": token.filter,
        "created": _moment(token.created),
        "expires": _moment(token.expires),
        "last_used": _moment(token.last_used),
        "expired": token.expires is not None and token.expires <= datetime.now(UTC),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d}" if moment else "never"
