"""Fetch the data that metrics and the embedded models need into ~/.cache/memos-repro (XDG_CACHE_HOME moves it).

    python scripts/fetch_data.py              everything
    python scripts/fetch_data.py punkt wordnet

What is already there is left alone, so a second call ends at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from eval.core.published_prompts import fetch_prompts, has_prompts
from eval.core.resources import fetch_punkt, fetch_smollm2, fetch_wordnet, has_punkt, has_smollm2, has_wordnet
from eval.datasets.find import find_locomo
from memos.errors import MemosError

ITEMS: dict[str, tuple[str, Callable[[], bool], Callable[[], object]]] = {
    "punkt": ("sentence splitter of NLTK (word counts, F1, BLEU, METEOR), 12 MB download", has_punkt, fetch_punkt),
    "wordnet": ("WordNet 3.0 (METEOR), 6 to 11 MB", has_wordnet, fetch_wordnet),
    "smollm2": ("SmolLM2-135M-Instruct (embedded language model), 93 MB", has_smollm2, fetch_smollm2),
    "prompts": (
        "published prompts of mem0, MemOS, Zep and LongMemEval, from their repositories",
        has_prompts,
        fetch_prompts,
    ),
    "locomo": ("the benchmark's data, 3 MB, CC BY-NC 4.0", lambda: False, find_locomo),
}


def main(arguments: list[str] | None = None) -> int:
    """Fetch the named items; 0 where all are there afterwards, else 1."""
    epilog = "items:\n" + "\n".join(f"  {name:<9}{item[0]}" for name, item in ITEMS.items())
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("items", nargs="*", metavar="ITEM", help="what to fetch; everything where none is named")
    names = parser.parse_args(arguments).items or [name for name in ITEMS if name != "prompts"]
    unknown = [name for name in names if name not in ITEMS]
    if unknown:
        parser.error(f"unknown item {unknown[0]!r}; choose from {', '.join(ITEMS)}")
    failed = False
    for name in names:
        _, there, fetch = ITEMS[name]
        if there():
            print(f"{name}: already there")
            continue
        try:
            place = fetch()
        except MemosError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{name}: {place or 'ready'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
