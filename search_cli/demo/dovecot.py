"""A private Dovecot on a free loopback port, with data of its own, as root or as anybody.

Dovecot refuses mail users with uid 0: started as root, mail belongs to `nobody`. Written for 2.3;
any user name logs in with the one password and has a Maildir of his own.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from search_cli.demo.server import RunningServer, free_port, is_root, wait_until_listening

PASSWORD = "demo"  # noqa: S105 - of a server that only this machine sees, filled with generated mail

_CONFIG = """\
base_dir = {root}/run
state_dir = {root}/run
instance_name = {instance}
log_path = {root}/dovecot.log
protocols = imap
listen = {listen}
ssl = {ssl}
{ssl_files}
disable_plaintext_auth = no
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{root}/mail/%u
mail_max_userip_connections = 100
maildir_very_dirty_syncs = yes
mail_fsync = never
{capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={root}/mail/%u
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service imap {{
  process_limit = {imap_processes}
}}
namespace inbox {{
  inbox = yes
  separator = /
{mailboxes}
}}
"""
ROLES = {
    "Sent": "\\Sent",
    "Drafts": "\\Drafts",
    "Trash": "\\Trash",
    "Junk": "\\Junk",
    "Archive": "\\Archive",
}


def available() -> str | None:
    """Why there can be no Dovecot, or None where there can."""
    return None if _program() else "Dovecot is not installed (Debian: dovecot-imapd)"


def start(
    root: Path,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    capability: str | None = None,
    roles: bool = True,
    imap_processes: int = 200,
    port: int | None = None,
    tls_port: int | None = None,
    listen: str = "127.0.0.1",
) -> RunningServer:
    """Start one with its data below `root`; `capability` replaces what it offers after the login,
    `imap_processes` is how many connections it takes, `port` and `tls_port` where it listens
    (else free ones), on the addresses `listen`.

    Raises RuntimeError where it does not start.
    """
    program = _program()
    if program is None:
        raise RuntimeError(available())
    root.mkdir(parents=True, exist_ok=True)
    (root / "mail").mkdir(exist_ok=True)
    port = port or free_port()
    tls_port = (tls_port or free_port()) if certificate else None
    config = root / "dovecot.conf"
    config.write_text(
        _config(root, port, tls_port, certificate, key, capability, roles, imap_processes, listen)
    )
    if is_root():
        # Mail belongs to nobody, who must be able to reach it.
        nobody = pwd.getpwnam("nobody")
        os.chown(root / "mail", nobody.pw_uid, nobody.pw_gid)
        for folder in (root, *root.parents):
            if folder.stat().st_uid == 0 and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o011)
    process = subprocess.Popen(
        [program, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until_listening(process, port, root / "dovecot.log")
    return RunningServer("Dovecot", port, PASSWORD, root, process, tls_port=tls_port)


def give_to_server(path: Path) -> None:
    """Hand files that were written into a user's Maildir to whom the server runs mail as."""
    if not is_root():
        return
    nobody = pwd.getpwnam("nobody")
    for folder, _, files in os.walk(path):
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        for name in files:
            os.chown(Path(folder) / name, nobody.pw_uid, nobody.pw_gid)


def _program() -> str | None:
    return shutil.which("dovecot") or shutil.which(
        "dovecot", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
    )


def _config(
    root: Path,
    port: int,
    tls_port: int | None,
    certificate: Path | None,
    key: Path | None,
    capability: str | None,
    roles: bool,
    imap_processes: int,
    listen: str,
) -> str:
    me = pwd.getpwuid(os.geteuid()).pw_name
    my_group = grp.getgrgid(os.getegid()).gr_name
    mailboxes = "".join(
        f"  mailbox {name} {{\n    auto = create\n    special_use = {role}\n  }}\n"
        for name, role in ROLES.items()
    )
    return _CONFIG.format(
        root=root,
        instance=f"mailseek-{port}",
        ssl="yes" if certificate else "no",
        ssl_files=f"ssl_cert = <{certificate}\nssl_key = <{key}" if certificate else "",
        login_user="dovenull" if is_root() else me,
        internal_user="dovecot" if is_root() else me,
        internal_group="dovecot" if is_root() else my_group,
        imap_processes=imap_processes,
        listen=listen,
        capability=f"imap_capability = {capability}" if capability else "",
        password=PASSWORD,
        mail_user="nobody" if is_root() else me,
        mail_group=grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name if is_root() else my_group,
        port=port,
        tls_port=tls_port or 0,
        mailboxes=mailboxes if roles else "",
    )
