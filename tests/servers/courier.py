"""A private Courier on a free loopback port, with data of its own.

Courier's own way to a login leads through a daemon with a socket below /run. So this process takes
connections and passwords, as couriertcpd and imaplogin do, and hands the connection to Courier's
imapd, which answers everything from the answer to LOGIN on.
"""

from __future__ import annotations

import getpass
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from search_cli.demo.dovecot import give_to_server
from search_cli.demo.server import RunningServer, free_port, wait_until_listening
from tests.servers.unpacked import AS_MAIL_USER, UNPACKED, environment, reachable

PASSWORD = "courier"
PREFIX = "INBOX."

_PROGRAMS = UNPACKED / "courier/usr/bin"
_CAPABILITY = (
    "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE"
)
_LOGIN = re.compile(rb'(\S+) LOGIN "?([\w.@-]+)"? "?([\w-]+)"?\r\n', re.I)


def available() -> str | None:
    """Why there can be no Courier, or None where there can."""
    return None if (_PROGRAMS / "imapd").exists() else "Courier was not unpacked (make servers)"


def start(root: Path) -> RunningServer:
    """Start one with its data below `root`. Raises RuntimeError where it does not start."""
    root.mkdir()
    give_to_server(root)
    reachable(root.parent)
    reachable(_PROGRAMS)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.courier", str(root), str(port)],
        cwd=UNPACKED.parent,
        env=environment("courier"),
        stdout=subprocess.DEVNULL,
        stderr=(root / "courier.log").open("wb"),
    )
    wait_until_listening(process, port, root / "courier.log")
    return RunningServer("Courier", port, PASSWORD, root, process, prefix=PREFIX)


def _refuse_watchers(root: Path) -> None:
    """Courier asks a daemon (gamin) to watch folders for it, and would wait 1.2 s for there to be
    one. With one that hangs up at once it does without."""
    name = f"/tmp/fam-{AS_MAIL_USER.get('user') or getpass.getuser()}-{_watch_name(root)}"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(b"\0" + name.encode().ljust(107, b"\0"))
    listener.listen()
    while True:
        listener.accept()[0].close()


def _watch_name(root: Path) -> str:
    return root.parent.name


def _serve(root: Path, port: int) -> None:
    threading.Thread(target=_refuse_watchers, args=(root,), daemon=True).start()
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            client, _ = listener.accept()
            # What imapd writes in several pieces does not wait in between.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_greet, args=(client, root), daemon=True).start()


def _greet(client: socket.socket, root: Path) -> None:
    with client, suppress(OSError):
        client.sendall(b"* OK [CAPABILITY %s] Courier-IMAP ready.\r\n" % _CAPABILITY.encode())
        while line := _line(client):
            tag = line.split(b" ")[0]
            login = _LOGIN.fullmatch(line)
            if login and login[3] == PASSWORD.encode():
                _hand_over(client, root / login[2].decode(), login[1].decode())
                return
            if login:
                client.sendall(tag + b" NO Login failed.\r\n")
            elif b"CAPABILITY" in line.upper():
                client.sendall(b"* CAPABILITY %s\r\n%s OK done\r\n" % (_CAPABILITY.encode(), tag))
            else:
                client.sendall(tag + b" BAD Log in first.\r\n")


def _line(client: socket.socket) -> bytes:
    """A line and no octet more: what follows is imapd's."""
    line = b""
    while not line.endswith(b"\n"):
        octet = client.recv(1)
        if not octet:
            return b""
        line += octet
    return line


def _hand_over(client: socket.socket, home: Path, tag: str) -> None:
    maildir = home / "Maildir"
    if not maildir.exists():
        home.mkdir(exist_ok=True)
        give_to_server(home)
        subprocess.run([_PROGRAMS / "maildirmake.courier", maildir], check=True, **AS_MAIL_USER)
    imapd = subprocess.Popen(
        [_PROGRAMS / "imapd", "Maildir"],
        cwd=home,
        env={
            **environment("courier"),
            "HOME": str(home),
            "GAM_CLIENT_ID": _watch_name(home.parent),
            "PROTOCOL": "imap",
            "AUTHENTICATED": home.name,
            "IMAPLOGINTAG": tag,
            "TCPREMOTEIP": "127.0.0.1",
            "TCPREMOTEPORT": "0",
            "IMAP_CAPABILITY": _CAPABILITY,
            "IMAP_KEYWORDS": "1",
            "IMAP_MAILBOX_SANITY_CHECK": "1",
            "IMAP_TRASHFOLDERNAME": "Trash",
            "IMAP_IDLE_TIMEOUT": "1",
            "IMAP_USELOCKS": "0",
        },
        stdin=client,
        stdout=client,
        **AS_MAIL_USER,
    )
    imapd.wait()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
