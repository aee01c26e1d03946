"""mailseek's library: from an IMAP mailbox to search hits.

Each package is one step of the flow, and imports go one way only::

    imap ─▶ sync ─▶ extract ─▶ catalog ─▶ index ─▶ search

The library knows nothing of the terminal, of Celery or of HTTP: `search_cli`, `worker` and
`search_api` call it, mostly through `indexer.pipeline`.
"""

__version__ = "0.1.0"
