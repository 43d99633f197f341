"""Caches in files and budgets: identity, damage, bytes (docs/memos.md C35-C37; defects 4, 5)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import torch
from conftest_activation import FACTS, INST, tiny, tokenizer

from memos.activation import cache_files
from memos.activation.errors import ActivationError, BudgetTooSmall, CorruptCache, ForeignCache
from memos.activation.model import ActivationModel
from memos.activation.pool import CachePool, Tier

MEMORY, QUERY = "\n".join(FACTS * 3), "Who has two cats?"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def memory(llama):
    return llama.build(MEMORY)


def kl(model, memory, other) -> float:
    wanted, got = (model.first_logits(one, QUERY).log_softmax(-1) for one in (memory, other))
    return float((wanted.exp() * (wanted - got)).sum())


def test_full_precision_comes_back_bit_for_bit(llama, memory, tmp_path):
    stored = cache_files.save(memory, tmp_path, "fp32")
    back = cache_files.load(stored.path, identity=llama.identity)
    assert back.digest() == memory.digest() and back.system == memory.system
    assert llama.generate(back, [QUERY], 16)[0].ids == llama.generate(memory, [QUERY], 16)[0].ids
    assert stored.file_bytes == stored.path.stat().st_size and stored.tensor_bytes == memory.nbytes
    assert cache_files.load(stored.path, verify="digest").digest() == memory.digest()


@pytest.mark.parametrize(("form", "share", "limit"), [("bf16", 0.5, 1e-2), ("int8", 0.33, 1e-2)])
def test_smaller_forms_are_smaller_and_near(words, tmp_path, form, share, limit):
    llama = ActivationModel.over(tiny(initializer_range=0.15), words)
    memory = llama.build(MEMORY)
    stored = cache_files.save(memory, tmp_path, form)
    assert stored.tensor_bytes <= share * memory.nbytes
    back = cache_files.load(stored.path, identity=llama.identity)
    assert back.states.keys[0].dtype == torch.float32 and 0 <= kl(llama, memory, back) < limit


def test_what_is_stored_never_changes(llama, memory, tmp_path):
    first = cache_files.save(memory, tmp_path, "fp32")
    stamp, content = first.path.stat().st_mtime_ns, first.path.read_bytes()
    back = cache_files.load(first.path)
    for index in range(3):
        llama.generate(back, [f"{QUERY} {index}"], 8)
    assert cache_files.save(back, tmp_path, "fp32") == first and first.path.stat().st_mtime_ns == stamp
    assert first.path.read_bytes() == content


@pytest.mark.parametrize(
    "harm",
    [
        "cut",
        "flip",
        "empty",
        "header",
        "gone",
        "no_sidecar",
        "half_sidecar",
        "schema",
        "ids",
        "field",
        "cache",
        "text",
        "order",
    ],
)
def test_damage_is_told_in_one_line(memory, tmp_path, harm):
    path = cache_files.save(memory, tmp_path, "bf16").path
    stored, side = path.read_bytes(), path.with_suffix(".json")
    sidecar = json.loads(side.read_text())
    if harm in ("cut", "empty", "header", "flip"):
        flipped = bytearray(stored)
        flipped[-5] ^= 0x10
        new = {"cut": stored[:-100], "empty": b"", "header": b"\xff" * 8 + stored[8:], "flip": bytes(flipped)}[harm]
        path.write_bytes(new)
    elif harm == "gone":
        path.unlink()
    elif harm == "no_sidecar":
        side.unlink()
    elif harm == "half_sidecar":
        side.write_text(side.read_text()[:50])
    else:
        change = {
            "schema": {"schema": 9},
            "ids": {"ids": sidecar["ids"][:-1]},
            "field": {"system": 3},
            "text": {"system": "Other notes from memory."},
            "order": {"ids": sidecar["ids"][::-1]},
            "cache": {"identity": {**sidecar["identity"], "cache": "ring:1"}},
        }[harm]
        side.write_text(json.dumps({**sidecar, **change}))
    with pytest.raises(CorruptCache) as caught:
        cache_files.load(path)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("what", ["weights", "tokenizer", "template", "dtype", "rope", "cache"])
def test_foreign_caches_are_refused_naming_the_difference(llama, memory, tmp_path, what):
    """Defect 4: a cache of another model with the same shape was read without complaint."""
    made = {
        "weights": lambda: ActivationModel.over(tiny(seed=5), llama.tokenizer),
        "tokenizer": lambda: ActivationModel.over(tiny(), _other_tokens()),
        "template": lambda: ActivationModel.over(tiny(), tokenizer(INST)),
        "dtype": lambda: ActivationModel.over(tiny().to(torch.bfloat16), llama.tokenizer),
        "rope": lambda: ActivationModel.over(
            tiny(rope_parameters={"rope_type": "default", "rope_theta": 500.0}), llama.tokenizer
        ),
        "cache": lambda: ActivationModel.over(tiny(layers=2), llama.tokenizer),
    }[what]()
    path = cache_files.save(memory, tmp_path, "fp32").path
    for read in (lambda: cache_files.load(path, identity=made.identity), lambda: made.generate(memory, [QUERY], 2)):
        with pytest.raises(ForeignCache) as caught:
            read()
        differing = [
            name
            for name in ("weights", "dtype", "tokenizer", "template", "rope", "cache")
            if f": {name} is" in str(caught.value)
        ]
        assert differing and (what in differing or what in ("dtype", "cache"))


def _other_tokens():
    made = tokenizer()
    made.add_tokens(["kite"])
    return made


def test_the_pool_keeps_every_tier_within_its_bytes(llama, tmp_path):
    memories = {str(i): llama.build(f"{FACTS[0]} {i}") for i in range(6)}
    size = memories["0"].nbytes
    pool = CachePool([Tier("cpu", 2 * size), Tier("cpu", size)], folder=tmp_path, form="fp32")
    for key, memory in memories.items():
        pool.put(key, memory)
        assert all(used <= tier.max_bytes for used, tier in zip(pool.nbytes, pool.tiers, strict=True))
    assert pool.stats.evicted == 3 and all(key in pool for key in memories)
    for key in ("0", "5", "1"):
        assert pool.get(key, llama.identity).digest() == memories[key].digest()
        assert all(used <= tier.max_bytes for used, tier in zip(pool.nbytes, pool.tiers, strict=True))
    assert pool.stats.loads == 2 and pool.get("never") is None


def test_dropping_frees_the_measured_bytes(llama):
    memory = llama.build(MEMORY)
    pool = CachePool([Tier("cpu", 1 << 30)])
    pool.put("a", memory)
    assert sum(pool.nbytes) == memory.nbytes == pool.drop("a") and sum(pool.nbytes) == 0
    with pytest.raises(BudgetTooSmall, match="exceeds every tier"):
        CachePool([Tier("cpu", 10)]).put("a", memory)


def test_the_least_recently_used_goes_first(llama):
    memories = [llama.build(f"{FACTS[0]} {i}") for i in range(3)]
    pool = CachePool([Tier("cpu", 2 * memories[0].nbytes)])
    pool.put("a", memories[0])
    pool.put("b", memories[1])
    pool.get("a")
    pool.put("c", memories[2])
    assert "a" in pool and "c" in pool and "b" not in pool


def test_unknown_forms_are_named(memory, tmp_path):
    with pytest.raises(ActivationError, match="'int4' is unknown"):
        cache_files.save(memory, tmp_path, "int4")
    with pytest.raises(ActivationError, match="'none' is unknown"):
        cache_files.load(tmp_path / "x.safetensors", verify="none")


def test_nothing_here_reads_or_writes_executable_formats():
    """Defect 5: stored caches that run code when they are read."""
    for path in [
        *(ROOT / "memos" / "activation").glob("*.py"),
        *(ROOT / "eval" / "experiments" / "kv_ttft").glob("*.py"),
    ]:
        names = {
            n.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import) for n in node.names
        }
        names |= {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
        assert not {"pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"} & names, path
        assert "torch.load" not in path.read_text() and "torch.save" not in path.read_text(), path
