"""Our own store: a ``MemOS`` on a file, filled and searched through the facade as a user would."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from memos import MemOS
from memos.cube import FakeClock, MemCube, SequentialIds, Source, new_cube
from memos.infrastructure.vault import Is, Tagged
from memos.language.words import terms
from memos.operation.operator import MemOperator
from memos.operation.retrieval.features import POOL
from memos.operation.upkeep.tiers import Tiers
from search_bench.texts import DIM, Fixed, K
from search_bench.timing import Timing, gigabytes

Tell = Callable[[str, float], None]
"""Hears of each figure as soon as it is there."""
BATCH = 1000
"""Memories of one insert while filling."""
USER = "u"
FRESH = 20
"""New memories of a round, inserted one by one and each looked for at once."""


@dataclass(frozen=True)
class Limits:
    """When filling stops; what is there by then is measured."""

    seconds: float = 900.0
    gigabytes: float = 12.0
    """Of memory in use."""


class Known(Fixed):
    """An embedder that knows its vectors beforehand, so that no embedding is timed."""

    def __init__(self) -> None:
        self.batch: np.ndarray | None = None
        self.by_text: dict[str, np.ndarray] = {}

    def prepare(self, texts: list[str]) -> None:
        """Make the vectors of the texts that are inserted next."""
        self.batch = Fixed().encode(texts)

    def learn(self, texts: list[str]) -> None:
        """Make the vectors of questions."""
        self.by_text.update(zip(texts, Fixed().encode(texts), strict=True))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.zeros((0, DIM), np.float32)
        if all(text in self.by_text for text in texts):
            return np.stack([self.by_text[text] for text in texts])
        batch, self.batch = self.batch, None
        assert batch is not None, "prepare comes first"
        return batch


class BenchStore:
    """A facade on a file, with what the measurements reach behind it."""

    def __init__(self, folder: Path, timing: Timing) -> None:
        self.timing, self.clock, self.ids = timing, FakeClock(), SequentialIds()
        self.embedder = Known()
        roomy = MemOS.Config(operator=MemOperator.Config(tiers=Tiers.Config(long_term=10**9)))
        self.memory = MemOS(folder / "memos.sqlite", roomy, embedder=self.embedder, clock=self.clock, ids=self.ids)
        self.vault, self.operator = self.memory.vault, self.memory.operator(USER)
        self.places = itertools.count()
        terms("import the stemmer, which takes longer than a thousand memories")

    def made(self, text: str) -> MemCube:
        """One turn of a long dialogue, 20 a session, with one of 50 tags."""
        place = next(self.places)
        source = Source("dialogue", f"session {place // 20}", f"turn {place}")
        return new_cube(
            text,
            owner=USER,
            governance={"namespace": USER},
            ids=self.ids,
            clock=self.clock,
            semantic_type="episode",
            state="activated",
            tags=(f"t{place % 50}",),
            sources=(source,),
        )

    def fill(self, texts: list[str], limits: Limits, tell: Tell) -> tuple[int, float]:
        """Insert texts until a limit is met, telling the rate at every tenth; gives how many, and the seconds they
        took.
        """
        done, seconds, start = 0, 0.0, time.monotonic()
        with tqdm(total=len(texts), desc="memos", unit="memory", disable=None) as bar:
            for place in range(0, len(texts), BATCH):
                part = texts[place : place + BATCH]
                self.embedder.prepare(part)
                begin = self.timing.now()
                self.memory.insert(USER, [self.made(text) for text in part], "bench")
                seconds += self.timing.now() - begin
                done += len(part)
                bar.update(len(part))
                if done * 10 // len(texts) > (done - len(part)) * 10 // len(texts) and len(texts) >= 100 * BATCH:
                    tell(f"filled with {done:,d}, a second:", done / seconds)
                if time.monotonic() - start > limits.seconds or gigabytes() > limits.gigabytes:
                    break
        return done, seconds

    def inserts(self, texts: list[str]) -> tuple[float, float]:
        """Milliseconds of inserting one memory, and from its commit to the end of the search that finds it.

        Medians over ``FRESH`` memories, of the quickest such round.
        """
        stored, reached = [], []
        for text in texts:
            self.embedder.learn([text])
            cube = self.made(text)
            start = self.timing.now()
            self.memory.insert(USER, [cube], "bench")
            committed = self.timing.now()
            hits = self.memory.recall(text, K, user=USER)
            stored.append(1000 * (committed - start))
            reached.append(1000 * (self.timing.now() - committed))
            assert any(unit.text == text for hit in hits for unit in hit.units), "a new memory was not found"
        rounds = [slice(start, start + FRESH) for start in range(2, len(texts), FRESH)]
        return tuple(min(statistics.median(times[part]) for part in rounds) for times in (stored, reached))


def recall(store: BenchStore, asked: list[str]) -> float:
    """Share of the true nearest that both vector indexes give: the vault's ``K`` and the operator's pool, against
    float64.

    The truth is a plain product in float64 over the vectors that the operator's index holds; of rows that score the
    same to 1e-12 any may stand at the end.
    """
    index, vault = store.operator.index, store.vault
    live = np.flatnonzero(index.alive)
    ids = np.array([index.units[row].unit_id for row in live.tolist()])
    hits = sought = 0
    for text in asked:
        vector = store.embedder.by_text[text]
        wide, scores = vector.astype(np.float64), np.empty(len(live))
        for start in range(0, len(live), 8192):
            rows = live[start : start + 8192]
            scores[start : start + 8192] = index.vectors[rows].astype(np.float64) @ wide
        nearest = {match.cube_id for match in vault.nearest(vector, K, namespaces=[USER])}
        for count, given in (
            (K, nearest),
            (POOL, {index.units[row].unit_id for row in index.pool(vector, POOL).tolist()}),
        ):
            count = min(count, len(live))
            least = np.partition(scores, -count)[-count]
            sure, maybe = set(ids[scores > least + 1e-12]), set(ids[scores >= least - 1e-12])
            hits += len(given & sure) + min(len((given & maybe) - sure), count - len(sure))
            sought += count
    return hits / sought


def bench_memos(
    texts: list[str], queries: Callable[[int], list[str]], folder: Path, timing: Timing, limits: Limits, tell: Tell
) -> None:
    """Fill and measure one store, telling each figure as it comes.

    Args:
        texts: what to fill it with.
        queries: gives questions on the first so many texts.
    """
    store = BenchStore(folder, timing)
    size, seconds = store.fill(texts, limits, tell)
    tell("size", size)
    tell("ingest_per_s", size / seconds)
    asked = queries(size)
    store.embedder.learn(asked)
    memory, operator, vault = store.memory, store.operator, store.vault
    vectors, count = [store.embedder.by_text[text] for text in asked], len(asked)
    middle = f"session {size // 40}"

    def search(**options) -> Callable[[int], object]:
        return lambda number: memory.search(asked[number % count], user=USER, k=K, **options)

    calls = {
        "hybrid": search(),
        "all_pass": search(where=Is("owner", USER)),
        "tag_2pc": search(where=Tagged("t7")),
        "session": search(where=Is("session", middle)),
        "vault_keyword": lambda number: vault.keyword(asked[number % count], K, namespaces=[USER]),
        "vault_nearest": lambda number: vault.nearest(vectors[number % count], K, namespaces=[USER]),
    }
    for name, call in calls.items():
        tell(name, timing.p50(call, count))
    for name in ("insert", "fresh"), ("full_insert", "full_fresh"):
        made = [f"freshword{name[0]}{number} {texts[number]}" for number in range(2 + FRESH * timing.rounds)]
        for key, value in zip(name, store.inserts(made), strict=True):
            tell(key, value)
        # From here on every insert finds the tier full and archives the memory used least lately.
        operator.tiers = Tiers(Tiers.Config(long_term=vault.crowd(USER, "long_term")))
    tell("gb", gigabytes())
    tell("recall", recall(store, asked))
    memory.close()


def bench_system(texts: list[str], timing: Timing) -> float:
    """Turns a second that ``system=memos`` takes in, a session of 20 at a time."""
    from datetime import datetime, timedelta

    from memos.system import MemOSSystem
    from memos.types import Conversation, Session, Turn

    vectors = itertools.cycle(np.split(Fixed().encode(texts), len(texts) // 20))
    prepared = type("Prepared", (Fixed,), {"encode": lambda self, given: next(vectors)[: len(given)]})()
    system, seconds = MemOSSystem(embedder=prepared), 0.0
    sessions = []
    for start in range(0, len(texts), 20):
        turns = tuple(
            Turn(f"{start}:{place}", ("Ana", "Ben")[place % 2], text)
            for place, text in enumerate(texts[start : start + 20])
        )
        sessions.append(Session(f"s{start}", datetime(2024, 1, 1) + timedelta(days=start // 20), "", turns))
    system.start(Conversation("bench", ("Ana", "Ben"), ()))
    for number, session in enumerate(sessions):
        begin = timing.now()
        system.add(session)
        seconds += (timing.now() - begin) * (number > 0)
    system.close()
    return 20 * (len(sessions) - 1) / seconds
