"""The full-text index, derived from the catalog and from nothing else.

`engine.SearchEngine` is the door; `whoosh_engine.WhooshEngine` stands behind it. Any part of the
index may be deleted at any time: `mailseek reindex` makes it again without the network.
"""
