"""Fixtures of the baselines' tests; helpers are importable from ``conftest_baselines``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest_baselines import conversation, embedder  # noqa: E402, F401
