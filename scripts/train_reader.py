"""Fit the extractive reader's weights (eval/answerers/weights.json) and tell what they reach on conversations left out.

    python scripts/train_reader.py            # cross-validation over the tuning conversations
    python scripts/train_reader.py --write    # fit on all of them, write the weights

Only conversations named in ``TUNING`` (eval/answerers/fit/tuning.py) are ever used. The weights derive from LOCOMO
(CC BY-NC 4.0).
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from eval.answerers.fit.lines import write_line_weights
from eval.answerers.fit.spans import SpanFit, SpanFitSettings
from eval.answerers.fit.tuning import WEIGHTS, tuning_conversations
from eval.command.script import add_cache, add_data, add_write, embeddings, locomo, one_line_errors
from eval.datasets.locomo import load


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    add_write(parser, "the weights, fitted on all tuning conversations")
    parser.add_argument(
        "--lines", action="store_true", help="fit and write the weights of the line ranking instead of the spans'"
    )
    parser.add_argument("--cosine", action="store_true", help="with --lines: also fit the ranking with cosine")
    add_cache(parser)
    parser.add_argument("--l2", type=float, default=0.5, help="penalty of the squared weights")
    parser.add_argument("--typed", type=float, default=0.5, help="scale of weights kept for one question type")
    parser.add_argument("--likelihood", type=float, default=0.15, help="share of likelihood in the objective")
    parser.add_argument("--steps", type=int, default=100, help="L-BFGS steps")
    args = parser.parse_args()
    dataset = tuning_conversations(load(locomo(args.data)))
    if args.lines:
        write_line_weights(dataset, embeddings(args.cache) if args.cosine else None)
        return
    fit = SpanFit(dataset, SpanFitSettings(args.l2, args.typed, args.likelihood, args.steps))
    print(fit.describe(), file=sys.stderr)
    if args.write:
        print(f"{WEIGHTS}: {fit.write()} span weights")
        return
    outcomes = fit.cross_validate()
    print("left out: gold turns {:.4f}, whole conversation {:.4f}".format(*np.mean(outcomes, axis=0)), outcomes)


if __name__ == "__main__":
    sys.exit(main())
