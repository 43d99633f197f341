"""Several memories in one cache, in four modes. Importing this module loads torch.

=========  =========================================================================  ==================================
mode       how                                                                        exactness
=========  =========================================================================  ==================================
exact      prefix tree: common starts shared, the rest encoded once                   states of a plain prefill
(float32)
rotated    each memory encoded alone, keys turned to their new positions              first layer exact; memories do not
                                                                                      see each other in later layers
blended    rotated, then a share of the tokens recomputed                             between the two; share=1 is exact
naive      caches with template heads of their own joined, keys left where they were  wrong; for the ablation only
=========  =========================================================================  ==================================

Measured divergences: docs/kv.md#several-memories; ``rotated`` and ``blended`` are opt-in and ``naive`` has to be asked
for by name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from memos.activation.blend import SELECTIONS, blend
from memos.activation.errors import ActivationError
from memos.activation.memory import Composition, KVMemory, join
from memos.activation.model import INSTRUCTIONS, ActivationModel, system_text
from memos.activation.prompt import Ids, MemoryPrompt, segments
from memos.activation.rotate import Rotation
from memos.activation.tree import PrefixTree
from memos.errors import ConfigError
from memos.llm.control_tokens import marked
from memos.llm.kv import SharedPrefix

MODES = ("exact", "rotated", "blended", "naive")


@dataclass(frozen=True, slots=True)
class Composed:
    """A composed cache and what making it took."""

    memory: KVMemory
    encoded: int
    """Tokens encoded anew; those served by kept pieces are not in it."""
    cost: float
    """Token-layers computed over those of a full prefill of the same tokens."""


class Composer:
    """Joins memories; pieces that were encoded before are used again."""

    @dataclass
    class Config:
        mode: str = field(default="exact", metadata={"help": "exact, rotated, blended, or naive (ablation only)"})
        share: float = field(default=0.15, metadata={"help": "share of the tokens that blended recomputes"})
        select: str = field(default="deviation", metadata={"help": "which tokens: deviation, random or first"})
        max_bytes: int = field(
            default=1 << 30, metadata={"help": "bytes of kept pieces, in each of tree and fragments"}
        )
        seed: int = field(default=0, metadata={"help": "of the random selection"})

        def __post_init__(self) -> None:
            if self.mode not in MODES:
                raise ConfigError(f"composer.mode: {self.mode!r} is unknown; use one of {', '.join(MODES)}")
            if self.select not in SELECTIONS:
                raise ConfigError(f"composer.select: {self.select!r} is unknown; use one of {', '.join(SELECTIONS)}")
            if not 0 <= self.share <= 1 or self.max_bytes < 0:
                raise ConfigError(f"composer.share: {self.share} must be between 0 and 1, max_bytes not negative")

    def __init__(self, config: Config | None = None, *, model: ActivationModel) -> None:
        self.config, self.model = config or self.Config(), model
        self.tree = PrefixTree(model, self.config.max_bytes)
        self._fragments: OrderedDict[tuple[Ids, Ids], SharedPrefix] = OrderedDict()

    def forget(self) -> None:
        """Let go of all kept pieces: one of them holds a memory that is gone."""
        self.tree = PrefixTree(self.model, self.config.max_bytes)
        self._fragments.clear()

    @cached_property
    def _rotation(self) -> Rotation:
        return Rotation(self.model.model)

    def compose(self, texts: Sequence[str], *, mode: str | None = None, instructions: str = INSTRUCTIONS) -> Composed:
        """One cache of several memory texts, in this order, as if the system message listed them a line each.

        Raises:
            ActivationError: no text, an empty text, or a template that joins memory and query (approximate modes).
            UnsupportedCache: keys of this model cannot be moved (approximate modes).
        """
        chosen = mode or self.config.mode
        if chosen not in MODES:
            raise ActivationError(f"compose: mode {chosen!r} is unknown; use one of {', '.join(MODES)}")
        if not texts or not all(text.strip() for text in texts):
            raise ActivationError("compose: no memory, or an empty one")
        system = system_text("\n".join(texts), instructions)
        if chosen == "naive":
            return self._naive(texts, system, instructions)
        prompt = MemoryPrompt(self.model.tokenizer, system)
        if chosen == "exact":
            pieces = self._pieces(prompt, texts) or [prompt.head_ids]
            if tuple(token for piece in pieces for token in piece) != prompt.head_ids:  # marked control tokens
                pieces = [prompt.head_ids]
            before = self.tree.encoded
            states = self.tree.states(pieces)
            fresh = self.tree.encoded - before
            return Composed(KVMemory(self.model.identity, system, states), fresh, fresh / len(states))
        pieces = self._pieces(prompt, texts)
        if pieces is None:
            raise ActivationError(f"compose: mode {chosen} needs a template with a special token before the query")
        return self._joined(chosen, pieces, system)

    def _pieces(self, prompt: MemoryPrompt, texts: Sequence[str]) -> list[Ids] | None:
        """Tokens of the template's head, of each memory, and of what follows the last one."""
        if prompt.head is None:
            return None
        texts = [marked(self.model.tokenizer, text) for text in texts]
        block = "\n".join(texts)
        start = prompt.head.find(block)
        if start < 0:
            return None
        starts = [start]
        for text in texts[:-1]:
            starts.append(starts[-1] + len(text) + 1)
        return segments(self.model.tokenizer, prompt.head, [*starts, start + len(block)])

    def _joined(self, mode: str, pieces: list[Ids], system: str) -> Composed:
        head_ids, *bodies, end = pieces
        encoded = self.tree.encoded
        head = self.tree.states([head_ids])
        encoded = self.tree.encoded - encoded
        placed, at, starts = [head], len(head), []
        for body in bodies:
            states, fresh = self._fragment(head, body)
            placed.append(self._rotation.moved(states, len(head), at))
            starts.append(at)
            at, encoded = at + len(body), encoded + fresh
        states, work = join(placed), float(encoded)
        if mode == "blended":
            fixed = len(head) + len(bodies[0])
            done = blend(
                self.model.model,
                states,
                fixed,
                self.config.share,
                select=self.config.select,
                starts=tuple(starts),
                seed=self.config.seed,
            )
            states, work = done.states, work + done.cost * len(states)
        if end:
            states = join([states, self.model.states(end, states)])
            encoded, work = encoded + len(end), work + len(end)
        return Composed(
            KVMemory(self.model.identity, system, states, cast(Composition, mode)), encoded, work / len(states)
        )

    def _fragment(self, head: SharedPrefix, body: Ids) -> tuple[SharedPrefix, int]:
        """A memory encoded right after the head, alone; kept for the next composition."""
        key = (head.ids, body)
        if key in self._fragments:
            self._fragments.move_to_end(key)
            return self._fragments[key], 0
        made = self.model.states(body, head)
        self._fragments[key] = made
        while len(self._fragments) > 1 and sum(one.nbytes for one in self._fragments.values()) > self.config.max_bytes:
            self._fragments.popitem(last=False)
        return made, len(body)

    def _naive(self, texts: Sequence[str], system: str, instructions: str) -> Composed:
        """What the public MemOS does (docs/memos.md defect 3): whole prompts joined, positions left as they were."""
        prompts = [self.model.build(text, instructions).states for text in texts]
        states = join(prompts)
        return Composed(KVMemory(self.model.identity, system, states, "naive"), len(states), 1.0)
