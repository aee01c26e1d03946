"""The query language: text → tree. One parser, one tree, no engine's syntax leaking through.

`parser.parse` is the door; `dialects` reads and writes queries in other programs' words. Pure: no
catalog, no index, and the clock comes in as an argument.
"""
