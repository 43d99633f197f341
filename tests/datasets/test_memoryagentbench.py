"""MemoryAgentBench's loader, check by check (MA1 to MA9), on made-up rows."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from synthetic import memoryagentbench as made

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.datasets.load import load_dataset
from eval.datasets.memoryagentbench import rows
from eval.datasets.memoryagentbench.chunks import chunks
from eval.datasets.memoryagentbench.sources import ORIGINS, ROWS
from eval.experiments.benchmark.experiment import run
from eval.report.tables import table3, table4
from eval.stages.bench import Bench
from memos import tokens
from memos.errors import ConfigError, DataError, MissingDependency


def load(folder: Path, **fields: Any):
    return load_dataset("memoryagentbench", **made.synthetic(folder) | fields)


def refused(folder: Path, row: Any) -> str:
    """What the loader says of one row."""
    file = made.written(folder / f"{abs(hash(str(row)))}.jsonl", [row])
    with pytest.raises(DataError) as error:
        load_dataset("memoryagentbench", path=str(file))
    return str(error.value)


def test_ma1_parquet_and_lines_of_json_are_the_same_rows(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "Conflict_Resolution-00000-of-00001.parquet"
    parquet.write_table(arrow.Table.from_pylist(made.conflicts()), file)
    own = load_dataset("memoryagentbench", path=str(file), chunk_tokens=200)
    lines = load(tmp_path / "lines", splits=["Conflict_Resolution"])
    assert own.sha256 == lines.sha256 and own.questions == lines.questions
    file.write_bytes(b"no parquet")
    with pytest.raises(DataError, match="no parquet that can be read"):
        list(rows.rows(file))


def test_ma1_without_pyarrow_the_message_has_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingDependency, match=r"pyarrow is not installed; run: pip install -e '.\[hub\]'"):
        list(rows.rows(tmp_path / "Conflict_Resolution.parquet"))


def test_ma2_rows_are_counted_and_sources_are_known(tmp_path):
    part = load(tmp_path / "part", splits=["Conflict_Resolution"])
    assert not part.official and part.name == "memoryagentbench (a part)"
    assert part.notes[0] == "Conflict_Resolution: 2 rows, the official file has 8"
    file = made.written(tmp_path / "Conflict_Resolution.jsonl", made.conflicts() * 4)
    whole = load_dataset("memoryagentbench", path=str(file))
    assert whole.official and whole.name == "memoryagentbench" and whole.notes[0] == "Conflict_Resolution: 8 rows"
    assert sum(ROWS.values()) == 146
    unknown = made.row("factconsolidation_xl", "text", {"?": ["x"]})
    assert "[0].metadata.source: expected one of factconsolidation_sh_6k" in refused(tmp_path, unknown)


def test_ma3_a_row_is_a_conversation_and_a_chunk_a_session_of_one_turn(tmp_path):
    talk = load(tmp_path).conversations[0]
    assert talk.sample_id == "Conflict_Resolution-1" and len(talk.sessions) > 3
    assert [turn.turn_id for _, turn in talk.turns()][:2] == ["D1:1", "D2:1"]
    assert {len(session.turns) for session in talk.sessions} == {1}
    assert {turn.speaker for _, turn in talk.turns()} == {"User"}


def test_ma4_any_of_the_answers_counts(tmp_path):
    question = load(tmp_path).questions[1]
    assert question.gold == "Keeper 58" and question.golds == ("Keeper 58", "keeper fifty-eight")
    row = made.conflicts()[0]
    assert "answers[0]: expected a list of texts" in refused(tmp_path, row | {"answers": [[], ["x"]]})
    assert "answers[0]: expected a list of texts" in refused(tmp_path, row | {"answers": ["Keeper 59", ["x"]]})
    assert "1 lists of answers for 2 questions" in refused(tmp_path, row | {"answers": [["x"]]})


def test_ma5_the_category_is_the_source(tmp_path):
    data = load(tmp_path)
    assert [q.category for q in data.questions][-1] == "icl_banking77_5900shot_balance"
    assert {q.category for q in data.questions} <= ORIGINS.keys()


def test_ma6_there_are_no_times(tmp_path):
    assert all(s.time is None and s.time_text == "" for talk in load(tmp_path).conversations for s in talk.sessions)


def test_ma7_chunks_are_whole_sentences_and_lose_nothing(tmp_path):
    text = " ".join(f"This is sentence {n}, it says little." for n in range(200))
    pieces = chunks(text, 100)
    assert all(tokens.count_tokens(piece) <= 110 for piece in pieces) and len(pieces) > 10
    assert " ".join(pieces) == text and all(piece.endswith("little.") for piece in pieces)
    long = "word " * 300 + "end."
    assert chunks(long, 50) == [long]
    assert any("are ours: cl100k" in note for note in load(tmp_path).notes)
    with pytest.raises(ConfigError, match="dataset.chunk_tokens: must be at least 1, found 0"):
        load(tmp_path, chunk_tokens=0)


def test_ma8_the_metric_is_the_source_s_and_no_judge_is_asked(tmp_path):
    data = load(tmp_path)
    official = {one.id: one.official for one in data.categories}
    assert official["factconsolidation_mh_262k"] == official["eventqa_full"] == "substring_exact_match"
    assert official["icl_nlu_8296shot_balance"] == official["detective_qa"] == "exact_match"
    assert "longmemeval_s*" not in official and "recsys_redial_full" not in official
    assert any(note.startswith("recsys_redial_full: 1 rows are left out, its recall") for note in data.notes)
    chats = load_dataset("memoryagentbench_chats", path=str(tmp_path))
    assert chats.judge == "longmemeval" and not chats.scorers
    assert [q.rule for q in chats.questions] == ["single", "abstention"]
    assert chats.questions[1].unanswerable and chats.questions[0].asked == datetime(2023, 5, 30, 23, 40)


def test_ma8_a_run_has_the_official_metric_as_its_main_column(tmp_path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        overrides = ["experiment=tiny", "dataset=memoryagentbench", "system=rag", "answerer=constant"]
        config = plain(compose("config", [*overrides, "latency.questions=0", f"out={tmp_path}/out"]))
    config["dataset"] |= made.synthetic(tmp_path) | {"splits": ["Conflict_Resolution"]}
    config["answerer"]["text"] = "It is Keeper 59."
    assert run(config)["code"] == 0
    bench = Bench(config)
    summary = json.loads((bench.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["complete"] and summary["judged"] == {} and summary["judge"] == "none"
    assert not any(name.startswith("judge_") for name in summary["metrics"])
    assert summary["metrics"]["official"]["mean"] == pytest.approx(1 / 3)
    assert summary["metrics"]["exact_match"]["mean"] == 0.0
    assert summary["by_category"]["factconsolidation_sh_6k"]["official"]["mean"] == 0.5
    assert ["factconsolidation_sh_6k", "factconsolidation_sh_6k", True, "substring_exact_match"] in summary["dataset"][
        "categories"
    ]
    for table in (table3([summary]), table4([summary])):
        assert [c.title for c in table.columns if c.primary] == ["Official"]
        assert any(note.startswith("Official: the data set's own metric") for note in table.notes)
        assert not any(column.title.startswith("Judge ") for column in table.columns)


def test_ma9_facts_that_conflict_are_the_default_and_bring_their_rule(tmp_path):
    data = load(tmp_path, splits=["Conflict_Resolution"])
    assert "larger number is newer" in str(data.questions[0].instruction)
    assert "larger number" not in data.questions[0].text, "no memory system is told"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        spec = plain(compose("config", ["experiment=tiny", "dataset=memoryagentbench"]))["dataset"]
    assert spec["splits"] == ["Conflict_Resolution"]
    with pytest.raises(ConfigError, match="dataset.splits: expected some of"):
        load(tmp_path, splits=["Conflicts"])


def test_it_is_fetched_at_a_fixed_revision(tmp_path, monkeypatch):
    file = made.written(tmp_path / "fetched.jsonl", made.conflicts())
    asked = SimpleNamespace(given=None)

    def fetch(*given: str) -> Path:
        asked.given = given
        return file

    monkeypatch.setattr(rows, "hub_file", fetch)
    assert len(load_dataset("memoryagentbench").conversations) == 2
    repository, name, revision, licence = asked.given
    assert (repository, name) == ("ai-hyz/MemoryAgentBench", "data/Conflict_Resolution-00000-of-00001.parquet")
    assert len(revision) == 40 and "MIT" in licence
