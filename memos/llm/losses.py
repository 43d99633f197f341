"""What a memory system lost because a model's replies were of no use: how often, why, and what the model wrote."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEPT = 20
"""Reasons that are told apart; later ones count as ``OTHER``."""
OTHER = "other reasons"
SHOWN = 300
"""Characters of a raw reply that are kept as a reason's example."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why extractions were lost."""

    text: str
    count: int
    example: str
    """The start of the first such reply, as the model wrote it."""


class Losses:
    """Extractions asked of a model, and those whose every attempt was malformed, by reason. Threads may share it."""

    def __init__(self) -> None:
        self.asked = 0
        """Extractions asked for: structured replies and function calls, each counted once whatever its attempts."""
        self.malformed = 0
        """Those of no use; the method went on as its authors' code does (nothing extracted)."""
        self._reasons: dict[str, Reason] = {}
        self._lock = threading.Lock()

    def ask(self) -> None:
        """Count an extraction that is asked for."""
        with self._lock:
            self.asked += 1

    def lose(self, reason: str, raw: str) -> None:
        """Count an extraction that was lost.

        Args:
            reason: what is wrong with the last reply; positions in lists do not tell reasons apart.
            raw: that reply.
        """
        text = re.sub(r"\d+", "N", " ".join(reason.split())) or "no reason given"
        with self._lock:
            self.malformed += 1
            if text not in self._reasons and len(self._reasons) >= KEPT:
                text = OTHER
            known = self._reasons.get(text, Reason(text, 0, raw[:SHOWN]))
            self._reasons[text] = Reason(text, known.count + 1, known.example)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons, the most frequent first."""
        return tuple(sorted(self._reasons.values(), key=lambda reason: (-reason.count, reason.text)))

    def state(self) -> dict[str, Any]:
        """All of it as JSON."""
        reasons = [{"reason": one.text, "count": one.count, "example": one.example} for one in self.reasons]
        return {"asked": self.asked, "malformed": self.malformed, "reasons": reasons}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state; of an earlier version it may hold the number of losses alone."""
        self.malformed = state.get("malformed", 0)
        self.asked = state.get("asked", self.malformed)
        kept = [Reason(one["reason"], one["count"], one["example"]) for one in state.get("reasons", ())]
        self._reasons = {reason.text: reason for reason in kept}
