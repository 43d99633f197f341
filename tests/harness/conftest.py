"""Small runs in this process."""

from __future__ import annotations

import pytest
from small_runs import Made


@pytest.fixture
def made(tmp_path):
    """Make configurations: ``made("system.top_k=1", out=folder)``."""
    return lambda *overrides, out=None: Made(out or tmp_path / "out", *overrides)
