"""The durable truth: one SQLite database (WAL) with everything that was fetched.

`store.Catalog` is the door. Changes come in whole transactions, and the sync point of a folder is
written in the same one as what it covers. Documents waiting for the index are rows of the outbox.
"""
