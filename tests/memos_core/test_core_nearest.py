"""Exact search: the true top-k, ties by id, on every kernel, with wrong kernels, and on vectors made to break it."""

import logging
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from memos.errors import DataError
from memos.infrastructure.vault import kernels, nearest, screen, vectors
from memos.infrastructure.vault.vectors import VectorIndex
from memos.operation.retrieval.index import MemoryIndex, Unit

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("NONE", "AVX2", "AVX512", "AVX512_VPOPCNT", "AVX512_SPR", "ARM_NEON", "ARM_SVE")
DIM = 384
PROBE = """
import sys
import numpy as np
from memos.infrastructure.vault.vectors import VectorIndex
from memos.operation.retrieval.index import MemoryIndex, Unit

size, dim = int(sys.argv[1]), int(sys.argv[2])
numbers = np.random.default_rng(4)
matrix = numbers.standard_normal((size, dim), dtype=np.float32)
matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
queries = numbers.standard_normal((40, dim)).astype(np.float32)
queries /= np.linalg.norm(queries, axis=1, keepdims=True)
ids = np.arange(size) + 5
vault, local = VectorIndex(ids, matrix), MemoryIndex(dim)
local.add([Unit(str(row), "x") for row in range(size)], matrix)
hits = same = 0
for query in queries:
    want = np.lexsort((ids, -(matrix.astype(np.float64) @ query.astype(np.float64))))[:20]
    got = [row - 5 for row, _ in vault.top(query, 20)]
    here = local.nearest(query, 20)[0].tolist()
    hits += len(set(got) & set(want.tolist())) + len(set(here) & set(want.tolist()))
    same += (got == want.tolist()) + (here == want.tolist())
screens = [index._near._screen for index in (vault, local)]
print(hits / (2 * 20 * len(queries)), same / (2 * len(queries)), [one is not None and one.kind for one in screens])
"""


def unit(rows, dim, seed=0):
    matrix = np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def truth(matrix, query, n):
    """Places of the true top: exact rational arithmetic wherever float64 could be in doubt, equal scores by place."""
    scores = matrix.astype(np.float64) @ query.astype(np.float64)
    near = 1e-10 * float(np.abs(scores).max() or 1)
    least = np.partition(scores, -n)[-n] - near
    places = np.flatnonzero(scores >= least)
    gaps = np.diff(np.sort(scores[places]))
    if len(places) > n + 50 or (gaps < near).any():
        wide = [Fraction(float(value)) for value in query]
        cache = {}
        for place in places.tolist():
            row = matrix[place].tobytes()
            if row not in cache:
                cache[row] = sum(Fraction(float(a)) * b for a, b in zip(matrix[place], wide, strict=True))
        return sorted(places.tolist(), key=lambda place: (-cache[matrix[place].tobytes()], place))[:n]
    return places[np.argsort(-scores[places], kind="stable")][:n].tolist()


def both(matrix, query, n):
    """What the vault's index and the operator's give, as places."""
    vault = VectorIndex(np.arange(len(matrix)) * 3, matrix)
    local = MemoryIndex(matrix.shape[1])
    local.add([Unit(str(row), "x") for row in range(len(matrix))], matrix)
    return [row // 3 for row, _ in vault.top(query, n)], local.nearest(query, n)[0].tolist()


def levels():
    """SIMD levels that FAISS names and this machine has; none where FAISS is absent or too old to name any."""
    faiss = screen.library()
    config = getattr(faiss, "SIMDConfig", None)
    if config is None or not hasattr(config, "is_simd_level_available"):
        return ()
    named = {level: getattr(faiss, f"SIMDLevel_{level}", None) for level in LEVELS}
    return tuple(level for level, value in named.items() if value is not None and config.is_simd_level_available(value))


@pytest.mark.parametrize("dim", [DIM, 50])
@pytest.mark.parametrize("level", [*LEVELS, None])
def test_recall_is_one_at_every_simd_level(level, dim):
    if level is not None and level not in levels():
        pytest.skip(f"this machine or FAISS has no level {level}")
    chosen = {} if level is None else {"FAISS_SIMD_LEVEL": level}
    environment = {**os.environ, **chosen, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", PROBE, "10000", str(dim)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    recall, same, kinds = done.stdout.split(maxsplit=2)
    assert (float(recall), float(same)) == (1.0, 1.0)
    assert done.stderr == "" and (screen.library() is None or "QT_" in kinds), "the screen was not used"


def hostile(kind, rows=5000, dim=32):
    """A matrix and a query that are hard on rounding, scaling, or ties."""
    numbers = np.random.default_rng(9)
    matrix, query = (
        numbers.standard_normal((rows, dim)).astype(np.float32),
        numbers.standard_normal(dim).astype(np.float32),
    )
    scale = {"huge": 1e18, "overflowing": 1e30, "small": 1e-18, "tiny": 1e-30, "denormal": 1e-42}
    if kind in scale:
        matrix, query = matrix * np.float32(scale[kind]), query * np.float32(scale[kind])
    elif kind == "one huge row":
        matrix[77] *= 1e12
    elif kind == "norms over thirty decades":
        matrix *= (10.0 ** numbers.uniform(-15, 15, size=(rows, 1))).astype(np.float32)
    elif kind == "zeros":
        matrix[::2] = 0
        query = -np.abs(query)
        matrix[1::2] = np.abs(matrix[1::2])
    elif kind == "zero query":
        query[:] = 0
    elif kind == "duplicates":
        matrix[1000:2500] = matrix[3]
        query = matrix[3].copy()
    elif kind == "all equal":
        matrix[:] = matrix[0]
    elif kind == "constant columns":
        matrix[:, :30] = 7.5
    elif kind == "constant query":  # rows are permutations of one another: equal scores that float sums tell apart
        matrix = np.stack([numbers.permutation(matrix[0]) for _ in range(rows)])
        query[:] = 0.1
    elif kind == "one ulp apart":
        matrix[:] = matrix[0]
        matrix[np.arange(rows), numbers.integers(0, dim, rows)] *= np.float32(1 + 2**-23)
    elif kind == "cancelling":
        matrix[:, 16:] = -matrix[:, :16] + numbers.standard_normal((rows, 16)).astype(np.float32) * np.float32(1e-6)
        query[:] = 1
    elif kind == "one large column":
        matrix[:, 5] *= 1e5
        query[5] = 0
    return matrix, query


HOSTILE = (
    "huge",
    "overflowing",
    "small",
    "tiny",
    "denormal",
    "one huge row",
    "norms over thirty decades",
    "zeros",
    "zero query",
    "duplicates",
    "all equal",
    "constant columns",
    "constant query",
    "one ulp apart",
    "cancelling",
    "one large column",
)


@pytest.mark.parametrize("rows", [300, 5000])
@pytest.mark.parametrize("kind", HOSTILE)
def test_the_true_nearest_are_found_among_hostile_vectors(kind, rows):
    matrix, query = hostile(kind, rows)
    for n in (1, 20, 40):
        want = truth(matrix, query, n)
        assert both(matrix, query, n) == (want, want)


@pytest.mark.parametrize("dim", [1, 2, 7, 15, 16, 17, 33, 100, 1536, 3072])
def test_every_dimension(dim):
    matrix = unit(4500, dim, 1)
    matrix[::7] *= 3
    for query in unit(3, dim, 2):
        want = truth(matrix, query, 20)
        assert both(matrix, query, 20) == (want, want)


def test_rows_that_come_later_are_found_whatever_their_size():
    index, rows = VectorIndex(np.arange(5000), unit(5000, 48)), list(unit(5000, 48))
    query = unit(1, 48, 8)[0]
    for step, size in enumerate((0.5, 1.0, 1.5, 3.0, 40.0, 1e-6, 4000.0)):
        index.top(query, 5)
        rows.append((query * size).astype(np.float32))
        index.put(5000 + step, rows[-1])
        matrix = np.stack(rows)
        assert [row for row, _ in index.top(query, 20)] == truth(matrix, query, 20)
    assert index._near._screen is not None or screen.library() is None


def test_scores_are_those_of_float64_and_equal_vectors_score_equally_wherever_they_stand():
    matrix = unit(4500, 101)
    matrix[[1, 17, 900, 4499]] = matrix[4]
    index = VectorIndex(np.arange(4500), matrix)
    top = index.top(matrix[4], 30)
    assert [row for row, _ in top[:5]] == [1, 4, 17, 900, 4499] and len({score for _, score in top[:5]}) == 1
    want = matrix.astype(np.float64) @ matrix[4].astype(np.float64)
    assert all(abs(score - want[row]) < 1e-14 for row, score in top)
    assert dict(index.among(matrix[4], [row for row, _ in top])) == dict(top)


def test_equal_scores_at_the_end_go_by_id_though_they_were_put_in_another_order():
    numbers = np.random.default_rng(5)
    for size in (60, 5000):
        ids = numbers.permutation(size)
        matrix = np.repeat(unit(2, 16), [size // 2, size - size // 2], axis=0)
        index = VectorIndex(ids, matrix)
        best = max((0, size // 2), key=lambda row: float(matrix[row] @ matrix[0]))
        same = np.sort(ids[: size // 2] if best == 0 else ids[size // 2 :])
        assert [row for row, _ in index.top(matrix[0], 10)] == same[:10].tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [30, 5000])
def test_queries_and_vectors_that_are_not_finite_are_refused(bad, size):
    matrix = unit(size, 16)
    query = matrix[0].copy()
    query[3] = bad
    local = MemoryIndex(16)
    local.add([Unit(str(row), "x") for row in range(size)], matrix)
    for search in (VectorIndex(np.arange(size), matrix).top, local.nearest):
        with pytest.raises(DataError, match="not finite"):
            search(query, 3)
        with pytest.raises(DataError, match="dimensions"):
            search(query[:5], 3)
    with pytest.raises(DataError, match="memory new"):
        local.add([Unit("new", "x")], query[None])
    assert len(local) == size and local.nearest(matrix[0], 1)[0].tolist() == [0]
    matrix[9, 2] = bad
    with pytest.raises(DataError, match="vector 9"):
        VectorIndex(np.arange(size), matrix).top(matrix[0], 3)


class CastingCodes:
    """A store whose kernel is wrong in one of the ways kernels have been."""

    def __init__(self, dim, wrong):
        self.rows, self.wrong = np.empty((0, dim), np.float32), wrong

    @property
    def ntotal(self):
        return len(self.rows)

    def add(self, rows):
        self.rows = np.concatenate([self.rows, rows])

    def search(self, queries, n):
        scores = self.rows @ queries[0]
        if self.wrong == "saturating":
            scores = np.clip(scores, -30_000, 30_000)
        elif self.wrong == "unsigned":
            scores = self.rows @ np.abs(queries[0])
        elif self.wrong == "half":
            scores = np.minimum(self.rows @ queries[0], 65_504).astype(np.float16).astype(np.float32)
        elif self.wrong == "odd rows lost" and len(self.rows) > 1000:
            scores[1::2] = -1e9
        elif (
            self.wrong == "late" and queries[0].sum() == np.rint(queries[0].sum()) and len(self.rows) > 1000 and n > 64
        ):
            scores[::3] += 10_000
        top = np.argsort(-scores, kind="stable")[:n]
        if self.wrong == "empty places":
            top[-1] = -1
        return scores[None, top], top[None]


@pytest.mark.parametrize("wrong", ["saturating", "unsigned", "half", "odd rows lost", "late", "empty places"])
def test_a_wrong_kernel_is_left_out_with_one_note_and_the_result_is_exact(wrong, monkeypatch, caplog):
    if screen.library() is None:
        pytest.skip("without FAISS there is no screen")
    monkeypatch.setattr(screen.Screen, "_made", lambda self, dim: CastingCodes(dim, wrong))
    monkeypatch.setattr(kernels, "_TOLD", set())
    matrix = unit(5000, DIM)
    with caplog.at_level(logging.WARNING, "memos"):
        for query in unit(6, DIM, 3):
            want = truth(matrix, query, 20)
            assert both(matrix, query, 20) == (want, want)
    notes = [record.getMessage() for record in caplog.records if "faiss-cpu" in record.getMessage()]
    assert len(notes) == 1 and screen.library().__version__ in notes[0]


def test_wrong_float32_products_are_left_out_with_one_note(monkeypatch, caplog):
    monkeypatch.setattr(
        kernels,
        "products",
        lambda matrix, query, rows=None: np.trunc((matrix if rows is None else matrix[rows]) @ query).astype(
            np.float32
        ),
    )
    monkeypatch.setattr(kernels, "_TOLD", set())
    for size in (100, 5000):
        matrix = unit(size, 64)
        for query in unit(3, 64, 3):
            want = truth(matrix, query, 20)
            assert both(matrix, query, 20) == (want, want)
    assert len([record for record in caplog.records if "numpy" in record.getMessage()]) == 1


def test_without_faiss_the_result_is_the_same(monkeypatch):
    matrix, queries = unit(6000, 64), unit(5, 64, 3)
    with_it = [both(matrix, query, 20) for query in queries]
    monkeypatch.setattr(screen, "library", lambda: None)
    assert [both(matrix, query, 20) for query in queries] == with_it


def test_bounds_hold_for_sums_in_any_order():
    """What float32 sums are off by, in several orders, never passes the bound; a query cast to integers does."""
    numbers = np.random.default_rng(0)
    for dim in (3, 64, 384, 1536):
        matrix = (numbers.standard_normal((200, dim)) * 10.0 ** numbers.uniform(-3, 3, (200, 1))).astype(np.float32)
        query = numbers.standard_normal(dim).astype(np.float32)
        bound = kernels.bounds(kernels.lengths(matrix), kernels.length(query), dim)
        true = kernels.exact(matrix, query, np.arange(200))
        orders = [np.arange(dim), np.arange(dim)[::-1], np.argsort(np.abs(query)), numbers.permutation(dim)]
        for order in orders:
            running = np.zeros(200, np.float32)
            for column in order:
                running += matrix[:, column] * query[column]
            assert (np.abs(running - true) <= bound).all()
        assert (np.abs(kernels.products(matrix, query) - true) <= bound).all()
        assert (np.abs(matrix @ query - true) <= bound).all()
        assert (np.abs(matrix.astype(np.float64) @ np.trunc(query) - true) > bound).any()


def test_many_changes_stay_exact(monkeypatch):
    """Rows replaced, dropped and undone between searches, on a screen: always what a plain search over what is left
    gives.
    """
    monkeypatch.setattr(vectors, "SCREENED", 500)
    numbers = np.random.default_rng(3)
    matrix = unit(3000, 32) * numbers.uniform(0.1, 3, size=(3000, 1)).astype(np.float32)
    matrix[100:140] = matrix[99]
    index, rows = VectorIndex(np.arange(3000), matrix), dict(enumerate(matrix))
    for step in range(150):
        mark, before = index.mark(), dict(rows)
        for row in numbers.integers(0, 3000, size=4).tolist():
            if step % 5 == 4:
                index.drop(row)
                rows.pop(row, None)
            else:
                rows[row] = numbers.normal(size=32).astype(np.float32)
                index.put(row, rows[row])
        if step % 7 == 3:
            index.undo(mark)
            rows = before
        elif step % 3 == 0:
            index.forget()
        query = matrix[99] if step % 20 == 0 else numbers.normal(size=32).astype(np.float32)
        ids = np.array(sorted(rows))
        want = ids[truth(np.stack([rows[row] for row in ids.tolist()]), query, 20)].tolist()
        assert [row for row, _ in index.top(query, 20)] == want
    assert index._near._screen is not None or screen.library() is None


def test_one_place_says_from_when_codes_are_used():
    from memos.operation.retrieval import index as local

    assert vectors.SCREENED == local.SCREENED == nearest.SCREENED == 4096


def test_the_search_bench_measures_recall_and_fails_below_one(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import bench_search
    from search_bench.ours import BenchStore, Limits, recall
    from search_bench.texts import questions, sentences
    from search_bench.timing import Timing

    store, texts = BenchStore(tmp_path, Timing()), sentences(300)
    store.fill(texts, Limits(), lambda name, value: None)
    asked = questions(texts, 5)
    store.embedder.learn(asked)
    assert recall(store, asked) == 1
    monkeypatch.setattr(store.operator.index, "pool", lambda vector, count: np.arange(count))
    short = recall(store, asked)
    assert 0 < short < 1
    assert bench_search.inexact({"10": {"ours": {"recall": 1.0}}, "300": {"ours": {"recall": short}}}) == [
        f"{short:.4%} at 300"
    ]
    store.vault.close()


def test_a_faiss_that_cannot_be_loaded_is_told_once_and_numpy_searches(monkeypatch, caplog, tmp_path):
    (tmp_path / "faiss.py").write_text("raise ImportError('numpy.core.multiarray failed to import')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    monkeypatch.setattr(kernels, "_TOLD", set())
    monkeypatch.setattr(screen, "library", screen.library.__wrapped__)
    matrix = unit(5000, 32)
    for query in unit(3, 32, 3):
        want = truth(matrix, query, 20)
        assert both(matrix, query, 20) == (want, want)
    [text] = [record.getMessage() for record in caplog.records if "faiss-cpu" in record.getMessage()]
    assert "multiarray" in text


@pytest.mark.parametrize("threads", [1, 4])
def test_a_query_takes_one_thread_and_leaves_the_setting_as_it_was(threads):
    class Library:
        said, now = [], threads

        def omp_get_max_threads(self):
            return self.now

        def omp_set_num_threads(self, count):
            self.said.append(count)
            self.now = count

    library = Library()
    with pytest.raises(ZeroDivisionError), kernels.one_thread(library):
        assert library.now == 1
        raise ZeroDivisionError
    assert library.now == threads and len(library.said) == (0 if threads == 1 else 2)


def test_no_search_starts_threads_of_faiss(monkeypatch):
    faiss = pytest.importorskip("faiss")
    chance, used = np.random.default_rng(3), []
    matrix = chance.standard_normal((nearest.SCREENED, 8)).astype(np.float32)
    own = faiss.IndexScalarQuantizer.search
    monkeypatch.setattr(
        faiss.IndexScalarQuantizer,
        "search",
        lambda self, *given: used.append(faiss.omp_get_max_threads()) or own(self, *given),
    )
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        index = nearest.Nearest()
        index.rows(matrix, matrix[0], 3)
        assert used[-1] == 1 and faiss.omp_get_max_threads() == 3
    finally:
        faiss.omp_set_num_threads(before)
