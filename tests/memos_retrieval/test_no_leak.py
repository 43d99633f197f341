"""10,000 random operations over 20 users: what is gone, or a caller may not see, is in no context, summary or log."""

import random
from dataclasses import replace

from memos.cube import FakeClock, Grant, SequentialIds, new_cube
from memos.errors import MemosError
from memos.infrastructure.access import Caller, decide
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.inheritance import end_of, heir_rules
from memos.infrastructure.vault import Is, readable_by
from memos.infrastructure.vault.sqlite import SqliteVault
from memos.operation.upkeep.lifecycle import MemLifecycle, merged_cube

USERS = [f"user-{n}" for n in range(20)]
OPERATIONS = 10_000
LAYERS = ("private", "private", "shared", "global")


class World:
    """A vault under random operations, and an oracle of what each text was made of, kept apart from the code."""

    def __init__(self, seed):
        self.chance, self.clock, self.ids = random.Random(seed), FakeClock(), SequentialIds()
        self.vault = SqliteVault(clock=self.clock)
        self.lifecycle = MemLifecycle(vault=self.vault, clock=self.clock, ids=self.ids)
        self.governance = MemGovernance(vault=self.vault, clock=self.clock)
        self.words = self.derived_seen = self.cache_hits = 0
        self.cached: dict[str, tuple[int, float, set[str]]] = {}
        """By user: the generation of a context, when its first memory ends, and its words, as a cache holds them."""

    def word(self):
        self.words += 1
        return f"w{self.words}x"

    def rules(self):
        grants = tuple(Grant(user) for user in self.chance.sample(USERS, 2))
        return {
            "layer": self.chance.choice(LAYERS),
            "acl": self.chance.choice([(), grants]),
            "sensitivity": self.chance.choice(["public", "internal", "restricted"]),
            "ttl_seconds": self.chance.choice([None, None, None, self.chance.uniform(50, 3000)]),
        }

    def everything(self):
        return self.vault.get_many(self.vault.find(live=False))

    def pick(self, count=1, live=True):
        ids = self.vault.find(live=False)
        ids = self.chance.sample(ids, min(len(ids), 12))
        cubes = self.vault.get_many(ids)
        if live:
            now = self.clock().timestamp()
            cubes = [
                c for c in cubes if c.state in ("generated", "activated") and ((e := end_of(c)) is None or e > now)
            ]
        return cubes[:count]

    # -- operations --------------------------------------------------------------------------------------------
    def add(self):
        owner = self.chance.choice(USERS)
        cube = new_cube(self.word(), owner=owner, ids=self.ids, clock=self.clock, governance=self.rules())
        self.vault.add([cube])

    def derive(self):
        """A summary in the loosest way: whatever its maker asks for, by somebody who may read all its sources."""
        owner = self.chance.choice(USERS)
        seen = [c for c in self.pick(12) if decide(Caller(owner), c.governance, "read").allowed][:3]
        if seen:
            text = " ".join(cube.text for cube in seen)
            rules = self.chance.choice([{"layer": "global", "sensitivity": "public"}, heir_rules(seen, self.clock())])
            made = new_cube(
                text,
                owner=owner,
                ids=self.ids,
                clock=self.clock,
                governance=rules,
                derived_from=[c.cube_id for c in seen],
            )
            self.vault.add([made])

    def merge(self):
        cubes = self.pick(12)
        mine = [c for c in cubes if c.governance.owner == cubes[0].governance.owner][:2]
        if len(mine) == 2:
            text = " ".join(cube.text for cube in mine)
            made = merged_cube(mine, text, clock=self.clock, ids=self.ids)
            self.lifecycle.merge([c.cube_id for c in mine], made, cause="random")

    def edit(self):
        for cube in [one for one in self.pick(12) if not one.parents][:1]:
            self.vault.update(cube.revise(self.clock(), payload=replace(cube.payload, text=self.word())))

    def restrict(self):
        for cube in self.pick():
            self.vault.update(cube.revise(self.clock(), governance=self.rules()))

    def archive(self):
        for cube in self.pick():
            self.lifecycle.transition(cube.cube_id, "archived", cause="random")

    def restore(self):
        for cube in self.pick(live=False):
            self.lifecycle.restore(cube.cube_id, cause="random")

    def erase(self):
        for cube in self.pick(2, live=False):
            if self.vault.find(Is("cube_id", cube.cube_id), live=False):
                with self.vault.transaction():
                    doomed = self.governance.lineage([cube.cube_id])
                    self.vault.purge(doomed)
                    self.governance.log(Caller(cube.governance.owner), "erase", cubes=doomed)

    def tick(self):
        self.clock.advance(seconds=self.chance.uniform(1, 60))
        self.lifecycle.tick()

    def sleep(self):
        self.clock.advance(seconds=self.chance.uniform(1, 60))

    # -- what must hold ----------------------------------------------------------------------------------------
    def owed(self, user):
        """Words a user may see now: of memories told by people (not derived), live, in time and readable."""
        now, good = self.clock().timestamp(), set()
        for cube in self.everything():
            end = end_of(cube)
            there = cube.state in ("generated", "activated", "merged") and (end is None or end > now)
            if not cube.parents and there and decide(Caller(user), cube.governance, "read").allowed:
                good.add(cube.text)
        return good

    def check(self, user):
        context = self.vault.get_many(self.vault.find(readable_by(self.vault, Caller(user), self.clock())))
        shown = {word for cube in context for word in cube.text.split()}
        owed, now = self.owed(user), self.clock().timestamp()
        assert shown <= owed, (user, shown - owed)
        self.derived_seen += sum(bool(cube.parents) for cube in context)
        generation, end, words = self.cached.get(user, (0, 0.0, set()))
        if generation == self.vault.generation("default") and now < end:
            self.cache_hits += 1
            assert words <= owed, (user, words - owed)
        ends = [end for cube in context if (end := end_of(cube)) is not None]
        self.cached[user] = (self.vault.generation("default"), min(ends, default=float("inf")), shown)

    def check_store(self):
        """No word of what was erased or overwritten stands in a live text; nothing of any text is in the log."""
        told = {cube.text for cube in self.everything() if not cube.parents}
        for cube in self.vault.get_many(self.vault.find()):
            assert set(cube.text.split()) <= told, cube
        log = " ".join(f"{entry.cause} {entry.details}" for entry in self.vault.audit())
        assert not {f"w{n}x" for n in range(1, self.words + 1)} & set(log.replace("'", " ").split())


def test_nothing_gone_or_hidden_is_seen_over_ten_thousand_operations():
    world = World(20)
    for _ in range(30):
        world.add()
    names = ["add", "derive", "merge", "edit", "restrict", "archive", "restore", "erase", "tick", "sleep"]
    weights = [14, 18, 5, 8, 10, 8, 14, 13, 5, 4]
    done = refused = 0
    for step in range(OPERATIONS):
        try:
            getattr(world, world.chance.choices(names, weights)[0])()
            done += 1
        except MemosError:
            refused += 1
        if step % 100 == 0:
            user = world.chance.choice(USERS)
            world.check(user)
            world.sleep()
            world.check(user)
        if step % 1000 == 0:
            world.check_store()
    assert done > 0.8 * OPERATIONS, (done, refused)
    assert world.derived_seen > 30 and world.cache_hits > 70, (world.derived_seen, world.cache_hits)
