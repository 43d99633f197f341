"""Measure what activation memory promises besides Table 5 (docs/kv.md#several-memories): shared prefixes and
composition.

``python scripts/bench_kv.py shared [--tokens 7900] [--questions 16]`` rates many questions on one prefix: without
reuse, with
sequential reuse of a cache that is copied, with split attention one by one, and batched; replies are compared.
``python scripts/bench_kv.py compose [--memories 4] [--length 300] [--queries 10]`` prints the mean KL from a full
prefill over the query
tokens, cost and answer agreement of each way of joining memories, with both controls.

``--model`` takes what experiment=kv_ttft takes, random:NAME included. Load and threads are printed with the figures.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from tqdm import tqdm

from eval.command.script import add_seed, one_line_errors
from eval.datasets.load import load_dataset
from eval.experiments.kv_ttft import models, texts

WAYS = ("exact", "naive", "rotated", "blended", "random", "first")


def _model(args: argparse.Namespace) -> Any:
    from memos.activation.model import ActivationModel

    loaded = models.load(args.model, args.dtype, args.device, None, args.threads, args.seed)
    return ActivationModel.over(loaded.model, loaded.tokenizer, name=loaded.name)


def _words(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    lines, questions = texts.lines(load_dataset(args.dataset), args.seed)
    return "\n".join(lines).split(" "), questions


def shared(args: argparse.Namespace) -> None:
    """Questions a minute on one prefix, each way timed over as many questions as it can afford."""
    from memos.activation.model import system_text
    from memos.activation.prompt import MemoryPrompt

    (words, questions), model = _words(args), _model(args)
    memory = texts.fit(lambda t: len(MemoryPrompt(model.tokenizer, system_text(t)).head_ids), words, args.tokens)
    asked = questions[: args.questions]
    prefix = model.build(memory)
    few = min(args.slow, len(asked))
    ways = {
        "no reuse": (few, lambda some: [model.generate_direct(prefix.system, one, args.new).ids for one in some]),
        "sequential reuse (copied cache)": (few, lambda some: [_copied(model, prefix, one, args.new) for one in some]),
        "split, one by one": (few, lambda some: [model.generate(prefix, [one], args.new)[0].ids for one in some]),
        "split, one batch": (len(asked), lambda some: [one.ids for one in model.generate(prefix, some, args.new)]),
    }
    replies, rates = {}, {}
    for name, (count, way) in ways.items():
        before, start = model.engine.encoded_tokens, time.perf_counter()
        replies[name] = way(asked[:count])
        rates[name] = 60 * count / (time.perf_counter() - start)
        print(
            f"{name:34} {rates[name]:8.1f} questions a minute over {count:3}, {model.engine.encoded_tokens - before:7} "
            "tokens encoded",
            flush=True,
        )
    batch = replies["split, one batch"]
    for name, (count, _) in ways.items():
        same = sum(a == b for a, b in zip(replies[name], batch, strict=False))
        print(
            f"{name:34} batch is {rates['split, one batch'] / rates[name]:5.1f} times faster; same replies {same} of "
            f"{count}"
        )


def _copied(model: Any, memory: Any, query: str, new: int) -> list[int]:
    """The usual way: a deep copy of the cache for each question, transformers' own attention and generation."""
    import torch
    from transformers import DynamicCache

    from memos.llm.kv import reading
    from memos.llm.split_attention import NAME

    past = DynamicCache()
    for layer, (keys, layer_values) in enumerate(zip(memory.states.keys, memory.states.values, strict=True)):
        past.update(keys[None], layer_values[None], layer)
    ids, prefix = model.inject(memory, query)
    model.model.set_attn_implementation("sdpa")
    whole = torch.tensor([[*prefix.ids, *ids]], device=model.model.device)
    with torch.inference_mode():
        out = model.model.generate(
            whole,
            attention_mask=torch.ones_like(whole),
            **reading(model.model, copy.deepcopy(past)),
            max_new_tokens=new,
            min_new_tokens=new,
            do_sample=False,
            pad_token_id=0,
        )
    model.model.set_attn_implementation(NAME)
    return out[0, len(prefix.ids) + len(ids) :].tolist()


def compose(args: argparse.Namespace) -> None:
    """Divergence, cost and agreement of the modes."""
    from memos.activation.compose import Composer

    (words, questions), model = _words(args), _model(args)
    pieces = []
    for index in range(args.memories):
        at = len(words) // args.memories * index
        text = texts.fit(lambda t: len(model.tokenizer(t)["input_ids"]), words[at : at + 2 * args.length], args.length)
        pieces.append(" ".join(text.split()))
    asked = questions[: args.queries]
    ways = {
        "exact": {},
        "naive": {"mode": "naive"},
        "rotated": {"mode": "rotated"},
        **{f"blended {share:.0%}": {"mode": "blended", "share": share} for share in (0.0, args.share, 1.0)},
        f"random {args.share:.0%}": {"mode": "blended", "share": args.share, "select": "random"},
        f"first {args.share:.0%}": {"mode": "blended", "share": args.share, "select": "first"},
    }
    direct: dict[str, SimpleNamespace] = {}
    for name, fields in ways.items():
        if name.split()[0] not in args.ways:
            continue
        composer = Composer(Composer.Config(**fields), model=model)
        made = composer.compose(pieces)
        joined, prefill = _join_times(composer, model, pieces, made.memory.states.ids)
        if not direct:
            direct = {
                one: _direct(model, made.memory.system, one, args.new) for one in tqdm(asked, "direct", disable=None)
            }
        kl = statistics.fmean(_divergence(model, made.memory, one, direct[one]) for one in asked)
        same = sum(
            ids == direct[one].ids for one, ids in zip(asked, _replies(model, made.memory, asked, args), strict=True)
        )
        print(
            f"{name:14} KL {kl:8.4f}, same answers {same:3} of {len(asked)}, joined in {joined:.2f} s, "
            f"{joined / prefill:.2f} of a full prefill's {prefill:.2f} s",
            flush=True,
        )


def _join_times(
    composer: Any, model: Any, pieces: Sequence[str], ids: Sequence[int], rounds: int = 3
) -> tuple[float, float]:
    """Median seconds of joining memories that are encoded already, and of a full prefill of the same tokens, turn
    about.
    """
    seconds: dict[str, list[float]] = {"joined": [], "prefill": []}
    for _ in range(rounds):
        for name, work in (("joined", lambda: composer.compose(pieces)), ("prefill", lambda: model.states(ids))):
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    return statistics.median(seconds["joined"]), statistics.median(seconds["prefill"])


def _direct(model: Any, system: str, query: str, new: int) -> SimpleNamespace:
    from memos.activation.prompt import MemoryPrompt

    keep = len(MemoryPrompt(model.tokenizer, system).rest(query)[1])
    logits = model.direct_logits(system, query, keep=keep).log_softmax(-1)
    return SimpleNamespace(logits=logits, ids=model.generate_direct(system, query, new).ids)


def _divergence(model: Any, memory: Any, query: str, wanted: SimpleNamespace) -> float:
    """Mean KL in nats of the memory's next-token distributions from the direct ones, over the query's tokens."""
    got = model.first_logits(memory, query, keep=len(wanted.logits)).log_softmax(-1)
    return float((wanted.logits.exp() * (wanted.logits - got)).sum(-1).mean())


def _replies(model: Any, memory: Any, queries: Sequence[str], args: argparse.Namespace) -> list[Sequence[int]]:
    """Greedy replies on a memory, ``--questions`` at a time."""
    starts = range(0, len(queries), args.questions)
    return [reply.ids for at in starts for reply in model.generate(memory, queries[at : at + args.questions], args.new)]


@one_line_errors
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("shared", "compose"))
    parser.add_argument("--model", default=models.EMBEDDED)
    parser.add_argument("--dataset", default="locomo", help="locomo or tiny")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    add_seed(parser)
    parser.add_argument("--new", type=int, default=16, help="tokens of a reply")
    parser.add_argument("--tokens", type=int, default=7900, help="shared: tokens of the prefix")
    parser.add_argument("--questions", type=int, default=16, help="questions in a batch")
    parser.add_argument("--slow", type=int, default=2, help="shared: questions timed in the slower ways")
    parser.add_argument("--memories", type=int, default=4, help="compose: memories joined")
    parser.add_argument("--length", type=int, default=300, help="compose: tokens of each")
    parser.add_argument("--queries", type=int, default=10, help="compose: queries")
    parser.add_argument("--share", type=float, default=0.15, help="compose: share of tokens recomputed")
    parser.add_argument(
        "--ways", nargs="+", choices=WAYS, default=WAYS, help="compose: ways to measure; all by default"
    )
    args = parser.parse_args(argv)
    {"shared": shared, "compose": compose}[args.what](args)
    print(f"model {args.model}, {args.dtype}, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main())
