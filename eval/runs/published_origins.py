"""Whose published answers are: method, models and prompt behind a set, as ``published.yaml`` records them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eval.core.categories import CategoryId
from eval.core.places import published_origins
from eval.runs.format.made_by import AnswererFacts, MadeBy, ModelFacts, PartFacts
from memos.errors import DataError
from memos.model_origin import split_declared

SIZES = {1: 282, 2: 321, 3: 96, 4: 841}
"""Questions of LOCOMO's categories 1 to 4."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a set of published answers."""

    system: str
    model: str
    """``MAKER/MODEL`` that answered."""
    memory: bool
    """Whether the method's memory asked that model too."""
    prompt: str
    """``own`` for the method's own harness, else what sets the prompt apart."""
    origin: str
    chunk: int | None = None
    top_k: int | None = None


@cache
def _content(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not YAML: {' '.join(str(error).split())}") from error


def find(name: str, path: Path | None = None) -> Origin | None:
    """What made the set of that name; None where nothing is recorded of it.

    Raises:
        DataError: the file of origins is damaged.
    """
    path = path or published_origins()
    entry = _content(path)["sets"].get(name)
    try:
        return Origin(**entry) if entry else None
    except TypeError as error:
        raise DataError(f"{path}: sets.{name}: {error}") from error


def made_by(origin: Origin, judges: Sequence[str], path: Path | None = None) -> MadeBy:
    """The origin in the words of a run's summary.

    Args:
        origin: from ``find``.
        judges: names of the judges that gave verdicts; ``recorded`` are those that came with the answers.
    """
    said = _content(path or published_origins())["judge"]
    asked = _model(origin.model, origin.origin)
    memory: PartFacts = {
        "part": origin.system,
        "kind": origin.system,
        "llm": asked if origin.memory else None,
        "settings": {"top_k": origin.top_k, "chunk_size": origin.chunk},
    }
    answerer: AnswererFacts = {
        "part": "as published",
        "kind": "published",
        "llm": asked,
        "settings": {},
        "prompt": origin.prompt,
        "own_prompt": origin.prompt == "own",
    }
    recorded: PartFacts = {
        "part": "recorded",
        "kind": "recorded_judge",
        "llm": _model(said["model"], origin.origin),
        "settings": dict(said["settings"]),
    }
    others = {name: PartFacts(part=name, kind=name, llm=None, settings={}) for name in judges if name != "recorded"}
    return {
        "memory": {**memory, "embedder": None},
        "answerer": answerer,
        "judges": ({"recorded": recorded} if "recorded" in judges else {}) | others,
        "metrics": {},
        "origin": origin.origin,
    }


def _model(named: str, place: str) -> ModelFacts:
    maker, model = split_declared(named, "published.yaml: model")
    return {"model": model, "maker": maker, "place": place, "declared": True}


def whole_locomo(keys: Sequence[tuple[str, int]], by_category: Mapping[CategoryId, int]) -> bool:
    """Whether answers are to the questions of LOCOMO's categories 1 to 4, by their numbers and conversations.

    Positions are not counted: question texts repeat within a conversation, and some origins found the position by the
    text.
    """
    conversations = {sample_id for sample_id, _ in keys}
    return dict(by_category) == SIZES and len(conversations) == 10
