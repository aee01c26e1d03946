"""The query language: text → tree. One parser, one tree, no engine's syntax leaking through.

`parser.parse` is the door. Pure: no catalog, no index, and the clock comes in as an argument.
"""
