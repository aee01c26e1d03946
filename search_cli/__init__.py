"""The `mailseek` command: one file for a group of commands, each thin.

A command parses its arguments, calls one function of the library, and renders; how things look is
in `output` alone. JSON goes to standard output by itself, everything else that is no answer to
standard error. Modules are imported when their command is called: a search must answer at once.
"""
