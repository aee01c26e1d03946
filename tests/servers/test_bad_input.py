"""What goes wrong gives one clear line with its cure and an exit status, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalog.overview import overview
from indexer.catalog.store import Catalog
from search_cli.demo import filling
from search_cli.demo.mailbox import messages
from search_cli.demo.server import RunningServer, free_port
from tests.servers import certificates
from tests.servers.commands import MAILSEEK, configure, mailseek, run
from tests.servers.conftest import PASSWORD_VARIABLE, Mailbox, mailbox_on
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.dovecot
NOW = datetime(2026, 11, 1, tzinfo=UTC)
UNAVAILABLE, WRONG = 3, 2


def complaint(done: subprocess.CompletedProcess[str], status: int) -> tuple[str, str]:
    """(what happened, its cure), after checking that it is all that was said."""
    said = done.stderr.splitlines()
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert len(said) == 2, done.stderr
    assert said[0].startswith("mailseek: ")
    assert said[1].startswith("  hint: ")
    return said[0], said[1]


def held(mailbox: Mailbox) -> int:
    """Messages in the catalog."""
    with Catalog.open(mailbox.settings.catalog_path, read_only=True) as catalog:
        return sum(account.messages for account in overview(catalog))


def assert_goes_on(mailbox: Mailbox, count: int) -> None:
    """Whatever happened: the next sync ends with all mail searchable."""
    assert mailseek(mailbox.settings, "sync").returncode == 0
    verified = mailseek(mailbox.settings, "verify")
    assert verified.returncode == 0, verified.stdout
    assert held(mailbox) == count
    assert mailseek(mailbox.settings, "search", "--count", "").stdout.strip() == str(count)


def test_a_wrong_password(mailbox: Mailbox) -> None:
    configure(mailbox)

    done = mailseek(mailbox.settings, "sync", **{PASSWORD_VARIABLE: "wrong-secret"})

    happened, cure = complaint(done, UNAVAILABLE)
    assert "refuses this user or password" in happened
    assert "app password" in cure
    assert "wrong-secret" not in done.stderr
    assert "wrong-secret" not in mailbox.settings.catalog_path.read_bytes().decode("latin-1")


def test_a_password_that_is_not_there(mailbox: Mailbox) -> None:
    configure(mailbox, password_env="MAILSEEK_TEST_UNSET")

    happened, cure = complaint(mailseek(mailbox.settings, "sync"), WRONG)

    assert "MAILSEEK_TEST_UNSET" in happened + cure


def test_an_unknown_host(mailbox: Mailbox) -> None:
    configure(mailbox, host="imap.nowhere.invalid", tls="implicit")

    happened, cure = complaint(mailseek(mailbox.settings, "sync"), UNAVAILABLE)

    assert "imap.nowhere.invalid" in happened
    assert "host" in cure


def test_a_refused_connection(mailbox: Mailbox) -> None:
    configure(mailbox, port=free_port())

    happened, cure = complaint(mailseek(mailbox.settings, "sync"), UNAVAILABLE)

    assert "nobody listens" in happened
    assert "port" in cure


def test_an_expired_certificate(
    start_dovecot: Callable[..., RunningServer], server_root: Path, tmp_path: Path
) -> None:
    certificate, key = certificates.make(server_root / "expired", expired=True)
    mailbox = mailbox_on(start_dovecot(certificate=certificate, key=key), tmp_path / "home")
    configure(mailbox, tls="implicit", port=mailbox.server.tls_port, tls_ca=str(certificate))

    happened, cure = complaint(mailseek(mailbox.settings, "sync"), UNAVAILABLE)

    assert "expired" in happened
    assert "renew" in cure


@pytest.mark.parametrize("octets", [2_000, 60_000, 250_000])
def test_a_server_that_goes_in_the_middle(mailbox: Mailbox, octets: int) -> None:
    filling.fill(mailbox.log_in(), messages(NOW, 300))
    with Proxy(mailbox.server.port, cut_after=octets) as proxy:
        configure(mailbox, port=proxy.port)
        happened, cure = complaint(mailseek(mailbox.settings, "sync"), UNAVAILABLE)
    assert "connection" in happened
    assert "again" in cure

    configure(mailbox, port=mailbox.server.port)
    assert_goes_on(mailbox, 300)


def test_a_disk_that_is_full(mailbox: Mailbox) -> None:
    """On a file system of its own where this may be mounted; else by a limit on a file's size."""
    filling.fill(mailbox.log_in(), messages(NOW, 400))
    config = configure(mailbox)
    home = mailbox.settings.home
    sync = " ".join([*MAILSEEK, "--home", str(home)])
    if _may_mount():
        kept = shutil.copy(config, home.parent)
        script = (
            f"mount -t tmpfs -o size=1300k tmpfs {home} && cp {kept} {home} && {sync} sync; s=$?;"
            f" mount -o remount,size=64m {home} && cp -r {home} {home}-after; exit $s"
        )
        done = run(["unshare", "-m", "sh", "-c", script])
        shutil.rmtree(home)
        Path(f"{home}-after").rename(home)
    else:
        done = run(["sh", "-c", f"ulimit -f 600; {sync} sync"])

    happened, cure = complaint(done, UNAVAILABLE)

    assert "Traceback" not in happened
    assert "space" in cure
    assert_goes_on(mailbox, 400)


def _may_mount() -> bool:
    tried = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


def test_a_home_that_is_read_only(mailbox: Mailbox) -> None:
    configure(mailbox)
    home = mailbox.settings.home
    sync = [*MAILSEEK, "--home", str(home), "sync"]
    if _may_mount():
        mount = f"mount --bind {home} {home} && mount -o remount,ro,bind {home}"
        done = run(["unshare", "-m", "sh", "-c", f'{mount} && "$@"', "-", *sync])
    elif os.geteuid() != 0:
        home.chmod(0o500)
        done = run(sync)
        home.chmod(0o700)
    else:
        pytest.skip("root may write everywhere, and may not mount here")

    happened, cure = complaint(done, UNAVAILABLE)

    assert str(home) in happened
    assert "permissions" in cure


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    """Below a file, which not even root can write to."""
    (tmp_path / "file").touch()

    done = run([*MAILSEEK, "--home", str(tmp_path / "file" / "home"), "search", "x"])

    happened, cure = complaint(done, WRONG)
    assert str(tmp_path / "file") in happened
    assert "permissions" in cure


def test_a_key_of_the_configuration_with_a_typo(mailbox: Mailbox) -> None:
    config = configure(mailbox)
    config.write_text(config.read_text().replace("password_env", "pasword_env"))

    happened, cure = complaint(mailseek(mailbox.settings, "sync"), WRONG)

    assert str(config) in happened
    assert "pasword_env" in happened
    assert "password_env" in cure


def test_a_configuration_that_is_no_toml(mailbox: Mailbox) -> None:
    config = configure(mailbox)
    config.write_text(config.read_text() + "\n[accounts.other\n")

    happened, _ = complaint(mailseek(mailbox.settings, "sync"), WRONG)

    assert str(config) in happened
    assert "line" in happened


def test_an_unclosed_quote_is_pointed_at(mailbox: Mailbox) -> None:
    configure(mailbox)
    mailseek(mailbox.settings, "sync")

    done = mailseek(mailbox.settings, "search", 'from:ann "quarterly report')

    assert (done.returncode, done.stdout) == (WRONG, "")
    happened, query, carets, cure = done.stderr.splitlines()
    assert "quot" in happened
    assert query[carets.index("^")] == '"'
    assert cure.startswith("  hint: ")


def test_an_option_or_a_command_that_is_not_there(mailbox: Mailbox) -> None:
    option = mailseek(mailbox.settings, "search", "x", "--limmit", "5")
    command = mailseek(mailbox.settings, "serch", "x")

    assert (command.returncode, command.stdout) == (WRONG, "")
    assert "Did you mean search?" in command.stderr
    assert (option.returncode, option.stdout) == (WRONG, "")
    assert "--limit" in option.stderr


def test_debug_shows_the_traceback_that_is_hidden_otherwise(mailbox: Mailbox) -> None:
    configure(mailbox, port=free_port())
    command = [*MAILSEEK, "--home", str(mailbox.settings.home), "--debug", "sync"]

    shown = run(command)

    assert shown.returncode != 0
    assert "Traceback" in shown.stderr
    assert "ConnectError" in shown.stderr


def test_searching_before_the_first_sync_says_so(mailbox: Mailbox) -> None:
    configure(mailbox)

    happened, cure = complaint(mailseek(mailbox.settings, "search", "x"), UNAVAILABLE)

    assert "no catalog yet" in happened
    assert "mailseek sync" in cure
