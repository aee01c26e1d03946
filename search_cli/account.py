"""`mailseek account …`."""

from __future__ import annotations

from pathlib import Path

import click

from indexer import config_file
from indexer.settings import AccountSettings, load
from search_cli import output


@click.group("account")
def command() -> None:
    """Add, list, remove and test accounts; they are kept in config.toml."""


@command.command(
    "add",
    epilog="""\b
Examples:
  mailseek account add work --host imap.example.com --user ann@example.com \\
      --password-command 'pass show mail/work'
  mailseek account add home --host mail.example.org --user ann --password-env HOME_PASSWORD \\
      --exclude spam --exclude trash""",
)
@click.argument("name")
@click.option("--host", prompt="IMAP server", help="Host name of the IMAP server.")
@click.option("--user", prompt="User name", help="User name there, often the address.")
@click.option("--password-command", help="A command whose first line of output is the password.")
@click.option("--password-env", help="A variable that holds the password.")
@click.option("--password-keyring", help="A service name of the system's keyring.")
@click.option("--port", type=click.IntRange(1, 65535), help="993, or 143 with starttls.")
@click.option("--tls", type=click.Choice(["implicit", "starttls", "none"]))
@click.option("--tls-ca", type=click.Path(dir_okay=False), help="A certificate to trust besides.")
@click.option("--folder", "folders", multiple=True, help="Only folders like this one (glob).")
@click.option("--exclude", multiple=True, help="Not the folders of this role or glob.")
@click.pass_obj
def add(home: Path | None, /, name: str, **options: object) -> int:
    """Add an account. The password itself is never stored: only where to get it."""
    where = load(home).home
    if not any(options[key] for key in ("password_command", "password_env", "password_keyring")):
        options["password_command"] = click.prompt(
            "Command that prints the password (for example: pass show mail/work)"
        )
    keys = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in options.items()
        if value
    }
    config_file.add_account(where, name, keys)
    click.echo(f"added {name} to {where / 'config.toml'}")
    click.echo(f"next: mailseek account test {name}, then mailseek sync")
    return 0


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def list_(home: Path | None, as_json: bool) -> int:
    """List the configured accounts."""
    settings = load(home)
    if as_json:
        output.print_json({"accounts": [_as_json(each) for each in settings.accounts.values()]})
    elif settings.accounts:
        rows = [
            (
                each.name,
                f"{each.user} at {each.host}:{each.port}",
                each.tls,
                ", ".join(each.folders),
            )
            for each in settings.accounts.values()
        ]
        click.echo("\n".join(output.table([("NAME", "LOGIN", "TLS", "FOLDERS"), *rows])))
    else:
        click.echo("no account yet; add one with `mailseek account add`", err=True)
    return 0


@command.command("remove", epilog="Example: mailseek account remove work --yes")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(home: Path | None, name: str, yes: bool) -> int:
    """Remove an account and all that was fetched for it; nothing changes on the server."""
    from indexer.pipeline import forget

    settings = load(home)
    if not yes:
        click.confirm(f"Remove {name} and its part of catalog and index?", abort=True, err=True)
    config_file.remove_account(settings.home, name)
    forget(settings, name)
    click.echo(f"removed {name}")
    return 0


@command.command("test", epilog="Example: mailseek account test work")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def test(home: Path | None, name: str, as_json: bool) -> int:
    """Log in, measure what the server really does, and say what it offers and holds."""
    from indexer.imap.folders import list_folders
    from indexer.imap.servers import as_json as verdicts_as_json
    from indexer.pipeline import chosen
    from indexer.sync.link import measured

    settings = load(home)
    (account,) = chosen(settings, [name])
    with measured(settings.catalog_path, account) as (session, verdicts):
        folders = list_folders(session)
        how = (
            "QRESYNC"
            if session.qresync
            else "CONDSTORE"
            if session.condstore
            else "comparing UIDs and flags"
        )
        capabilities = sorted(session.capabilities)
    messages = sum(each.state.messages or 0 for each in folders if each.state)
    if as_json:
        output.print_json(
            {
                "account": name,
                "folders": len(folders),
                "messages": messages,
                "capabilities": capabilities,
                "server": verdicts_as_json(verdicts),
            }
        )
        return 0
    click.echo(f"{name}: logged in to {account.host}:{account.port} as {account.user}")
    click.echo(f"{len(folders)} folders, {messages} messages")
    click.echo(f"changes are followed by: {how}")
    for offer, verdict in verdicts_as_json(verdicts).items():
        if isinstance(verdict, bool):
            click.echo(f"{offer.replace('_', ' ')}: {'works' if verdict else 'does not work'}")
    click.echo(f"longest set of UIDs in a command: {verdicts.set_octets} octets")
    for why in verdicts.why:
        click.echo(f"not used: {why}")
    return 0


def _as_json(account: AccountSettings) -> dict[str, object]:
    return {
        "name": account.name,
        "host": account.host,
        "port": account.port,
        "tls": account.tls,
        "user": account.user,
        "folders": list(account.folders),
        "exclude": list(account.exclude),
        "on_delete": account.on_delete,
    }
