"""Which prompts a run asks its models with: named in the summary, and word for word in the manifest."""

from __future__ import annotations

from typing import Any

from eval.stages.bench import Bench


def prompts_used(bench: Bench) -> dict[str, str]:
    """``answer`` and ``judge NAME``, of those that ask a model, to the prompt's id, whose wording it is, its digest."""
    return {part: f"{one.id} ({one.source}, {one.hash[:8]})" for part, one in _prompts(bench).items()}


def prompt_texts(bench: Bench) -> dict[str, dict[str, str]]:
    """The same parts to the prompt's id, source, digest and texts."""
    names = ("id", "source", "hash", "system", "user")
    return {part: {name: getattr(one, name) for name in names} for part, one in _prompts(bench).items()}


def _prompts(bench: Bench) -> dict[str, Any]:
    answer_prompt = getattr(bench.answerer(), "prompt_used", None)
    used = {"answer": answer_prompt()} if answer_prompt else {}
    rubrics = {f"judge {spec['name']}": getattr(bench.judge(spec), "rubric", None) for spec in bench.judge_specs}
    return used | {part: rubric for part, rubric in rubrics.items() if rubric is not None}
