"""An answerer that always says the same: the honesty row of the adversarial category.

A table of abstention scores means little without it: never answering scores full marks there
(docs/protocol.md#abstention).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from eval.core.types import Answer, AnswerTask


class Constant:
    """Gives one fixed text as the answer to every question."""

    @dataclass
    class Config:
        text: str = field(default="Not mentioned", metadata={"help": "the answer to every question"})

    part_id = "constant"
    name = "constant"
    comparable = False

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or self.Config()

    def identity(self) -> Mapping[str, object]:
        return {"name": self.name, **asdict(self.config)}

    def answer(self, tasks: Sequence[AnswerTask]) -> Iterator[tuple[int, Answer]]:
        """Yield ``(index, answer)`` in order."""
        for index in range(len(tasks)):
            yield index, Answer(self.config.text, model=self.name)

    def close(self) -> None:
        """Nothing to release."""
