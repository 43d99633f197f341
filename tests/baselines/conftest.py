"""Fixtures of the baselines' tests; helpers are importable from ``conftest_baselines``."""

from __future__ import annotations

from conftest_baselines import conversation, embedder  # noqa: F401
