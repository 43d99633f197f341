"""How many conversations are ingested at once: as many as wait for a server, and one where the work is done here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from eval.core.config import component_class, wants
from eval.stages.bench import Bench
from memos.errors import ConfigError

AUTO = "auto"
MOST = 64
"""Conversations ingested at once where a server says nothing of its own (its model's ``concurrency``)."""
INTERRUPTED_S = 2.0
"""Longest wait of an interrupted command for its threads: whatever they are at is made again."""


def conversations_at_once(bench: Bench) -> int:
    """The setting ``at_once``, for this system and its models.

    ``auto``: where the system is a server or asks a language model or an embedder of one, and declares that its
    instances may work in threads of one process, as many conversations as there may be calls under way; else one. A
    system that declares that they may not gets one whatever the setting.

    Raises:
        ConfigError: the setting is neither ``auto`` nor a number from 1 on.
    """
    setting = bench.config.get("at_once", AUTO)
    if setting != AUTO and (not isinstance(setting, int) or isinstance(setting, bool) or setting < 1):
        raise ConfigError(f"at_once: expected {AUTO} or a number from 1 on, found {setting!r}")
    declared = getattr(bench.system_class, "at_once", None)
    if declared is False:
        return 1
    if setting != AUTO:
        return setting
    models = [bench.system_spec, *([bench.config["llm"]] if bench.uses_llm() else [])]
    models += [bench.embedder_spec] if wants(bench.system_class, "embedder") else []
    servers = [model for model in models if waits(model)]
    return min(int(model.get("concurrency") or MOST) for model in servers) if declared and servers else 1


def waits(model: Mapping[str, Any]) -> bool:
    """Whether calls of a configured model, embedder or system wait for a server."""
    return bool(model.get("_target_")) and bool(getattr(component_class(model, "model"), "remote", False))


def patience() -> float | None:
    """Seconds that threads are waited for where something ends; None, as long as it takes, unless by an interrupt."""
    error = sys.exception()
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return None if error is None else INTERRUPTED_S
