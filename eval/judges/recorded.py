"""Verdicts that someone recorded: a published file's own labels, kept as ``judge=recorded``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.core import judging
from eval.core.identity import digest
from eval.core.types import JudgeTask, Verdict
from eval.judges.published import PublishedAnswer, read
from memos.errors import ConfigError


def verdict(row: PublishedAnswer) -> Verdict:
    """A row's recorded labels as a verdict."""
    runs = tuple(judging.CORRECT if label else judging.WRONG for label in row.labels)
    label, share = judging.majority(runs)
    return Verdict(label if runs else judging.UNPARSED, share, runs, model="recorded")


class RecordedJudge:
    """Looks verdicts up by question, gold and answer; a text that the file does not hold is ``unparsed``,
    never wrong."""

    part_id = "recorded_judge"
    name = "recorded"
    comparable = True

    @dataclass
    class Config:
        path: str = field(default="", metadata={"help": "JSON-lines file with answers and labels, gzipped or not"})

        def __post_init__(self) -> None:
            if self.path and not Path(self.path).is_file():
                raise ConfigError(f"judge.path: no such file: {self.path}")

    def __init__(self, config: Config | None = None, *, rows: Sequence[PublishedAnswer] | None = None) -> None:
        self.config = config or self.Config()
        if rows is None:
            if not self.config.path:
                raise ConfigError("judge.path: judge=recorded needs the file that holds the verdicts")
            rows = read(Path(self.config.path))
        self._known = {(row.question, row.gold, row.answer): verdict(row) for row in rows}
        self._digest = digest([[*key, known.runs] for key, known in self._known.items()])

    def identity(self) -> Mapping[str, object]:
        return {"recorded": self._digest}

    def judge(self, tasks: Sequence[JudgeTask]) -> Iterator[tuple[int, Verdict]]:
        """Verdicts in order."""
        for index, task in enumerate(tasks):
            known = self._known.get((task.question, task.gold, task.answer))
            yield (
                index,
                known
                or Verdict(judging.UNPARSED, None, raw=("no recorded verdict for this answer",), model="recorded"),
            )

    def close(self) -> None:
        """Nothing to release."""
