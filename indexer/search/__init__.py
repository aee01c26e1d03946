"""From a query's text to a page of hits: parse, plan, run, join with the catalog, cut snippets.

`searcher.Searcher` is the door; it stays warm in a process and sees new commits by itself.
"""
