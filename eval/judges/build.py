"""A judge by the name of its file in ``conf/judge``, for scripts and the judge card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.core.config import construct
from eval.core.places import conf
from eval.core.protocols import Judge
from memos.embed.cache import CachedEmbedder
from memos.embed.minilm import MiniLM
from memos.errors import ConfigError


def spec(group: str, name: str) -> dict[str, Any]:
    """The content of ``conf/<group>/<name>.yaml``."""
    from omegaconf import OmegaConf

    file = conf() / group / f"{name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in (conf() / group).glob("*.yaml")))
        raise ConfigError(f"{group}={name}: unknown; known are {known}")
    content: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=True)
    return content


def from_name(name: str, *, llm: str = "none", cache: Path | None = None, **fields: Any) -> Judge:
    """Build a judge.

    Args:
        name: file of ``conf/judge`` without its ending.
        llm: file of ``conf/llm`` for judges that ask a model.
        cache: SQLite file of embeddings; None embeds without a cache.
        fields: fields of the judge's configuration that differ from its file.
    """
    chosen: Mapping[str, Any] = {**spec("judge", name), **fields}
    shared = {
        "embedder": lambda: CachedEmbedder(MiniLM(), cache) if cache else MiniLM(),
        "llm": lambda: construct(spec("llm", llm), "llm") if llm != "none" else None,
    }
    return construct(chosen, "judge", **shared)
