"""config.toml and MAILSEEK_* → settings; every mistake names its place and cure."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import Stemmer

from indexer import config_file
from indexer.errors import ConfigError, SecretError
from indexer.passwords import password
from indexer.setting_values import LANGUAGES
from indexer.settings import AccountSettings, Secret, home_folder, load

GOOD = """
[accounts.work]
host = "imap.example.com"
user = "ann@example.com"
password_env = "WORK_PASSWORD"
"""


def loaded(tmp_path: Path, text: str, **environ: str) -> AccountSettings:
    (tmp_path / "config.toml").write_text(text)
    return load(tmp_path, environ).accounts["work"]


def test_defaults_are_the_safe_ones(tmp_path: Path) -> None:
    account = loaded(tmp_path, GOOD)

    assert (account.port, account.tls, account.on_delete) == (993, "implicit", "remove")
    assert (account.folders, account.exclude) == (("*",), ())
    assert account.secret == Secret("env", "WORK_PASSWORD")


def test_starttls_moves_the_default_port(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD + 'tls = "starttls"').port == 143


def test_no_file_means_no_accounts(tmp_path: Path) -> None:
    assert load(tmp_path, {}).accounts == {}


def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    account = loaded(
        tmp_path,
        GOOD,
        MAILSEEK_ACCOUNTS_WORK_HOST="other.example",
        MAILSEEK_ACCOUNTS_WORK_PORT="1993",
        MAILSEEK_ACCOUNTS_WORK_FOLDERS="INBOX,Lists/*",
    )

    assert (account.host, account.port) == ("other.example", 1993)
    assert account.folders == ("INBOX", "Lists/*")


def test_further_header_fields_are_named_once_whatever_their_case(tmp_path: Path) -> None:
    text = GOOD + 'headers = ["X-Ticket", "List-Post", "x-ticket"]'

    assert loaded(tmp_path, GOOD).headers == ()
    assert loaded(tmp_path, text).headers == ("X-Ticket", "List-Post")
    assert loaded(tmp_path, text, MAILSEEK_ACCOUNTS_WORK_HEADERS="X-A, X-B").headers == (
        "X-A",
        "X-B",
    )


def test_own_addresses_are_the_user_where_that_is_one_and_those_that_are_named(
    tmp_path: Path,
) -> None:
    named = 'addresses = ["Ann.Smith@Example.org", "ann@example.com"]'
    other = GOOD.replace(".work]", ".home]").replace("ann@example.com", "ann")

    account = loaded(tmp_path, GOOD + named + other)

    assert account.own_addresses == ("ann@example.com", "ann.smith@example.org")
    settings = load(tmp_path, {"MAILSEEK_ACCOUNTS_HOME_ADDRESSES": "a@b.example"})
    assert settings.accounts["home"].own_addresses == ("a@b.example",)
    assert settings.own_addresses == (
        "ann@example.com",
        "ann.smith@example.org",
        "a@b.example",
    )


@pytest.mark.parametrize(
    ("text", "variable", "languages"),
    [
        ("", "", ("english",)),
        ("languages = []", "", ()),
        ('languages = ["German", "english", "german"]', "", ("german", "english")),
        ('languages = ["german"]', "french, dutch", ("french", "dutch")),
    ],
)
def test_the_languages_of_words(
    tmp_path: Path, text: str, variable: str, languages: tuple[str, ...]
) -> None:
    (tmp_path / "config.toml").write_text(text)

    assert load(tmp_path, {"MAILSEEK_LANGUAGES": variable}).languages == languages


def test_every_language_has_a_stemmer() -> None:
    assert set(LANGUAGES) <= set(Stemmer.algorithms())


@pytest.mark.parametrize(
    ("text", "where", "cure"),
    [
        (GOOD + 'hots = "x"', "[accounts.work]", "host"),
        (GOOD + "port = 0", "port", "correct"),
        (GOOD + 'port = "many"', "port", "correct"),
        (GOOD + 'tls = "maybe"', "work", "implicit"),
        (GOOD + 'tls = "none"', "tls", "starttls"),
        (GOOD + 'on_delete = "burn"', "work", "keep"),
        (GOOD + 'folders = "INBOX"', "work", "["),
        (GOOD + 'headers = "X-Ticket"', "work", '["X-Ticket"'),
        (GOOD + 'headers = ["X Ticket"]', "headers", "letters"),
        (GOOD + 'headers = ["X-Ticket:"]', "headers", "colon"),
        (GOOD + 'headers = ["X-Größe"]', "headers", "letters"),
        (GOOD + 'headers = ["X)] BODY[]"]', "headers", "letters"),
        (GOOD + f'headers = ["{"x" * 77}"]', "headers", "76"),
        (GOOD + f"headers = {[f'X-{number}' for number in range(31)]}", "headers", "30"),
        (GOOD + "headers = [3]", "work", '["X-Ticket"'),
        (GOOD + 'addresses = "ann@example.org"', "work", "["),
        (GOOD + 'addresses = ["ann"]', "addresses", "ann@example.com"),
        (GOOD + 'addresses = ["Ann <ann@example.org>"]', "addresses", "without a name"),
        (GOOD + f"addresses = {[f'a{number}@b' for number in range(101)]}", "addresses", "100"),
        ('languages = "german"', "config.toml", '["english"'),
        ('languages = ["germna"]', "languages", "german"),
        ('languages = ["klingon"]', "languages", "yiddish"),
        (GOOD + 'password_command = "x"', "work", "one"),
        (GOOD + 'password = "hunter2"', "password", "password_command"),
        ('[accounts.work]\nuser = "a"', "work", "host"),
        ('[accounts.work]\nhost = 7\nuser = "a"', "work", "host"),
        ('[accounts."a b"]\nhost = "x"\nuser = "a"', "a b", "letters"),
        ("[accounts.work\n", "config.toml", "quotes"),
        ("writers = 0", "writers", "correct"),
        ("wirters = 2", "config.toml", "writers"),
        ("accounts = 3", "config.toml", "[accounts"),
        ("[acounts.work]", "config.toml", "accounts"),
    ],
)
def test_a_mistake_names_its_place_and_cure(
    tmp_path: Path, text: str, where: str, cure: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)

    assert where in f"{caught.value.where} {caught.value.message}"
    assert cure in caught.value.cure
    assert "hunter2" not in f"{caught.value}{caught.value.cure}"


def test_toml_errors_name_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        loaded(tmp_path, "writers = 2\nhost = imap.example.com\n")


def test_an_override_for_nobody_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD, MAILSEEK_ACCOUNTS_WROK_HOST="x")

    assert caught.value.where == "MAILSEEK_ACCOUNTS_WROK_HOST"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.10"])
def test_an_unencrypted_connection_is_for_this_machine_only(tmp_path: Path, host: str) -> None:
    text = GOOD.replace("imap.example.com", host) + 'tls = "none"'

    assert loaded(tmp_path, text).tls == "none"


def account(secret: Secret | None) -> AccountSettings:
    return AccountSettings("work", "imap.example.com", "ann", secret)


def test_a_password_comes_from_the_first_line_of_a_command() -> None:
    assert password(account(Secret("command", "printf 'hunter2\\nurl: x\\n'"))) == "hunter2"


def test_a_password_comes_from_a_variable() -> None:
    assert password(account(Secret("env", "P")), {"P": "hunter2"}) == "hunter2"


@pytest.mark.parametrize(
    "secret",
    [
        None,
        Secret("env", "NOT_SET_ANYWHERE"),
        Secret("command", "false"),
        Secret("command", "true"),
        Secret("command", "no-such-program-anywhere"),
        Secret("command", "unbalanced 'quote"),
        Secret("command", "sh -c 'echo hunter2; echo locked >&2; exit 1'"),
    ],
)
def test_a_missing_password_is_an_error_with_a_cure_that_shows_no_output(
    secret: Secret | None,
) -> None:
    with pytest.raises(SecretError) as caught:
        password(account(secret), {})

    assert caught.value.cure
    assert "hunter2" not in str(caught.value)


def test_an_account_is_added_and_removed_with_the_rest_left_alone(tmp_path: Path) -> None:
    before = f"# my notes\nwriters = 3\n{GOOD}"
    path = tmp_path / "config.toml"
    path.write_text(before)

    config_file.add_account(
        tmp_path,
        "home",
        {"host": "mail.example.org", "user": 'a"b', "password_env": "P", "exclude": ["spam"]},
    )

    added = load(tmp_path, {}).accounts["home"]
    assert (added.user, added.exclude) == ('a"b', ("spam",))
    assert path.read_text().startswith(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    config_file.remove_account(tmp_path, "home")
    assert path.read_text().strip() == before.strip()


def test_an_account_that_would_not_load_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        config_file.add_account(tmp_path, "x", {"host": "mail.example.org"})

    assert not (tmp_path / "config.toml").exists()


def test_adding_twice_and_removing_nobody_are_errors(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(GOOD)

    with pytest.raises(ConfigError, match="already"):
        config_file.add_account(tmp_path, "work", {"host": "x", "user": "y"})
    with pytest.raises(ConfigError, match="no account"):
        config_file.remove_account(tmp_path, "home")


def test_the_home_is_named_by_a_variable_or_is_the_platforms() -> None:
    assert home_folder({"MAILSEEK_HOME": "~/x"}) == Path("~/x").expanduser()
    assert home_folder({}).name == "mailseek"


def test_workers_are_configured_by_a_table_and_by_variables(tmp_path: Path) -> None:
    text = '[workers]\nredis = "redis://:hush@cache/3"\nsync_every = 60\n'
    (tmp_path / "config.toml").write_text(text)

    workers = load(tmp_path, {"MAILSEEK_SYNC_EVERY": "90", "MAILSEEK_LEASE": "5"}).workers

    assert (workers.redis, workers.sync_every, workers.lease) == ("redis://:hush@cache/3", 90, 5)
    assert "hush" not in repr(workers)
    assert load(tmp_path / "nowhere", {}).workers.redis == ""


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[workers]\nredis = "http://x"', "redis"),
        ("[workers]\nsync_every = 0", "sync_every"),
        ('[workers]\nredsi = "x"', "[workers]"),
        ("workers = 3", "config.toml"),
    ],
)
def test_a_mistake_in_workers_names_its_place(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, {})
    assert where in caught.value.where
    assert caught.value.cure
