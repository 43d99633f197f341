"""The rehearsal of experiments that only judge: the answers exist already, and no system is given anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from eval.core.types import JudgeTask
from eval.stages.bench import Bench
from eval.stages.forecast.model import Place
from eval.stages.forecast.rehearsal import Rehearsed, spread
from eval.stages.roles import Part
from memos.errors import ConfigError

ToJudge: TypeAlias = Callable[[Bench], Sequence[tuple[Part, Sequence[JudgeTask]]]]
"""From a bench to its judges, each with what it is going to be asked about."""


@dataclass(frozen=True)
class Verdicts:
    """Answers that are there, put to judges."""

    to_judge: ToJudge

    @property
    def ingests(self) -> bool:
        return False

    def asking(self, bench: Bench) -> list[Part]:
        """The judges that ask a language model.

        Raises:
            ConfigError: there is none.
        """
        parts = [part for part, _ in self.to_judge(bench) if part.asks]
        if not parts:
            raise ConfigError(
                f"check=true: experiment={bench.name} judge={bench.config['judge']['name']} asks no language model and "
                "costs nothing; leave check out"
            )
        return parts

    def rehearse(
        self,
        bench: Bench,
        place: Place,
        sample_ids: Iterable[str] | None = None,
        most_questions: int | None = None,
        latency: bool = True,
        most_sessions: int | None = None,
    ) -> Rehearsed:
        """Judge at most so many answers of each judge, whichever conversation they are about."""
        for part, tasks in self.to_judge(bench):
            if part.asks:
                place.phase = place.role = part.role
                judge = bench.judge(part.spec, part.llm)
                for _ in judge.judge(spread(tasks, most_questions)):
                    pass
                judge.close()
        return Rehearsed()
