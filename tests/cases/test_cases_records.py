"""Records, one a line: separators within a text, and a line cut by a kill."""

from __future__ import annotations

import pytest
from case_tools import ending

from eval.experiments.rescoring import load
from eval.runs.write import Journal, question_key

SEPARATORS = "one\u2028two\u0085three"


def written(path, question) -> None:
    journal = Journal(path, question_key)
    journal.append(
        {"sample_id": question.sample_id, "qa_index": question.qa_index, "status": "ok", "answer": SEPARATORS}
    )
    journal.close()


def test_c80_a_line_separator_within_a_text_ends_no_record(tiny_dataset, tmp_path):
    """wbolster/jsonlines#53, volcengine/OpenViking#3988: U+2028 and U+0085 end a line for ``str.splitlines``, not for
    JSON.
    """
    written(tmp_path / "answers.jsonl", tiny_dataset.questions[0])
    assert ending(lambda: load(tmp_path, tiny_dataset)) == "done"
    assert load(tmp_path, tiny_dataset)[0].answer == SEPARATORS


def test_c80_the_journal_reads_it_back(tiny_dataset, tmp_path):
    """wbolster/jsonlines#53: the control."""
    written(tmp_path / "answers.jsonl", tiny_dataset.questions[0])
    (record,) = Journal(tmp_path / "answers.jsonl", question_key).records.values()
    assert record["answer"] == SEPARATORS


@pytest.mark.parametrize("tail", [b'{"k": 2, "x": "ha', b"\x00\x00\x00"])
def test_c81_a_torn_last_line_is_removed(tail, tmp_path):
    """NousResearch/hermes-agent#1193, PrimeIntellect-ai/nano-rlm#97: after a kill the log cannot be read any more."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"k": 1}\n' + tail)
    assert list(Journal(path, lambda record: record["k"]).records) == [1]
    assert path.read_bytes() == b'{"k": 1}\n'


def test_c81_damage_before_the_last_line_is_told(tmp_path):
    """NousResearch/hermes-agent#1193: what no kill leaves is not passed over."""
    (tmp_path / "a.jsonl").write_bytes(b'{"k": 1}\n{"k": \n{"k": 3}\n')
    assert ending(lambda: Journal(tmp_path / "a.jsonl", lambda record: record["k"])) == "told"
