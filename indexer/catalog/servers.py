"""What was found out about an account's server, kept with the host it was found out of."""

from __future__ import annotations

import json

from indexer.catalog.store import Catalog
from indexer.imap import servers
from indexer.imap.servers import Verdicts


def verdicts(catalog: Catalog, account_id: int, host: str) -> Verdicts:
    """As measured last; what is known of the host where nothing was measured yet."""
    of_host, stored = catalog.connection.execute(
        "SELECT host, verdicts FROM account WHERE id = ?", (account_id,)
    ).fetchone()
    if of_host != host or not stored:
        return servers.known(host)
    return servers.from_json(json.loads(stored))


def remember(catalog: Catalog, account_id: int, host: str, found: Verdicts) -> None:
    """Keep verdicts until the server is measured again, or the account has another one."""
    with catalog.transaction() as connection:
        connection.execute(
            "UPDATE account SET host = ?, verdicts = ? WHERE id = ?",
            (host, json.dumps(servers.as_json(found)), account_id),
        )
