"""``summary.json`` of a benchmark run and of rescored answers: the numbers that tables and figures read."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from eval.runs.format.estimate import EstimateEntry
from eval.runs.format.fields import NEW
from eval.runs.format.fitted import FittedOn
from eval.runs.format.made_by import MadeBy
from eval.runs.format.retrieval import RetrievalSummary


class RepeatSpread(TypedDict):
    """A metric over several runs of answers; all in its own unit."""

    scores: Annotated[list[float], "Its mean over the questions in each run, the first run first."]
    mean: Annotated[float, "The mean of these."]
    sd_runs: Annotated[float, "Standard deviation of one run's score, from how each question varies between runs."]
    sd_scores: Annotated[float, "Standard deviation of `scores` (n - 1): the same from a few numbers only."]
    sd_judge: NotRequired[
        Annotated[float, "The part of `sd_runs` that one judge run alone makes; judges that run several times."]
    ]
    se_conversations: Annotated[float | None, "Standard error from the choice of conversations; null below 3."]
    unequal: Annotated[float, "Share of questions whose value is not the same in all runs."]


class RepeatedAnswers(TypedDict):
    """What several runs of answers over the same contexts came to (`repeats`)."""

    runs: Annotated[int, "Runs of answers, the first included."]
    failed: Annotated[int, "Answers and verdicts of further runs that failed."]
    metrics: Annotated[dict[str, RepeatSpread], "Metric or `judge_<name>` to its spread; metrics of answers only."]


class JournalEntry(TypedDict):
    """The journal that a set of records stands in."""

    file: Annotated[str, "The journal, from the run folder."]
    records: Annotated[int, "Records that the summary rests on."]
    digest: Annotated[str, "Digest of them; equal runs have equal ones, whatever order and times they were made in."]


class Ledger(TypedDict):
    """Calls and tokens of one phase."""

    calls: Annotated[int, "Calls."]
    prompt_tokens: Annotated[int, "Tokens of the prompts."]
    completion_tokens: Annotated[int, "Tokens of the replies."]
    usd: NotRequired[Annotated[float, NEW, "Dollars at the configuration's prices; absent where one is not known."]]


class LedgerRow(TypedDict):
    """Calls and tokens of one phase, on whose behalf and of which model."""

    phase: Annotated[str, "`ingest`, `organise`, `search`, `answer`, `judge` or `latency`."]
    role: Annotated[str, "`memory`, `answerer` or `judge NAME`."]
    model: Annotated[str, "The model, as its provider named it; of memory systems as it was configured."]
    calls: Annotated[int, "Calls."]
    prompt_tokens: Annotated[int, "Tokens of the prompts."]
    completion_tokens: Annotated[int, "Tokens of the replies."]
    cached_tokens: Annotated[int, "Prompt tokens that a server's prefix cache had (part of `prompt_tokens`)."]
    batched_prompt_tokens: NotRequired[Annotated[int, "Part of `prompt_tokens` from a batch interface, at half price."]]
    batched_completion_tokens: NotRequired[Annotated[int, "Part of `completion_tokens` from a batch interface."]]
    usd: NotRequired[Annotated[float, "Dollars at the configuration's prices; absent where none is known."]]


class Spent(TypedDict):
    """What one model was asked on behalf of one role, in all sessions of this run folder."""

    role: Annotated[str, "`memory`, `answerer`, `judge NAME` or `embedder`; `latency: …` in the latency pass."]
    model: Annotated[str, "The model."]
    calls: Annotated[int, "Calls that the provider answered."]
    prompt_tokens: Annotated[int, "Tokens of their prompts."]
    completion_tokens: Annotated[int, "Tokens of their replies."]
    cached_tokens: Annotated[int, "Prompt tokens that a server's prefix cache had (part of `prompt_tokens`)."]
    usd: NotRequired[Annotated[float, "Dollars of them at the configuration's prices; absent where none is known."]]
    replayed_calls: Annotated[int, "Calls that the response cache answered, at no cost."]
    replayed_tokens: Annotated[int, "Prompt and completion tokens of these."]


class LossReason(TypedDict):
    """Why extractions were lost."""

    reason: Annotated[str, "What is wrong with the last reply; numbers are written N."]
    count: Annotated[int, "How many were lost for it."]
    example: Annotated[str, "Start of such a reply, as the model wrote it."]


class Lost(TypedDict):
    """What ingestion made and lost, over all stores."""

    stores: Annotated[int, "Finished stores."]
    failed: Annotated[int, "Conversations whose ingestion failed."]
    empty: Annotated[int, "Finished stores without a memory, of systems that extract."]
    items: Annotated[int, "Memories in all stores."]
    asked: Annotated[int, "Extractions asked of a model, each counted once whatever its attempts; 0 without a model."]
    malformed: Annotated[int, "Those whose every attempt was malformed: nothing came of them."]
    skipped: Annotated[int, "Decisions that name no stored memory or have no text; they change nothing."]
    dropped: Annotated[int, "Memories a model stated without a source; they are not stored."]
    by_rules: Annotated[int, "Turns and conflicts that the rules were left with, as the model's replies were no use."]
    search_malformed: Annotated[int, "The same as `malformed`, of calls that searches make."]
    reasons: Annotated[list[LossReason], "The most frequent reasons first, at most five."]


class Percentiles(TypedDict):
    """Two percentiles, in milliseconds."""

    p50: Annotated[float, "Median."]
    p95: Annotated[float, "95th percentile, by linear interpolation."]


class Latency(TypedDict):
    """Times of the latency pass; empty where there was none."""

    search: NotRequired[Annotated[Percentiles, "Search."]]
    answer: NotRequired[Annotated[Percentiles, "Answer."]]
    total: NotRequired[Annotated[Percentiles, "Both together, question by question."]]
    n: NotRequired[Annotated[int, "Questions that were timed."]]
    failed: NotRequired[Annotated[int, "Questions whose timing failed; absent where none did."]]
    cached: NotRequired[
        Annotated[
            dict[str, int],
            NEW,
            "`search` and `total` to the timed questions whose prompts a prefix cache had begun to know; absent: none.",
        ]
    ]
    ingest_s: NotRequired[Annotated[float, "Seconds of ingestion, summed over conversations."]]


class Display(TypedDict):
    """What tables print beside the numbers."""

    label: Annotated[str, "Name of the system for people."]
    chunk: Annotated[int | None, "Its `chunk_size`; null where it has none."]
    top_k: Annotated[int | None, "Its `top_k`; null where it has none."]
    extractor: NotRequired[Annotated[str | None, "Its `extractor`; null where it has none."]]
    sees_gold: NotRequired[Annotated[bool, "Whether it is shown the evidence and so takes no part in the ranking."]]


class SummaryDataset(TypedDict):
    """The questions."""

    name: Annotated[str, "Name of the data set."]
    n_by_category: Annotated[dict[str, int], "Category (LOCOMO: 1 to 5) to its number of questions."]
    categories: NotRequired[
        Annotated[
            list[list[str | int | bool]],
            "The data set's categories in printing order: id, name, whether in the overall, official metric where it "
            "names one; absent: LOCOMO's.",
        ]
    ]
    judge: NotRequired[
        Annotated[str, NEW, "Name of the judge with the data set's own rubric; absent: any may be the main one."]
    ]
    synthetic: NotRequired[Annotated[bool, NEW, "True where a program wrote it; absent for any other."]]
    sha256: NotRequired[Annotated[str, "Digest of the content; runs, not rescored answers."]]
    official: NotRequired[Annotated[bool, "Whether it is the official file."]]
    answer_key: NotRequired[Annotated[str, "Which gold answers: `official` or an audited key."]]
    captions: NotRequired[Annotated[bool, "Whether turns carry the captions of their pictures."]]
    questions: NotRequired[Annotated[str, NEW, "Digest of all questions with gold and evidence; equal ones pair up."]]


class Described(TypedDict):
    """What a row is of, and what made it."""

    display: Annotated[Display, "What tables print."]
    answerer: Annotated[str, "Name of the answerer."]
    judge: Annotated[str, "Name of the main judge."]
    embedder: Annotated[str, "Name of the embedder."]
    llm: Annotated[str, "The language model; `none` where there is none."]
    dataset: Annotated[SummaryDataset, "The questions."]
    made_by: NotRequired[
        Annotated[MadeBy, NEW, "The parts and models; tables tell by it what compares with the paper."]
    ]
    not_comparable: NotRequired[
        Annotated[list[str], "Why the row may not stand beside the paper's; only where `made_by` is absent."]
    ]


class ScoreSummary(Described):
    """What runs and rescored answers have in common.

    The denominator is every selected question: one that failed in any stage counts 0 in metrics and wrong in verdicts.
    """

    schema: Annotated[int, "1."]
    experiment: Annotated[str, "The experiment; `rescore` for answers that existed already."]
    system: Annotated[str, "Name of the system, or of the set of answers."]
    track: Annotated[str, "The protocol: `paper` or `controlled`; `published` for rescored answers."]
    fingerprint: Annotated[str, "Identity of the run (10 digits)."]
    complete: Annotated[bool, "Whether every question has been through every stage, failed or not."]
    n: Annotated[int, "Questions."]
    failed: Annotated[int, "Questions that failed in any stage."]
    failures: NotRequired[
        Annotated[
            dict[str, int], NEW, "Judge, metric or `latency` to the questions it failed on; those with none are absent."
        ]
    ]
    repeats: NotRequired[Annotated[RepeatedAnswers, NEW, "Several runs of answers; absent where there is one."]]
    judged: Annotated[dict[str, dict[str, int]], "Judge to its verdicts by label, and `n` of them all."]
    metrics: Annotated[dict[str, EstimateEntry], "Metric or `judge_<name>` to its mean over all questions."]
    by_category: Annotated[dict[str, dict[str, EstimateEntry]], "Category to the same over its questions."]
    unanswerable: NotRequired[
        Annotated[
            dict[str, EstimateEntry], NEW, "The same over the questions that cannot be answered; absent: none is asked."
        ]
    ]
    judge_error: NotRequired[
        Annotated[
            dict[str, float | None],
            "Judge to the standard error it adds to a system's score; tables widen by it. null: unknown on this data.",
        ]
    ]
    cautions: NotRequired[
        Annotated[
            dict[str, list[str]],
            NEW,
            "Judge that estimates another one's verdicts to what speaks against its scores here; absent: nothing.",
        ]
    ]
    ceilings: NotRequired[
        Annotated[dict[str, dict[str, float]], "Category or `all` to metric to what the gold answers themselves score."]
    ]
    missing: Annotated[dict[str, str], "Metric that could not be computed to the reason."]
    retrieval: NotRequired[Annotated[RetrievalSummary, NEW, "What was found of the evidence."]]
    fitted_on: NotRequired[
        Annotated[dict[str, FittedOn], NEW, "Component that rests on data to what of these data is measured."]
    ]
    ledger: Annotated[dict[str, Ledger], "Phase to calls and tokens, over all sessions; empty for rescored answers."]


class Summary(ScoreSummary):
    """``summary.json`` of a benchmark run."""

    score_fingerprint: NotRequired[Annotated[str, "Identity of the whole summary (10 digits)."]]
    seed: NotRequired[Annotated[int, NEW, "The run's seed."]]
    failed_by_stage: NotRequired[
        Annotated[dict[str, int], "First stage that failed (search, answer, judge, score) to the number of questions."]
    ]
    judged_by_category: NotRequired[
        Annotated[dict[str, dict[str, dict[str, int]]], NEW, "Category to judge to verdicts by label."]
    ]
    journals: NotRequired[
        Annotated[dict[str, JournalEntry], NEW, "Set of records (ingest, search, answers, …) to its journal."]
    ]
    lost: NotRequired[Annotated[Lost, NEW, "What ingestion made and lost."]]
    ledger_rows: NotRequired[Annotated[list[LedgerRow], NEW, "`ledger` by phase, role and model."]]
    spent: NotRequired[Annotated[list[Spent], NEW, "What was really asked and paid, by role and model."]]
    prompts: NotRequired[
        Annotated[dict[str, str], NEW, "`answer` and `judge NAME` to the prompt: its id and whose wording it is."]
    ]
    latency_ms: Annotated[Latency, "Times."]
    cut: Annotated[int, "Answers whose context was cut to the model's window."]
