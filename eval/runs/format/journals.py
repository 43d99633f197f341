"""The lines of the journals: JSON objects, one a line, each on disk before the next question starts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypeAlias, TypedDict

from eval.runs.format.fields import NEW


class Tokens(TypedDict):
    """Calls and tokens of language models."""

    calls: Annotated[int, "Calls."]
    prompt_tokens: Annotated[int, "Tokens of the prompts."]
    completion_tokens: Annotated[int, "Tokens of the replies."]
    cached_tokens: Annotated[int, "Prompt tokens that a server's prefix cache had (part of `prompt_tokens`)."]


class Parents(TypedDict):
    """What a line was made from, as digests of 16 digits; a line whose parents changed counts as absent.

    Each journal has its own links; a run of version 0.1 that was taken over has only those that could be read off it.
    """

    store: NotRequired[Annotated[str, "Identity of the store (ingest, search, latency)."]]
    query: NotRequired[Annotated[str, "The query and the gold turns it carries (search)."]]
    context: NotRequired[Annotated[str, "Id of the context (answers, forced, metrics)."]]
    hits: NotRequired[Annotated[str | None, "What the found memories say (metrics)."]]
    prompt: NotRequired[Annotated[str, "Id of the prompt (answers, forced, latency)."]]
    answer: NotRequired[Annotated[str | None, "The answer's text; null: there is none (judge, metrics)."]]
    question: NotRequired[Annotated[str, "The question as this stage reads it (answers, forced, scores, latency)."]]


class Line(TypedDict):
    """What every line has."""

    made_from: NotRequired[Annotated[Parents, NEW, "Digests of what the line was made from."]]
    seq: NotRequired[Annotated[int, NEW, "Number of the line when it was written, from 0; the highest of a key holds."]]
    digest: NotRequired[
        Annotated[str, NEW, "Seal over run, journal, `seq` and content; a line that misses it is void."]
    ]


class QuestionLine(Line):
    """What every line about a question has: its key."""

    sample_id: Annotated[str, "Conversation."]
    qa_index: Annotated[int, "Position in the conversation's list of questions, from 0."]


class Failure(TypedDict):
    """What a failed piece of work leaves."""

    status: Annotated[Literal["error"], "It failed; the same command tries it again."]
    error: Annotated[str, "The error in one line."]
    traceback: NotRequired[Annotated[str, "Where it was raised; absent where the failure is that of an earlier stage."]]


class StoreLossReason(TypedDict):
    """Why extractions of a store were lost."""

    reason: Annotated[str, "What is wrong with the last reply; numbers are written N."]
    count: Annotated[int, "How many were lost for it."]
    example: Annotated[str, "Start of such a reply, as the model wrote it."]


class StoreLosses(TypedDict):
    """Extractions asked of a model for one store, and those that came to nothing."""

    asked: Annotated[int, "Structured replies and function calls, each counted once whatever its attempts."]
    malformed: Annotated[int, "Those whose every attempt was malformed."]
    reasons: Annotated[list[StoreLossReason], "The reasons, the most frequent first, at most 21."]


class IngestLine(Line):
    """A conversation whose store is finished (``ingest.jsonl``, key `sample_id`)."""

    sample_id: Annotated[str, "Conversation."]
    status: Annotated[Literal["ok"], "The store is finished."]
    seconds: Annotated[float, "Seconds of work, summed over all runs that worked on the store."]
    stats: Annotated[dict[str, Any], "Numbers the system gives about its store, such as `items` and `bytes`."]
    usage: Annotated[dict[str, Tokens], "Phase (`ingest`, `organise`) to calls and tokens."]
    losses: NotRequired[Annotated[StoreLosses, NEW, "What a model's replies were of no use for."]]
    round: NotRequired[Annotated[int, NEW, "How often the store was extracted again (`retry_ingest`); absent: never."]]
    earlier_usage: NotRequired[Annotated[dict[str, Tokens], NEW, "What the earlier rounds cost."]]


class FailedIngestLine(Line, Failure):
    """A conversation whose ingestion failed, or that waits to be extracted again."""

    sample_id: Annotated[str, "Conversation."]
    usage: NotRequired[Annotated[dict[str, Tokens], NEW, "What was spent until then."]]
    round: NotRequired[Annotated[int, NEW, "Number of the round that failed; absent: the first."]]
    earlier_usage: NotRequired[Annotated[dict[str, Tokens], NEW, "What the earlier rounds cost."]]


class SearchLine(QuestionLine):
    """A question and what was found for it (``search.jsonl``)."""

    status: Annotated[Literal["ok"], "It was searched."]
    context_id: Annotated[str, "Id of the context in `contexts.jsonl`: the digest of its text."]
    context_words: Annotated[int, "Words of the context (NLTK)."]
    context_tokens: Annotated[int, "Tokens of the context (cl100k_base)."]
    used: Annotated[int, "How many of the hits, the first ones, are in the context."]
    hits: Annotated[list[int], "Ids of the memories in `memories.jsonl`, best first."]
    hits_digest: NotRequired[Annotated[str | None, NEW, "Digest of what these memories say."]]
    ms: Annotated[float, "Milliseconds of the search, with whatever else ran beside it; for times see `latency.jsonl`."]
    usage: Annotated[Tokens, "Calls and tokens."]
    malformed: NotRequired[Annotated[int, NEW, "Replies of no use in this search; absent: none."]]


class FailedQuestionLine(QuestionLine, Failure):
    """A question on which a search, or its timing, failed."""


class FailedLatencyLine(FailedQuestionLine):
    """A question whose timing failed."""

    usage: NotRequired[Annotated[Tokens, NEW, "Calls and tokens of answers, where warming up gave one."]]
    search_usage: NotRequired[Annotated[Tokens, NEW, "Those of the search."]]


class ContextLine(Line):
    """A context, once however many questions got it (``contexts.jsonl``, key `id`)."""

    id: Annotated[str, "Digest of the text (16 digits)."]
    text: Annotated[str, "What the answerer read."]


class MemoryLine(Line):
    """A memory that was found at least once (``memories.jsonl``, key `id`)."""

    id: Annotated[int, "Number within the run, from 0."]
    sample_id: Annotated[str, "Conversation."]
    text: Annotated[str, "Its text."]
    turns: Annotated[list[str], "Ids of the turns it rests on, such as `D1:3`."]
    words: Annotated[int, "Words of the text (NLTK)."]


class AnswerLine(QuestionLine):
    """An answer (``answers.jsonl``; ``forced-*.jsonl`` for the forced choices of `adversarial`)."""

    status: Annotated[Literal["ok", "error"], "`error`: the answerer gave none."]
    answer: Annotated[str, "The answer; empty where there is none."]
    model: Annotated[str, "What answered."]
    prompt_hash: Annotated[str, "Digest of the prompt's template; empty where there is no prompt."]
    usage: Annotated[Tokens, "Calls and tokens."]
    ms: Annotated[float, "Milliseconds the answerer gives for it."]
    cut_tokens: Annotated[int, "Tokens of the context that did not fit into the model's window and were cut."]
    from_cache: NotRequired[Annotated[bool, "Whether the reply came from the cache."]]
    batched: NotRequired[
        Annotated[
            Tokens, NEW, "The part of `usage` from a batch interface, at half the price; `ms` is no latency then."
        ]
    ]
    raw: NotRequired[
        Annotated[str, NEW, "The model's reply, where the answer was read out of it (thinking, an object)."]
    ]
    error: NotRequired[Annotated[str, "The error in one line; absent where there was none."]]


class FailedAnswerLine(QuestionLine, Failure):
    """A question on which the answerer raised an error."""

    answer: Annotated[Literal[""], "Empty."]


class JudgeLine(QuestionLine):
    """A verdict (``scores/judge_<name>-<identity>.jsonl``)."""

    label: Annotated[
        Literal["correct", "wrong", "unparsed", "error", "not_judged"],
        "The verdict: the majority of the runs, a tie is wrong; one run that failed makes it `unparsed` or `error`; "
        "`not_judged`: the judge has none for such questions.",
    ]
    score: Annotated[float | None, "Share of runs that said correct, or an offline judge's probability of it."]
    runs: Annotated[list[str], "Label of each run of the judge; empty: it ran once. The headline is their share."]
    raw: Annotated[list[str], "The judge's own words in each run; of a failure, the error."]
    grades: NotRequired[
        Annotated[
            list[float], NEW, "Grade of each run, 0 to 1, of a judge with partial scores; the headline is their mean."
        ]
    ]
    items: NotRequired[Annotated[list[list[float]], NEW, "Of each run the scores of the rubric's items."]]
    measures: NotRequired[Annotated[dict[str, float], NEW, "What the judge measured beside the grade, by name."]]
    model: NotRequired[Annotated[str, "What judged."]]
    prompt_hash: NotRequired[Annotated[str, "Digest of the prompt's template; empty where there is no prompt."]]
    usage: NotRequired[Annotated[Tokens, "Calls and tokens."]]
    attempts: NotRequired[Annotated[int, "Replies asked for, those asked again included."]]
    batched: NotRequired[
        Annotated[
            Tokens, NEW, "The part of `usage` from a batch interface, at half the price; `ms` is no latency then."
        ]
    ]
    ms: NotRequired[Annotated[float, "Milliseconds."]]


class FailedJudgeLine(JudgeLine, Failure):
    """A verdict in whose place the judge raised an error; what a verdict says besides is absent."""


class MetricsLine(QuestionLine):
    """Metric values of a question (``scores/metrics-<identity>.jsonl``)."""

    values: Annotated[dict[str, float], "Metric to value; without an answer those of the retrieval alone."]
    status: NotRequired[Annotated[Literal["error"], "A metric failed; absent where none did."]]
    errors: NotRequired[Annotated[dict[str, str], "Metric that failed on this answer to the reason."]]


class LatencyLine(QuestionLine):
    """Times of one question, asked alone and without caches (``latency.jsonl``)."""

    status: Annotated[Literal["ok", "error"], "`error`: the answerer gave no answer."]
    search_ms: Annotated[float, "Milliseconds of search, rendering included."]
    answer_ms: Annotated[float, "Milliseconds of the answer."]
    usage: NotRequired[Annotated[Tokens, NEW, "Calls and tokens of the answer, those of warming up included."]]
    search_usage: NotRequired[Annotated[Tokens, NEW, "Those of the search."]]
    cached_tokens: NotRequired[
        Annotated[
            dict[str, int],
            NEW,
            "`search` and `answer` to the prompt tokens of this very question that a prefix cache had; 0: cold.",
        ]
    ]
    model: NotRequired[Annotated[str, NEW, "What answered."]]


class SpendingLine(TypedDict):
    """A reply of a model or an embedder (``spending.jsonl``); finished sessions are summed up to a line a way."""

    role: Annotated[str, "`memory`, `answerer`, `judge NAME` or `embedder`; `latency: …` in the latency pass."]
    model: Annotated[str, "What replied."]
    cached: Annotated[bool, "Whether the reply came from the response cache, at no cost."]
    calls: Annotated[int, "Calls."]
    prompt_tokens: Annotated[int, "Tokens of the prompts."]
    completion_tokens: Annotated[int, "Tokens of the replies."]
    cached_tokens: Annotated[int, "Prompt tokens that a server's prefix cache had (part of `prompt_tokens`)."]


AnyIngest: TypeAlias = IngestLine | FailedIngestLine
AnySearch: TypeAlias = SearchLine | FailedQuestionLine
AnyAnswer: TypeAlias = AnswerLine | FailedAnswerLine
AnyVerdict: TypeAlias = JudgeLine | FailedJudgeLine
AnyLatency: TypeAlias = LatencyLine | FailedLatencyLine
