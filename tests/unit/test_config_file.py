"""Several processes may change config.toml at the same time: none of their accounts is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from indexer.settings import load

ADD = """
import sys
from pathlib import Path
from indexer import config_file
for number in range(10):
    config_file.add_account(
        Path(sys.argv[1]), f"{sys.argv[2]}{number}", {"host": "localhost", "user": "ann"}
    )
"""


def test_accounts_that_are_added_at_the_same_time_are_all_there(tmp_path: Path) -> None:
    adding = [
        subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), name]) for name in ("a", "b")
    ]
    assert [process.wait(60) for process in adding] == [0, 0]

    names = {f"{name}{number}" for name in ("a", "b") for number in range(10)}
    assert set(load(tmp_path, environ={}).accounts) == names
