"""What of a run was fitted or tuned on what it measures: ``fitted_on`` of its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from eval.core.config import wants
from eval.core.fitted import FITTED, TUNED, FittedList, rests_on
from eval.runs.format.fitted import CopyFacts, FittedOn, UseCounts
from eval.stages import roles
from eval.stages.bench import Bench
from memos.types import Conversation


def fitted_on(bench: Bench) -> dict[str, FittedOn]:
    """Every component of the run that rests on data, with the measured conversations that are among these data.

    Copies count, whatever their ids and the order of their sessions (``eval.core.fitted``).
    """
    parts = ((role, rests_on(spec, group)) for role, spec, group in _specs(bench))
    return overlaps(parts, bench.dataset.conversations, [q.sample_id for q in bench.dataset.questions])


def overlaps(
    parts: Iterable[tuple[str, FittedList]], conversations: Sequence[Conversation], asked: Sequence[str]
) -> dict[str, FittedOn]:
    """Component to its roles and what of its data is measured.

    Args:
        parts: role and what the part in it rests on.
        conversations: the measured ones.
        asked: the conversation of every question.
    """
    out: dict[str, FittedOn] = {}
    for role, known in parts:
        for part in known.parts:
            if part.name in out:
                if role not in out[part.name]["roles"]:
                    out[part.name]["roles"].append(role)
                continue
            copies = known.copies(part, conversations)
            counts = Counter(copies[sample_id].use for sample_id in asked if sample_id in copies)
            out[part.name] = FittedOn(
                roles=[role],
                data=dict(Counter(name.partition("/")[0] for name in part.uses())),
                conversations={
                    key: CopyFacts(of=copy.of, use=copy.use, share=round(copy.share, 4)) for key, copy in copies.items()
                },
                questions=UseCounts(fitted=counts[FITTED], tuned=counts[TUNED]),
            )
    return out


def check_fitted_on(bench: Bench) -> None:
    """Read what the parts themselves say they were fitted on.

    Raises:
        ConfigError, DataError: it cannot be read.
    """
    for _, spec, group in _specs(bench):
        rests_on(spec, group)


def _specs(bench: Bench) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Role, configuration and group of every part that makes a number of the run, and of the models they ask."""
    yield roles.MEMORY, bench.system_spec, "system"
    if wants(bench.system_class, "embedder"):
        yield roles.MEMORY, bench.embedder_spec, "embedder"
    if bench.uses_llm():
        yield roles.MEMORY, bench.llm_spec(), "llm"
    for part, group in ((bench.answerer_part, "answerer"), *((part, "judge") for part in bench.judge_parts)):
        yield part.role, part.spec, group
        if part.asks:
            yield part.role, part.llm, "llm"
