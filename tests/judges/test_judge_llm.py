"""LLM judges over a scripted model: majority, failures kept apart, everything kept."""

import pytest

from eval.core.types import JudgeTask
from eval.judges import prompts
from eval.judges.llm import LLMJudge
from eval.judges.published import PublishedAnswer
from eval.judges.recorded import RecordedJudge
from memos.errors import ConfigError, LLMError
from memos.llm.base import Completion
from memos.types import Usage

TASK = JudgeTask("What did Tom build {gold}?", "a kite", "A kite {answer}", 4)


class Scripted:
    """Replies by sample index; out of order, as concurrent clients do."""

    name, context_window, comparable = "scripted", None, False

    def __init__(self, replies):
        self.replies, self.asked = replies, []

    def complete_many(self, requests):
        for index in reversed(range(len(requests))):
            self.asked.append(requests[index])
            reply = self.replies[requests[index].sample_index]
            text, reason = reply if isinstance(reply, tuple) else (reply, "stop")
            yield (
                index,
                reply
                if isinstance(reply, LLMError)
                else Completion(text, "scripted-1", Usage(1, 10, 2), reason, latency_ms=5.0),
            )

    def close(self):
        pass


def judged(replies, tasks=(TASK,), runs=0, retries=0, **fields):
    llm = Scripted(replies)
    judge = LLMJudge(LLMJudge.Config(runs=runs or len(replies), retries=retries, **fields), llm=llm)
    return dict(judge.judge(list(tasks))), llm


def test_three_runs_majority_share_and_everything_kept():
    verdicts, llm = judged(['{"label": "CORRECT"}', '{"label": "WRONG"}', '{"label": "CORRECT"}'])
    verdict = verdicts[0]
    assert (verdict.label, verdict.score) == ("correct", pytest.approx(2 / 3))
    assert verdict.runs == ("correct", "wrong", "correct")
    assert verdict.raw[1] == '{"label": "WRONG"}' and verdict.model == "scripted-1"
    assert verdict.usage == Usage(3, 30, 6) and verdict.latency_ms == 15
    assert sorted(request.sample_index for request in llm.asked) == [0, 1, 2]


def test_failures_are_never_wrong():
    verdicts, _ = judged([LLMError("down"), LLMError("down")])
    assert verdicts[0].label == "error" and verdicts[0].score is None and "down" in verdicts[0].raw[0]
    verdicts, _ = judged(["hm", "well"])
    assert verdicts[0].label == "unparsed" and verdicts[0].score is None


REFUSED = ("I cannot help with that.", "refusal")


def test_an_unreadable_reply_is_asked_for_again_and_counted():
    verdicts, llm = judged([REFUSED, '{"label": "WRONG"}', '{"label": "CORRECT"}'], runs=2, retries=2)
    verdict = verdicts[0]
    assert verdict.runs == ("correct", "wrong") and verdict.score == 0.5 and verdict.attempts == 3
    assert verdict.usage == Usage(3, 30, 6) and verdict.latency_ms == 15, "what the refused attempt cost counts too"
    assert sorted(request.sample_index for request in llm.asked) == [0, 1, 2], "asked again as another sample"


def test_asking_again_is_bounded_and_never_turns_into_wrong():
    verdicts, llm = judged([REFUSED] * 3, runs=1, retries=2)
    assert verdicts[0].label == "unparsed" and verdicts[0].score is None and verdicts[0].attempts == len(llm.asked) == 3
    verdicts, llm = judged([REFUSED, LLMError("down")], runs=1, retries=2)
    assert verdicts[0].label == "error" and len(llm.asked) == 2 and verdicts[0].usage == Usage(1, 10, 2)
    verdicts, llm = judged([("The answer holds", "length")], runs=1, retries=2)
    assert verdicts[0].label == "unparsed" and len(llm.asked) == 1, "a reply that max_tokens cut comes out the same"


def test_only_the_unreadable_runs_of_many_tasks_are_asked_again():
    tasks = [JudgeTask(f"q{i}", "g", "a", 4) for i in range(3)]
    verdicts, llm = judged(["CORRECT", REFUSED, "unused", "WRONG"], tasks, runs=2, retries=1)
    assert sorted(verdicts) == [0, 1, 2] and len(llm.asked) == 9
    assert all(verdict.runs == ("correct", "wrong") and verdict.attempts == 3 for verdict in verdicts.values())


def test_how_often_is_asked_again_is_no_part_of_the_identity():
    first, second = (LLMJudge(LLMJudge.Config(retries=n), llm=Scripted([])).identity() for n in (0, 2))
    assert first == second


def test_many_tasks_keep_their_places():
    tasks = [JudgeTask(f"q{i}", "g", "a", 4) for i in range(7)]
    verdicts, llm = judged(["CORRECT", "CORRECT"], tasks)
    assert sorted(verdicts) == list(range(7)) and len(llm.asked) == 14


def test_braces_in_texts_survive_the_prompt():
    text = LLMJudge(LLMJudge.Config(), llm=Scripted([])).messages(TASK)[0].content
    assert "What did Tom build {gold}?" in text and "A kite {answer}" in text and '{"label": "CORRECT"}' in text


def test_longmemeval_picks_its_rule_by_category():
    judge = LLMJudge(LLMJudge.Config(rubric="longmemeval"), llm=Scripted([]))
    texts = {c: judge.messages(JudgeTask("q", "g", "a", c))[0].content for c in (1, 2, 3, 4, 5)}
    assert "off by one" in texts[2] and "off by one" not in texts[4]
    assert prompts.ours("longmemeval").rules["abstention"] in texts[5]


def test_mistakes_are_one_line():
    with pytest.raises(ConfigError, match="judge.rubric"):
        LLMJudge.Config(rubric="kind")
    with pytest.raises(ConfigError, match="judge.retries"):
        LLMJudge.Config(retries=-1)
    with pytest.raises(ConfigError, match="needs a language model"):
        LLMJudge(LLMJudge.Config(), llm=None)


def test_recorded_verdicts_come_back_and_strangers_are_not_wrong():
    row = PublishedAnswer("s", "c", 0, 4, "q", "g", "a", (1, 0, 1), None, None)
    judge = RecordedJudge(rows=[row])
    verdicts = dict(judge.judge([JudgeTask("q", "g", "a", 4), JudgeTask("q", "g", "other", 4)]))
    assert verdicts[0].label == "correct" and verdicts[0].score == pytest.approx(2 / 3)
    assert verdicts[1].label == "unparsed" and verdicts[1].score is None
