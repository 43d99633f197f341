"""Real calls that prove, before anything is spent, that key, model, structured output and tools work.

First one token; then a few of the run's own requests of each form, which also show how the server counts tokens, how
long replies are, and how long they take. They go through the response cache, so the run does not pay for them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eval.stages.forecast.learned import Learned
from eval.stages.forecast.tally import Form
from memos.errors import LLMError
from memos.llm.base import LLM, Completion, Request
from memos.llm.structured import parse
from memos.types import Message, Usage


@dataclass
class Probed:
    """What came of the probe of one model."""

    usage: Usage = field(default_factory=Usage)
    """What was asked of the provider now."""
    troubles: list[str] = field(default_factory=list)
    """What some replies lacked; the run meets it too."""

    def take(self, completion: Completion) -> None:
        if not completion.from_cache:
            self.usage += completion.usage


def prove(llm: LLM, seen: Probed) -> None:
    """Ask a model, without a cache, for one token.

    Raises:
        LLMError: one line that says why there was none.
    """
    seen.take(llm.complete(Request((Message("user", "Reply with the one word yes."),), max_tokens=1)))


def sample(llm: LLM, forms: Mapping[Form, Sequence[Request]], seen: Probed, learned: Learned) -> None:
    """Put requests of each form to a model, all at once.

    Args:
        llm: the model behind the response cache.
        forms: what to ask.
        seen: told what it took and what it lacked.
        learned: told of every reply.

    Raises:
        LLMError: one line: every request failed, or no reply to a schema satisfies it, or no tool is ever called.
    """
    asked = [(form, request) for form, requests in forms.items() for request in requests]
    faults: dict[Form, list[str | None]] = {}
    failures: list[LLMError] = []
    for index, outcome in llm.complete_many([request for _, request in asked]):
        form, request = asked[index]
        if isinstance(outcome, LLMError):
            failures.append(outcome)
            continue
        seen.take(outcome)
        learned.take(form, request, outcome)
        faults.setdefault(form, []).append(_fault(request, outcome))
    if failures and not faults:
        raise failures[0]
    seen.troubles += [f"a request failed: {failure}" for failure in failures[:3]]
    for form, tried in faults.items():
        bad = [fault for fault in tried if fault]
        if bad and (len(bad) == len(tried) or not forms[form][0].tools):  # an agent may also just talk
            seen.troubles.append(f"{form.form}: {len(bad)} of {len(tried)} replies tried are of no use: {bad[0]}")
    shaped = {form for form in faults if forms[form][0].json_schema is not None}
    calling = {form for form in faults if forms[form][0].tools}
    for what, kind in (("structured output", shaped), ("tool call", calling)):
        bad = [fault for form in kind for fault in faults[form] if fault]
        if kind and len(bad) == sum(len(faults[form]) for form in kind):
            raise LLMError(
                f"{llm.name} gave no {what} that is of any use ({bad[0]}); take another model, or extractor=rules"
            )


def _fault(request: Request, completion: Completion) -> str | None:
    """What a reply lacks of the form that was asked for."""
    if request.json_schema is not None:
        return parse(completion, request.json_schema)[1]
    if request.tools and not completion.tool_calls:
        return f"no tool was called; it said {' '.join(completion.text.split())[:80]!r}"
    return None
