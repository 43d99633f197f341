"""How far results move with the processor's kernels: the same conversation read under several settings of the
libraries.

    python scripts/bench_numerics.py [--conversation conv-26] [--questions 60] [--turns 200] [--out
    results/bench/numerics.json]

Each setting runs in a process of its own: ``ATEN_CPU_CAPABILITY`` (torch's own kernels), ``ONEDNN_MAX_CPU_ISA`` and
``MKL_ENABLE_INSTRUCTIONS`` (its matrix products), ``OPENBLAS_CORETYPE`` and ``NPY_DISABLE_CPU_FEATURES`` (numpy's),
``FAISS_SIMD_LEVEL``, two threads, and bfloat16. Against the first it tells the largest difference of a MiniLM vector's
value and of a cosine, the questions whose 20 best hits differ as a set or in order, and how many answers of the
embedded reader differ. A setting that this machine lacks is told and skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from eval.command.script import add_to

ROOT = Path(__file__).resolve().parents[1]
SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "again": {},
    "torch default": {"ATEN_CPU_CAPABILITY": "default"},
    "torch avx2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "oneDNN sse41": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "MKL sse4.2": {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
    "MKL avx2": {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "OpenBLAS Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "OpenBLAS SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "numpy without AVX": {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX"},
    "faiss NONE": {"FAISS_SIMD_LEVEL": "NONE"},
    "two threads": {"OMP_NUM_THREADS": "2"},
    "bfloat16": {"dtype": "bfloat16"},
}


def measured(args: argparse.Namespace) -> dict[str, object]:
    """Vectors, rankings and answers of one process."""
    from eval.answerers.reader import Reader
    from eval.datasets.load import load_dataset
    from memos.embed.minilm import MiniLM
    from memos.system import MemOSSystem
    from memos.types import Query

    dataset = load_dataset("locomo")
    conversation = dataset.conversation(args.conversation)
    embedder = MiniLM(MiniLM.Config(dtype=args.dtype))
    system, reader, turns = MemOSSystem(embedder=embedder), Reader(embedder=embedder), 0
    system.start(conversation)
    for session in conversation.sessions:
        if turns < args.turns:
            system.add(session)
            turns += len(session.turns)
    system.finish()
    own = (question for question in dataset.questions if question.sample_id == args.conversation)
    asked = [question.text for question in own if not question.unanswerable][: args.questions]
    vectors = embedder.encode(asked)
    hits, answers = [], []
    for text in asked:
        reply = system.search(Query(text, depth=20))
        hits.append([list(hit.turn_ids) for hit in reply.hits[:20]])
        answers.append(reader.read(text, reply.rendered(), conversation.speakers))
    units = np.concatenate([vectors, system.index.vectors])
    np.save(args.child, units)
    return {"hits": hits, "answers": answers, "turns": system.index.n}


def told(name: str, one: tuple[np.ndarray, dict], other: tuple[np.ndarray, dict]) -> dict[str, object]:
    """How a setting differs from the first."""
    (left, here), (right, there) = one, other
    count = len(here["answers"])
    cosines = [vectors[:count].astype(np.float64) @ vectors[count:].T.astype(np.float64) for vectors in (left, right)]
    pairs = list(zip(here["hits"], there["hits"], strict=True))
    return {
        "setting": name,
        "vector": float(np.abs(left - right).max()),
        "cosine": float(np.abs(cosines[0] - cosines[1]).max()),
        "sets": sum({*map(tuple, a)} != {*map(tuple, b)} for a, b in pairs),
        "orders": sum(a != b for a, b in pairs),
        "answers": sum(a != b for a, b in zip(here["answers"], there["answers"], strict=True)),
        "questions": count,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversation", default="conv-26")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--settings", nargs="*", default=list(SETTINGS), choices=list(SETTINGS))
    add_to(parser, "also write the figures as JSON")
    parser.add_argument("--dtype", default="float32", help=argparse.SUPPRESS)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measured(args)))
        return
    results, first = [], None
    with tempfile.TemporaryDirectory() as folder:
        for name in args.settings:
            setting = dict(SETTINGS[name])
            options = ["--dtype", setting.pop("dtype", "float32"), "--child", f"{folder}/vectors.npy"]
            options += [
                "--conversation",
                args.conversation,
                "--questions",
                str(args.questions),
                "--turns",
                str(args.turns),
            ]
            clean = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
            done = subprocess.run(
                [sys.executable, __file__, *options],
                env={**clean, "OMP_NUM_THREADS": "1", **setting},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                print(f"{name}: not measured: {(done.stderr.strip().splitlines() or ['no message'])[-1]}", flush=True)
                continue
            made = np.load(f"{folder}/vectors.npy"), json.loads(done.stdout.strip().splitlines()[-1])
            first = first or made
            results.append(told(name, first, made))
            print(
                "{setting:18s} vector {vector:.1e}  cosine {cosine:.1e}  other sets {sets}, orders {orders}, answers "
                "{answers} of {questions}".format(**results[-1]),
                flush=True,
            )
    if args.to:
        args.to.parent.mkdir(parents=True, exist_ok=True)
        args.to.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
