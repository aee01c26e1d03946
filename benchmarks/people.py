"""Who writes the generated mail: two thousand people and forty mailing lists, the busiest first."""

from __future__ import annotations

import random
from functools import lru_cache

from benchmarks import letters
from benchmarks.letters import Person
from benchmarks.vocabulary import vocabulary

ME = letters.person("Robin Bench", "robin@bench.example")
PROGRAMS = (
    "Thunderbird 128.3",
    "mutt 2.2.12",
    "Evolution 3.50",
    "git-send-email 2.43",
    "Outlook 16",
)

_PEOPLE, _LISTS, _HOSTS = 2_000, 40, 150
_FIRST = """
Anna Ben Clara David Eva Frank Grace Henry Ida Jack Kate Liam Mia Noah Olga Paul Quinn Rosa Sam Tina
Uwe Vera Will Xenia Yusuf Zoe Jürgen Élodie Łukasz Søren
""".split()  # noqa: SIM905


@lru_cache(maxsize=1)
def people() -> tuple[Person, ...]:
    """Who writes."""
    dice = random.Random(1)
    words = vocabulary().between(2_000, 60_000, 2_000)
    hosts = [f"{word}.example" for word in words[:_HOSTS]]
    found: dict[str, Person] = {}
    while len(found) < _PEOPLE:
        first, last = dice.choice(_FIRST), dice.choice(words).capitalize()
        host = hosts[int(len(hosts) * dice.random() ** 2)]
        local = f"{first}.{last}".lower().translate(str.maketrans("üéłø", "uelo"))
        found[f"{local}@{host}"] = letters.person(f"{first} {last}", f"{local}@{host}")
    return tuple(found.values())


@lru_cache(maxsize=1)
def lists() -> tuple[str, ...]:
    """Names of the mailing lists."""
    return tuple(f"{word}-dev" for word in vocabulary().between(6_000, 40_000, _LISTS))


def list_address(name: str) -> str:
    """Where a mailing list is written to."""
    return f"{name}@lists.example"


def program_of(author: Person) -> str:
    """What somebody writes mail with, always the same."""
    return PROGRAMS[sum(author.address.encode()) % len(PROGRAMS)]
