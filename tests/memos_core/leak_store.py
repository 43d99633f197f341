"""A small store with every kind of memory and every kind of caller, and who may read what, told apart from the code.

Each memory holds a word of its own in its text, tags and links, and an older word in its first version. Whatever a door
gives is turned into text and searched for those words.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from memos import MemOS
from memos.cube import FakeClock, Grant, PlaintextPayload, SequentialIds, new_cube
from memos.embed.mock import Mock
from memos.infrastructure.access import Caller
from memos.infrastructure.memstore import MemStore
from memos.interface.api import MemoryAPI
from memos.llm.mock import MockLLM
from memos.operation.upkeep.lifecycle import MemLifecycle

USERS = ("ana", "bob", "cy", "a'b", "eve")
GROUPS = ("g1", "g2")
CONTEXTS = ("", "chat", "export")
SPACES = (*USERS, "default", "memstore")
LIVE = ("generated", "activated")
THEN, BEFORE = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)
"""A past time, and when the superseded memories began to hold."""
LICENCES = {
    "": None,
    "CC-BY-4.0": None,
    "{}": None,
    '{"max_accesses":0}': 0,
    '{"max_accesses":1}': 1,
    '{"max_accesses":60}': 60,
    '{"expires_at":"2100-01-01T00:00:00+00:00"}': None,
    '{"expires_at":"2024-06-01T00:00:00+00:00"}': 0,
    '{"max_accesses":"many"}': 0,
    '{"colour":"blue"}': 0,
}
"""Texts of a licence, and how many reads each allows a user; None: any number."""
_WORD = re.compile(r"(?:new|old)\d{4}q")


def words_in(value: Any) -> set[str]:
    """The memories' own words in whatever a door gave."""
    return set(_WORD.findall(value if isinstance(value, str) else repr(value)))


@dataclass(frozen=True)
class Kept:
    """A memory as the store was given it."""

    cube_id: str
    number: int
    owner: str
    space: str
    rules: dict[str, Any]
    state: str
    over: bool
    """Whether its time to live has passed."""
    superseded: bool

    @property
    def word(self) -> str:
        return f"new{self.number:04}q"

    @property
    def live(self) -> bool:
        return self.state in LIVE and not self.over


class LeakStore:
    """The store with all its doors, and the oracle."""

    def __init__(self, path: Any, memories: int, seed: int) -> None:
        self.chance, self.clock, self.ids = random.Random(seed), FakeClock(), SequentialIds()
        self.prompts: list[str] = []
        model = MockLLM(function=self._heard)
        self.memory = MemOS(
            path,
            MemOS.Config(context_words=1_000_000),
            embedder=Mock(),
            llm=model,
            clock=self.clock,
            ids=self.ids,
            activation=cast(Any, Caches()),
        )
        self.vault = self.memory.vault
        self.governance = self.memory._governance()
        lifecycle = MemLifecycle(vault=self.vault, clock=self.clock, ids=self.ids)
        services = {"vault": self.vault, "governance": self.governance, "clock": self.clock, "ids": self.ids}
        self.api = MemoryAPI(**services, lifecycle=lifecycle)
        self.market = MemStore(**services)
        self.reads: Counter[tuple[str, str]] = Counter()
        """Reads under a licence by user and memory."""
        self.kept = [self._put(number) for number in range(memories)]
        self.clock.advance(seconds=60)
        self.by_word = {one.word: one for one in self.kept}

    def _heard(self, request: Any) -> str:
        self.prompts.append(" ".join(message.content for message in request.messages))
        return "ok"

    def _put(self, number: int) -> Kept:
        pick: Any = self.chance.choice
        superseded, ttl = self.chance.random() < 0.15, pick([None, None, None, 30.0, 9e9])
        state: Any = "archived" if superseded else pick([*LIVE * 4, "archived", "merged", "expired"])
        names = [*USERS, "group:g1", "group:g2", "*"]
        rules = {
            "layer": pick(["private", "shared", "shared", "global", "global"]),
            "acl": tuple(Grant(pick(names), ("read",), pick(["allow"] * 3 + ["deny"])) for _ in range(pick([0, 1, 2]))),
            "contexts": pick([()] * 6 + [("chat",), ("", "export"), ("chat\x1fexport",)]),
            "sensitivity": pick(["public", "internal", "confidential", "restricted"]),
            "licence": pick(["", "", *LICENCES]),
        }
        owner, space, frozen = pick(USERS), pick(SPACES), self.chance.random() < 0.1
        new = f"new{number:04}q"
        cube = new_cube(
            f"old{number:04}q lies in the cellar",
            owner=owner,
            ids=self.ids,
            clock=self.clock,
            governance={**rules, "namespace": space, "ttl_seconds": ttl},
            state=state,
            tags=(new,),
            links=(f"https://example.org/{new}",),
            attributes={"valid_from": str(BEFORE), "valid_until": "2024-06-01"} if superseded else {},
        )
        vector = self.memory.embedder.encode([cube.text])
        self.vault.add([cube], vector)
        self.vault.update(cube.revise(self.clock(), payload=PlaintextPayload(f"{new} lies in the cellar")), vector[0])
        if frozen:
            self.vault.place(cube.cube_id, frozen=True)
        over = ttl == 30.0 and not frozen
        return Kept(cube.cube_id, number, owner, space, rules, state, over, superseded)

    # -- who may read what -------------------------------------------------------------------------------------
    def may(self, caller: Caller, one: Kept) -> bool:
        """Whether a caller may read a memory now, in words: context, owner, layer, life, denial, grant, licence."""
        rules = one.rules
        if rules["contexts"] and caller.context not in rules["contexts"]:
            return False
        if caller.user == one.owner:
            return True
        if rules["layer"] == "private" or not one.live:
            return False
        names = {caller.user, "*"} | {f"group:{name}" for name in caller.groups}
        effects = {grant.effect for grant in rules["acl"] if grant.principal in names}
        if "deny" in effects:
            return False
        if "allow" not in effects and (rules["layer"] != "global" or rules["sensitivity"] == "restricted"):
            return False
        most = LICENCES[rules["licence"]]
        return most is None or self.reads[caller.user, one.cube_id] < most

    def read(self, caller: Caller, seen: set[str]) -> None:
        """Take note of reads that count."""
        for word in seen:
            one = self.by_word[word]
            if caller.user != one.owner:
                self.reads[caller.user, one.cube_id] += 1

    def readable(self, caller: Caller, *, space: str = "", live: bool = True) -> set[str]:
        """The words a caller may see."""
        return {
            one.word
            for one in self.kept
            if (one.live or not live) and space in ("", one.space) and self.may(caller, one)
        }

    def exported(self, caller: Caller, cube_id: str) -> Any:
        """A memory as an export writes it (without the file)."""
        cube = self.vault.get(cube_id)
        made = self.governance.exported(caller, cube)
        self.governance.charge(caller, [cube])
        return made

    def cacheable(self, caller: Caller, space: str) -> set[str]:
        """The words that a cache may hold: none whose reads are counted."""
        free = {one.word for one in self.kept if one.owner == caller.user or LICENCES[one.rules["licence"]] is None}
        return self.readable(caller, space=space) & free

    def then(self, caller: Caller, space: str = "") -> set[str]:
        """The words a caller may see of what held at ``THEN``."""
        mine = [one for one in self.kept if one.superseded and space in ("", one.space)]
        return {one.word for one in mine if self.may(caller, one)}


class Caches:
    """Stands for the activation manager: notes what would be put into a user's cache."""

    vault = None

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}

    def hot(self, user: str) -> tuple[str, ...]:
        return ()

    def observe(self, user: str, cubes: Any, now: Any, text: Any) -> None:
        self.texts[user] = [text(cube) for cube in cubes]


def callers(chance: random.Random, count: int) -> list[Caller]:
    """Callers of every user, with random groups and contexts; some privileged, which gives no right to read."""
    contexts = [*CONTEXTS, "chat\x1fexport", "ch"]
    made = [Caller(user) for user in USERS]
    while len(made) < count:
        groups = tuple(chance.sample(GROUPS, chance.randint(0, 2)))
        made.append(Caller(chance.choice(USERS), groups, chance.choice(contexts), chance.random() < 0.2))
    return made


def dumped(path: Any) -> dict[str, Any]:
    """The memories of a dump by id: each one's whole line as text."""
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:-1]]
    return {line["cube"]["descriptive"]["cube_id"]: json.dumps(line) for line in lines if "cube" in line}
