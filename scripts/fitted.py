"""What was fitted on which conversations: the list of this project, or one for a component of your own.

python scripts/fitted.py [--data FILE] [--write]
python scripts/fitted.py --component NAME --to FILE [--dataset NAME] [--data FILE] [--conversations ID…]
"""

from __future__ import annotations

import argparse
import json
import sys

from eval.command.script import add_data, add_to, add_write, locomo, one_line_errors
from eval.core.identity import digest
from eval.datasets.fitted_list import SHIPPED, as_text, own_list, refreshed
from eval.datasets.load import load_dataset
from eval.runs.write import write_atomic
from memos.errors import ConfigError


@one_line_errors
def main() -> int:
    parser = argparse.ArgumentParser(description="Write what was fitted on which conversations, as sketches.")
    add_data(parser)
    add_write(parser, "eval/core/fitted.json")
    parser.add_argument("--component", metavar="NAME", help="a component of your own; without it the project's list")
    parser.add_argument("--dataset", default="locomo", metavar="NAME", help="what it was fitted on (default: locomo)")
    parser.add_argument("--conversations", nargs="+", default=[], metavar="ID", help="ids of these; default: all")
    add_to(parser, "list of your own to write")
    args = parser.parse_args()
    file = locomo(args.data) if args.dataset == "locomo" else args.data
    dataset = load_dataset(args.dataset, path=None if file is None else str(file))
    if args.component:
        if args.to is None:
            raise ConfigError("--to: give the file to write")
        write_atomic(args.to, as_text(own_list(dataset, args.component, args.conversations)))
        return 0
    made = refreshed(json.loads(SHIPPED.read_text(encoding="utf-8")), dataset)
    if args.write:
        write_atomic(SHIPPED, as_text(made))
    print(f"LIST_DIGEST of eval/core/fitted.py: {digest(made)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
