"""What was fitted or tuned on which conversations, and whether any of them, or a copy, is among the measured ones.

``fitted.json`` is the list of this project. It holds sketches of conversations (``eval.core.sketch``), never their
texts. A part of a user's own says the same with ``fitted_on``, in its class or in its YAML (docs/protocol.md#fitted).
"""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np

from eval.core.config import component_config, nearest, part_id
from eval.core.identity import digest
from eval.core.sketch import Sketch, sketch
from memos.errors import ConfigError, DataError
from memos.types import Conversation

LIST = "eval/core/fitted.json"
LIST_DIGEST = "005ea55a39967312"
"""Digest of the list's content: a summary is made again where the list is another (``scripts/fitted.py`` prints it)."""
SHARE = 0.5
"""From this share of turns on, a conversation is a copy of another."""
FEWEST = 3
"""A near-copy shares at least so many turns; with fewer only equal conversations are copies."""
Use = Literal["fitted", "tuned"]
FITTED: Use = "fitted"
TUNED: Use = "tuned"
USES = (FITTED, TUNED)
"""Weights were fitted on it, or settings were chosen with it in view."""
_LISTS = (*USES, "crossfitted")


@dataclass(frozen=True)
class FittedPart:
    """A component that rests on data: weights, frequencies, or settings that were chosen."""

    name: str
    fitted: tuple[str, ...] = ()
    """Names of the conversations it was fitted on, such as ``locomo/conv-26``."""
    tuned: tuple[str, ...] = ()
    """Those that were in view when its settings were chosen."""
    crossfitted: tuple[str, ...] = ()
    """Those that it was fitted on by folds: each is measured with weights that never saw it, so it counts as tuned."""
    part: str = ""
    """Stable name of the part that uses it (``eval.core.config.part_id``); empty: whichever names it."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """Fields of that part's configuration under which it is used."""
    weights: str = ""
    """File with its weights, from the project's folder."""
    weights_digest: str = ""
    made_by: str = ""

    def uses(self) -> dict[str, Use]:
        """Conversation to how it was used."""
        uses: dict[str, Use] = {name: TUNED for name in (*self.tuned, *self.crossfitted)}
        uses.update({name: FITTED for name in self.fitted})
        return uses

    def used_by(self, cls: type, config: Any) -> bool:
        """Whether a part of this class, so configured, rests on it."""
        kinds = {part_id(base) for base in cls.__mro__ if base is not object}
        return self.part in kinds and all(getattr(config, name, None) == value for name, value in self.where.items())


@dataclass(frozen=True)
class Copy:
    """A measured conversation that is one of those something was fitted on."""

    of: str
    use: Use
    share: float
    """Share of its turns that are in the other one, or of the other's that are in it, whichever is larger."""


@dataclass(frozen=True)
class FittedList:
    """Components and the sketches of the conversations that they rest on."""

    parts: tuple[FittedPart, ...]
    conversations: Mapping[str, Sketch]

    @cached_property
    def _marks(self) -> np.ndarray:
        return np.unique(np.concatenate([one.marks.ravel() for one in self.conversations.values()] or [[]]))

    def copies(self, part: FittedPart, conversations: Iterable[Conversation]) -> dict[str, Copy]:
        """Those of some conversations that a component was fitted or tuned on, by their ids."""
        uses = part.uses()
        met = {one.sample_id: self._copy(one, uses) for one in conversations} if uses else {}
        return {sample_id: copy for sample_id, copy in met.items() if copy is not None}

    def _copy(self, conversation: Conversation, uses: Mapping[str, Use]) -> Copy | None:
        """What a conversation is a copy of; of several one that weights were fitted on, then the one it shares most
        with. None where it is none.
        """
        own = sketch(conversation)
        near = bool(np.isin(own.marks, self._marks).sum() >= FEWEST)
        known = [Copy(name, use, _share(own, self.conversations[name], near)) for name, use in uses.items()]
        known = [one for one in known if one.share >= SHARE]
        return min(known, key=lambda one: (USES.index(one.use), -one.share, one.of), default=None)


def _share(own: Sketch, other: Sketch, near: bool) -> float:
    """Share of turns that two conversations have in common; 0 where too few are to say so.

    Args:
        near: whether they may share any marks at all.
    """
    if own.digest == other.digest:
        return 1.0
    if not near or not own.turns or not other.turns:
        return 0.0
    ours, theirs = own.shared(other), other.shared(own)
    return max(ours / own.turns, theirs / other.turns) if min(ours, theirs) >= FEWEST else 0.0


@lru_cache(maxsize=1)
def shipped() -> FittedList:
    """The list of this project.

    Raises:
        DataError: it is damaged.
    """
    text = resources.files("eval.core").joinpath("fitted.json").read_text(encoding="utf-8")
    raw = _json(text, LIST)
    if digest(raw) != LIST_DIGEST:
        raise DataError(f"{LIST}: its digest is {digest(raw)}, expected {LIST_DIGEST}; reinstall the package")
    return parsed(raw, LIST)


def parsed(raw: Any, place: str, known: Mapping[str, Sketch] | None = None) -> FittedList:
    """A list from its JSON value.

    Args:
        raw: ``components`` (name to fields of ``FittedPart``) and ``conversations`` (name to digest and marks).
        place: where it stands, for messages.
        known: sketches of conversations that it may name without holding them.

    Raises:
        DataError: a field is missing or unknown, or a conversation is named that nobody knows.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("components"), Mapping):
        raise DataError(f"{place}: components: expected an object of names, found {raw!r:.60}")
    held = {name: _sketch(one, f"{place}: conversations.{name}") for name, one in raw.get("conversations", {}).items()}
    sketches = {**(known or {}), **held}
    parts = tuple(_part(name, one, f"{place}: components.{name}") for name, one in raw["components"].items())
    for part in parts:
        for name in part.uses():
            if name not in sketches:
                where = f"{place}: components.{part.name}"
                raise DataError(f"{where}: no conversation {name!r} is known; {nearest(name, sketches)}")
    return FittedList(parts, sketches)


def _part(name: str, raw: Any, place: str) -> FittedPart:
    if not isinstance(raw, Mapping):
        raise DataError(f"{place}: expected an object, found {raw!r:.60}")
    allowed = [one for one in FittedPart.__dataclass_fields__ if one != "name"]
    for key, value in raw.items():
        if key not in allowed:
            raise DataError(f"{place}.{key}: unknown field; {nearest(key, allowed)}")
        texts = not isinstance(value, str) and isinstance(value, Sequence) and all(isinstance(v, str) for v in value)
        if key in _LISTS and not texts:
            raise DataError(f"{place}.{key}: expected a list of names of conversations, found {value!r:.60}")
    lists = {name: tuple(raw.get(name, ())) for name in _LISTS}
    return FittedPart(name, **{**raw, **lists})


def _sketch(raw: Any, place: str) -> Sketch:
    try:
        marks = np.frombuffer(base64.b64decode(raw["marks"], validate=True), "<u4").reshape(-1, 2)
        return Sketch(str(raw["digest"]), marks)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{place}: expected digest and marks: {error!r}") from error


def written(own: Sketch) -> dict[str, str]:
    """A sketch as a list holds it."""
    return {"digest": own.digest, "marks": base64.b64encode(own.marks.astype("<u4").tobytes()).decode()}


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}: line {error.lineno}: not JSON: {error.msg}") from error


def rests_on(spec: Mapping[str, Any], where: str) -> FittedList:
    """What a configured part rests on, by the list of this project and by its own word.

    Args:
        spec: configuration of the part; ``fitted_on`` in it, or in the class, is a file or the components themselves.
        where: the part's group, for messages.

    Raises:
        ConfigError, DataError: ``fitted_on`` cannot be read.
    """
    if not spec or not spec.get("_target_"):
        return FittedList((), {})
    return part_rests_on(*component_config(spec, where), where, spec.get("fitted_on"))


def part_rests_on(cls: type, config: Any, where: str, stated: Any = None) -> FittedList:
    """The same of a class and its configuration; ``stated`` is what its YAML says."""
    parts, sketches = [part for part in shipped().parts if part.used_by(cls, config)], dict(shipped().conversations)
    for word in (getattr(cls, "fitted_on", None), stated):
        if word:
            own = _stated(word, cls, where)
            parts += [part for part in own.parts if not part.part or part.used_by(cls, config)]
            sketches |= own.conversations
    return FittedList(tuple(parts), sketches)


def _stated(stated: Any, cls: type, where: str) -> FittedList:
    """A user's own list: components, or the file that holds them (looked for here, then beside the class)."""
    place = f"{where}.fitted_on"
    if isinstance(stated, Mapping):
        return parsed({"components": stated}, place, shipped().conversations)
    if not isinstance(stated, str):
        raise ConfigError(f"{place}: expected a file or components, found {stated!r:.60}")
    beside = Path(inspect.getfile(cls)).parent / stated
    file = next((path for path in (Path(stated), beside) if path.is_file()), None)
    if file is None:
        raise ConfigError(f"{place}: no file {stated} here or beside {cls.__qualname__}")
    return parsed(_json(file.read_text(encoding="utf-8"), str(file)), str(file), shipped().conversations)
