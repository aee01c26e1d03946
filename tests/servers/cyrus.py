"""A private Cyrus on a free loopback port, with data of its own; any password is right."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

from search_cli.demo.dovecot import give_to_server
from search_cli.demo.server import RunningServer, free_port, is_root, wait_until_listening
from tests.servers.unpacked import AS_MAIL_USER, UNPACKED, environment, reachable

_PROGRAMS = UNPACKED / "cyrus/usr/lib/cyrus/bin"

_IMAPD = """\
configdirectory: {root}/var
defaultpartition: default
partition-default: {root}/mail
proc_path: {root}/var/proc
mboxname_lockpath: {root}/var/lock
idlesocket: {root}/var/idle
notifysocket: {root}/var/notify
cyrus_user: {user}
admins: cyrus
altnamespace: yes
unixhierarchysep: yes
allowplaintext: yes
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN
autocreate_quota: 0
autocreate_inbox_folders: Sent | Drafts | Trash | Junk | Archive
xlist-sent: Sent
xlist-drafts: Drafts
xlist-trash: Trash
xlist-junk: Junk
xlist-archive: Archive
expunge_mode: immediate
delete_mode: immediate
"""
_MASTER = """\
START {{
  recover cmd="{programs}/ctl_cyrusdb -C {root}/imapd.conf -r"
  idled cmd="{programs}/idled -C {root}/imapd.conf"
}}
SERVICES {{
  imap cmd="{programs}/imapd -C {root}/imapd.conf" listen="127.0.0.1:{port}" prefork=1 maxchild=100
}}
EVENTS {{
}}
"""


def available() -> str | None:
    """Why there can be no Cyrus, or None where there can."""
    return None if (_PROGRAMS / "master").exists() else "Cyrus was not unpacked (make servers)"


def start(root: Path) -> RunningServer:
    """Start one with its data below `root`. Raises RuntimeError where it does not start."""
    root.mkdir()
    for folder in ("var/db", "var/lock", "var/proc", "var/log", "mail"):
        (root / folder).mkdir(parents=True)
    port = free_port()
    user = "nobody" if is_root() else getpass.getuser()
    (root / "imapd.conf").write_text(_IMAPD.format(root=root, user=user))
    (root / "cyrus.conf").write_text(_MASTER.format(root=root, programs=_PROGRAMS, port=port))
    give_to_server(root)
    reachable(root.parent)
    reachable(_PROGRAMS)
    process = subprocess.Popen(
        [
            _PROGRAMS / "master",
            *("-C", root / "imapd.conf", "-M", root / "cyrus.conf"),
            *("-p", root / "master.pid", "-L", root / "master.log"),
        ],
        env=environment("cyrus"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **AS_MAIL_USER,
    )
    wait_until_listening(process, port, root / "master.log")
    return RunningServer("Cyrus", port, "cyrus", root, process)
