"""One cell in a process of its own: ``python -m eval.experiments.kv_ttft.cell OUT`` reads the cell's description from
standard input.
"""

from __future__ import annotations

import json
import math
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.experiments.kv_ttft import limit, models, texts
from eval.experiments.kv_ttft.spread import summary
from eval.runs.write import write_json
from memos.errors import MemosError

INSTRUCTIONS = "You help two friends with their shared memories."
RATIO = (0.75, 1.15)
"""Direct / (Build + KV) outside of this is flagged: one of the arms is weak."""


def measure(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Run all arms of a cell.

    Args:
        spec: ``model``, ``kv`` (KvConfig as a mapping), ``cell`` (context, query, tokens, mean tokens), ``lines``,
            ``questions`` and ``seed``.

    Returns:
        The cell's record; ``status`` is failed where the arms' answers differ in float32.
    """
    from eval.experiments.kv_ttft.arms import Arms
    from memos.activation.model import ActivationModel

    kv = spec["kv"]
    load_before, cpu_before = _load(), time.process_time()
    loaded = models.load(spec["model"], kv["dtype"], kv["device"], kv["revision"], kv["threads"], spec["seed"])
    model = ActivationModel.over(loaded.model, loaded.tokenizer, name=loaded.name)
    device = loaded.model.device
    repeats = kv["repeats"] or (20 if device.type == "cuda" else 5)
    memory_text, queries = _texts(model, spec, repeats)
    memory = model.build(memory_text, INSTRUCTIONS)
    before = memory.digest()
    arms = Arms(model, memory)
    rounds, gap = _rounds(arms, memory_text, queries, random.Random(spec["seed"]))
    rest = [len(model.inject(memory, query)[0]) for query in queries[1:]]
    record = _record(spec["cell"], rounds, limit.Sizes.of(loaded.model), len(memory), rest)
    record |= _equality(model, memory, queries[1], kv["equality_tokens"]) | {"max_logit_difference": gap}
    record |= {"store": _store(model, memory, queries[1], record["build"]), "unchanged": memory.digest() == before}
    record["limit"] |= _bytes_limit(record, loaded.model, memory.nbytes)
    exact = kv["dtype"] != "float32" or (record["identical"] and gap <= 1e-3)
    record["status"] = "ok" if exact and record["unchanged"] else "failed"
    return record | {
        "model": loaded.name,
        "random_weights": loaded.random,
        "device": _device(device),
        "dtype": kv["dtype"],
        "cache_at": str(device),
        "cache_bytes": memory.nbytes,
        "attention": f"{model.engine.attention} (both main arms)",
        "peak_memory_bytes": _peak(device),
        "threads": _threads(),
        "load_average": [load_before, _load()],
        "cpu_seconds": time.process_time() - cpu_before,
    }


def _texts(model: Any, spec: Mapping[str, Any], repeats: int) -> tuple[str, list[str]]:
    """The memory and one query for each round, the warm-up's first."""
    from memos.activation.model import system_text
    from memos.activation.prompt import MemoryPrompt

    _, _, context, mean = spec["cell"]
    words = " \n".join(spec["lines"]).split(" ")
    half = len(words) // 2

    def head(text: str) -> int:
        return len(MemoryPrompt(model.tokenizer, system_text(text, INSTRUCTIONS)).head_ids)

    memory = texts.fit(head, words[:half], context)
    prompt = MemoryPrompt(model.tokenizer, system_text(memory, INSTRUCTIONS))
    shift, queries = random.Random(spec["seed"] + 1), []
    for number, size in enumerate([round(mean), *texts.lengths(mean, repeats)]):
        start = half + shift.randrange(max(1, half // 2))
        ask = "\n\nQuestion: " + spec["questions"][number % len(spec["questions"])]
        queries.append(texts.fit(lambda text: len(prompt.rest(text)[1]), words[start:] or words, size, ask))
    return memory, queries


def _rounds(
    arms: Any, memory_text: str, queries: list[str], draw: random.Random
) -> tuple[list[dict[str, float]], float]:
    """One warm-up round, then a round a query: all arms and the build in random order, the matrix peak right after the
    KV arm.

    Returns the seconds (``peak``: operations a second) by arm and the largest difference of first-token logits between
    the two main arms.
    """
    from eval.experiments.kv_ttft.arms import ARMS

    out, gap = [], 0.0
    for number, query in enumerate(queries):
        order, seconds, logits = [*ARMS, "build"], {}, {}
        draw.shuffle(order)
        for arm in order:
            if arm == "build":
                seconds[arm] = arms.build(memory_text, INSTRUCTIONS)
            else:
                seconds[arm], logits[arm] = arms.time(arm, query)
            if arm == "kv":  # both at the same moment: a shared machine's speed changes within a round
                seconds["peak"] = limit.matrix_peak(arms.model.model)
        gap = max(gap, float((logits["kv"] - logits["direct"]).abs().max()))
        if number:
            out.append(seconds)
    return out, gap


def _record(
    cell: tuple, rounds: list[dict[str, float]], sizes: limit.Sizes, context: int, rest: list[int]
) -> dict[str, Any]:
    """Table 5's columns, each arm's spread, and how near the arithmetic's limit the cell is."""
    names = [name for name in rounds[0] if name != "peak"]
    spread = {name: summary([one[name] for one in rounds]) for name in names}
    build, kv, direct = (spread[name]["p50"] for name in ("build", "kv", "direct"))
    query, peak = statistics.fmean(rest), max(one["peak"] for one in rounds)
    work = [limit.flops(sizes, n, context) for n in rest]
    speedup = summary([100 * (1 - one["kv"] / one["direct"]) for one in rounds])
    peer = summary([100 * (1 - one["kv"] / one["direct_peer"]) for one in rounds])
    allowed = limit.allowed_speedup(sizes, context, query)
    ratio = summary([one["direct"] / (one["build"] + one["kv"]) for one in rounds])
    return {
        "context": cell[0],
        "query": cell[1],
        "context_tokens": context,
        "query_tokens": round(query, 1),
        "build": build,
        "kv_ttft": kv,
        "dir_ttft": direct,
        "speedup": 100 * (1 - kv / direct),
        "arms": spread,
        "rounds": rounds,
        "speedup_paired": speedup,
        "speedup_against_peer": peer,
        "ratio": direct / (build + kv),
        "ratio_paired": ratio,
        "ratio_flag": not RATIO[0] <= ratio["p50"] <= RATIO[1],
        "kv_over_naive": summary([one["kv"] / one["kv_naive"] for one in rounds]),
        "break_even_uses": math.ceil(build / (direct - kv)) if direct > kv else None,
        "limit": {
            "allowed_speedup": allowed,
            "speedup_over_allowed": 100 * (1 - kv / direct) / allowed,
            "matrix_peak": peak,
            "flops": statistics.fmean(work),
            "arithmetic_s": statistics.fmean(work) / peak,
            "of_matrix_peak": summary([w / one["kv"] / one["peak"] for w, one in zip(work, rounds, strict=True)]),
            "quickest_of_matrix_peak": max(w / one["kv"] for w, one in zip(work, rounds, strict=True)) / peak,
        },
    }


def _bytes_limit(record: Mapping[str, Any], model: Any, cache_bytes: int) -> dict[str, float]:
    """Seconds to move weights and cache once, and the physical limit: the slower of bytes and arithmetic."""
    rate = limit.bandwidth(model)
    moved = limit.Sizes.of(model).weight_bytes + cache_bytes
    floor = max(moved / rate, record["limit"]["arithmetic_s"])
    return {
        "bandwidth": rate,
        "bytes": moved,
        "bytes_s": moved / rate,
        "floor_s": floor,
        "reached": floor / record["kv_ttft"],
    }


def _equality(model: Any, memory: Any, query: str, tokens: int) -> dict[str, Any]:
    """Greedy replies of both arms: identical, or where they part."""
    kv = model.generate(memory, [query], tokens)[0].ids
    direct = model.generate_direct(memory.system, query, tokens).ids
    divergence = next((i for i, (a, b) in enumerate(zip(kv, direct, strict=True)) if a != b), None)
    return {"identical": divergence is None, "first_divergence": divergence, "compared_tokens": len(kv)}


def _store(model: Any, memory: Any, query: str, build: float) -> dict[str, Any]:
    """Size, loading time and divergence of each stored form. The file was just written, so its pages are in memory."""
    from memos.activation import cache_files

    wanted = model.first_logits(memory, query, keep=0).log_softmax(-1)
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in cache_files.FORMATS:
            stored, seconds = cache_files.save(memory, Path(folder), form), []
            for _ in range(5):
                start = time.perf_counter()
                back = cache_files.load(stored.path, identity=model.identity, device=str(memory.device))
                limit.synchronise(memory.device)
                seconds.append(time.perf_counter() - start)
            got = model.first_logits(back, query, keep=0).log_softmax(-1)
            kl = float((wanted.exp() * (wanted - got)).sum(-1).mean())
            load = statistics.median(seconds)
            out[form] = {"bytes": stored.tensor_bytes, "load_s": load, "load_over_build": load / build, "kl": kl}
    return out


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _device(device: Any) -> str:
    from eval.core.provenance import hardware

    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_name(device)
    return str(hardware()["cpu"] or "cpu")


def _peak(device: Any) -> int:
    """Most memory taken so far: on the accelerator, or by this process."""
    if device.type == "cuda":
        import torch

        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Entry point of the process."""
    from eval.experiments.kv_ttft import server

    spec = json.load(sys.stdin)
    try:
        record = server.measure(spec) if spec["kv"]["base_url"] else measure(spec)
    except MemosError as error:
        record = {"status": "error", "context": spec["cell"][0], "query": spec["cell"][1], "error": str(error)}
    write_json(Path(sys.argv[1]), record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
