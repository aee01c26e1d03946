#!/bin/sh
# The tests of what the index relies on, with Whoosh 2.7.4 in place of whoosh3: as long as they pass,
# mailseek is not bound to either. In an environment of its own; the rest is as locked.
set -eu
cd "$(dirname "$0")/.."
venv=.venv/whoosh-2.7.4
if [ ! -e "$venv/.done" ]; then
	.venv/bin/python -m venv "$venv"
	.venv/bin/python -m pip freeze --exclude-editable | grep -v '^whoosh3==' >"$venv/others.txt"
	"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$venv/others.txt" whoosh==2.7.4
	touch "$venv/.done"
fi
"$venv/bin/python" -m pytest tests/unit/test_engine.py tests/properties/test_search_against_oracle.py
