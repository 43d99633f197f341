"""The main table: on LOCOMO, or on the generated benchmark where LOCOMO cannot be had (``make locomo`` calls this).

    python scripts/main_table.py [overrides of run.py, such as system=rag,memos]

The generated benchmark's tables are results/tables/generated*, and what is printed says loudly that they are not
LOCOMO's. ``run.py experiment=locomo`` never takes other data by itself: without LOCOMO it ends with an error.
"""

from __future__ import annotations

import sys

from eval.command.main_table import main

if __name__ == "__main__":
    sys.exit(main())
