"""Measure the embedded answerers on the gold evidence turns: F1, the offline judge, questions a second.

    python scripts/bench_answerers.py                            # the reader, all 1,540 questions
    python scripts/bench_answerers.py --answerer smollm2 --limit 150

The reader's weights were fitted on conv-26 to conv-44; conv-47 to conv-50 are printed apart, as its honest figures.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

import numpy as np

from baselines.transcript import line
from eval.answerers.llm import LLMAnswerer
from eval.answerers.reader import Reader
from eval.command.script import add_data, add_limit, add_seed, locomo, one_line_errors
from eval.core.categories import locomo_number
from eval.core.types import AnswerTask, Dataset, JudgeTask, Question
from eval.datasets.locomo import load
from eval.metrics.f1 import f1_memos

FITTED_ON = ("conv-26", "conv-30", "conv-41", "conv-42", "conv-43", "conv-44")


def task(dataset: Dataset, question: Question) -> AnswerTask:
    """The question with its gold turns as context, as the system ``oracle`` renders them."""
    conversation, wanted = dataset.conversation(question.sample_id), set(question.evidence)
    context = "\n".join(line(session, turn).text for session, turn in conversation.turns() if turn.turn_id in wanted)
    return AnswerTask(question.text, context, conversation.speakers, prompt="rag")


def build(name: str):
    """The reader, or SmolLM2 with the short prompt, as conf/answerer/ configures them."""
    if name == "reader":
        return Reader(Reader.Config())
    from memos.llm.embedded import EmbeddedLM

    return LLMAnswerer(LLMAnswerer.Config(prompt="brief", max_tokens=32, stop=["\n"]), llm=EmbeddedLM())


def judged(questions: list[Question], answers: list[str]) -> list[float]:
    """1.0 for each answer that the offline judge accepts."""
    from eval.judges.offline.judge import OfflineJudge

    judge = OfflineJudge(OfflineJudge.Config())
    tasks = [
        JudgeTask(q.text, q.gold, answer, locomo_number(q.category))
        for q, answer in zip(questions, answers, strict=True)
    ]
    verdicts = dict(judge.judge(tasks))
    return [float(verdicts[index].label == "correct") for index in range(len(tasks))]


def report(label: str, questions: list[Question], scores: dict[str, list[float]], keep) -> None:
    rows = [index for index, question in enumerate(questions) if keep(question)]
    for metric, column in scores.items():
        cells = [
            f"{label:24s} {metric:14s} n {len(rows):4d}  all {100 * np.mean([column[i] for i in rows]):5.1f}"
            if rows
            else label
        ]
        for category in (4, 1, 2, 3):
            own = [column[i] for i in rows if questions[i].category == category]
            cells.append(f"cat {category} {100 * np.mean(own):5.1f}" if own else f"cat {category}   -  ")
        print("  ".join(cells))


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data(parser)
    parser.add_argument("--answerer", choices=("reader", "smollm2"), default="reader")
    add_limit(parser)
    add_seed(parser)
    parser.add_argument("--no-judge", action="store_true", help="leave the offline judge out")
    args = parser.parse_args()
    dataset = load(locomo(args.data))
    questions = [question for question in dataset.questions if not question.unanswerable]
    if args.limit:
        questions = random.Random(args.seed).sample(questions, min(args.limit, len(questions)))
    tasks = [task(dataset, question) for question in questions]
    answerer = build(args.answerer)
    list(answerer.answer(tasks[:1]))
    wall, cpu = time.perf_counter(), time.process_time()
    given = dict(answerer.answer(tasks))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    answers = [given[index].text for index in range(len(tasks))]
    errors = sum(answer.status != "ok" for answer in given.values())
    print(
        f"{answerer.name}: {len(tasks)} questions, {errors} errors, {wall:.1f} s wall ({len(tasks) / wall:.1f}/s), "
        f"{cpu:.1f} s CPU"
    )
    scores = {"f1_memos": [f1_memos(q.gold, answer) for q, answer in zip(questions, answers, strict=True)]}
    if not args.no_judge:
        scores["judge_offline"] = judged(questions, answers)
    report("all conversations", questions, scores, lambda q: True)
    report("fitted on", questions, scores, lambda q: q.sample_id in FITTED_ON)
    report("left out of the fit", questions, scores, lambda q: q.sample_id not in FITTED_ON)


if __name__ == "__main__":
    sys.exit(main())
