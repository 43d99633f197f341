"""Systems over several data sets: what is pooled and what is not, all pairs, the tables and the figure."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from eval.report import plots
from eval.report.plots.pooled import alike
from eval.report.pooling import bases, gather
from eval.report.suite_tables import suite_tables, write_suite_tables
from memos.errors import DataError

LEVELS = {"null": 0.0, "oracle": 0.9, "rag": 0.3, "mem0": 0.5, "memos": 0.52}


def run(system: str, data: str, conversations: int, level: float, **fields) -> SimpleNamespace:
    """A stand-in for a finished run: 12 questions a conversation, the same luck for all systems but mem0."""
    keys = [(f"{data}-{c}", q) for c in range(conversations) for q in range(12)]
    rng = np.random.default_rng([len(data), system == "mem0"])
    luck = rng.random(len(keys)) + np.repeat(rng.normal(0, 0.05, conversations), 12)
    column = {key: float(draw < level) for key, draw in zip(keys, luck, strict=True)}
    metrics = fields.pop("metrics", {"judge_offline": {"mean": float(np.mean(list(column.values()))), "n": len(keys)}})
    summary = {
        "experiment": data,
        "system": system,
        "display": {"label": f"the {system}", "sees_gold": system == "oracle"},
        "judge": "offline",
        "fingerprint": f"{system}-{data}",
        "complete": True,
        "n": len(keys),
        "metrics": metrics,
        "by_category": {},
        "dataset": {"name": data, "sha256": data, **({"synthetic": True} if data == "made" else {})},
        **fields,
    }
    return SimpleNamespace(
        summary=summary, keys=keys, column=lambda name: column if name in metrics else {}, folder=Path(data) / system
    )


def suite(**conversations: int) -> list[SimpleNamespace]:
    return [run(system, data, n, level) for data, n in conversations.items() for system, level in LEVELS.items()]


def rows(table, section: int = 0) -> list[dict]:
    return [
        {column.key: cell.value for column, cell in zip(table.columns, row, strict=True)}
        for row in table.sections[section].rows
    ]


def test_each_data_set_counts_the_same_and_real_data_stands_beside():
    sets, left_out = gather(suite(made=40, talk=5, chat=6))
    assert not left_out and [one.name for one in sets] == ["made", "talk", "chat"]
    made = {basis.title: basis for basis in bases(sets)}
    assert list(made) == ["made", "talk", "chat", "all pooled", "real data pooled"]
    pooled, real = made["all pooled"], made["real data pooled"]
    assert (pooled.conversations, pooled.questions) == (51, 51 * 12) and real.conversations == 11
    for system in LEVELS:
        alone = [made[name].scores[system].mean for name in ("made", "talk", "chat")]
        assert pooled.scores[system].mean == pytest.approx(np.mean(alone))
        assert real.scores[system].mean == pytest.approx(np.mean(alone[1:]))


def test_pairs_leave_out_what_sees_the_gold_and_few_conversations_tell_less_apart():
    sets, _ = gather(suite(made=40, talk=5))
    few, both = (next(b for b in bases(sets) if b.title == title) for title in ("talk", "all pooled"))
    assert len(both.pairs) == 6 and all("oracle" not in (pair.first, pair.second) for pair in both.pairs)
    assert [pair.difference.mean for pair in both.pairs] == sorted(
        (p.difference.mean for p in both.pairs), reverse=True
    )
    assert not any(pair.apart for pair in few.pairs), "5 conversations: the smallest p is 2/32"
    far, near = both.pair("null", "memos"), both.pair("memos", "mem0")
    assert far.first == "memos" and far.apart and far.further == 0
    assert not near.apart and near.further > 0 and both.pair("memos", "oracle") is None
    level = 0.05 / sum(not pair.apart for pair in few.pairs)
    for pair in few.pairs:
        assert pair.further is None or 2 ** (1 - 5 - pair.further) <= level, (
            "so many that a p under Holm's level exists"
        )


def test_the_judges_own_error_is_told_and_does_not_change_the_test():
    runs = suite(made=40, talk=8)
    plain = bases(gather(runs)[0])[-1].pair("rag", "mem0")
    for one in runs:
        one.summary["judge_error"] = {"judge_offline": 0.1}
    unsure = bases(gather(runs)[0])[-1].pair("rag", "mem0")
    assert plain.apart and plain.beyond_judge and unsure.p == plain.p and unsure.apart and not unsure.beyond_judge
    assert unsure.judge_error == pytest.approx(0.1 * 2**0.5)
    assert rows(suite_tables(runs)["_pairs"])[-2]["pooled_verdict"] == "apart if the judge is right"


def test_what_cannot_be_pooled_is_named():
    runs = suite(made=40, talk=5, chat=6)
    runs[3].summary["complete"] = False
    runs += [run("rag", "pair", 2, 0.5), run("rag", "mute", 4, 0.5, metrics={})]
    tables = suite_tables(runs)
    notes = [note for note in tables[""].notes if note.startswith("Not pooled")]
    assert notes == [
        "Not pooled: made, the mem0: the run is not finished.",
        "Not pooled: pair: 2 conversation(s); at least 3 are needed.",
        "Not pooled: mute: no judge gave verdicts.",
        "Not pooled: the mem0 has no finished run on made.",
    ]
    mem0 = next(row for row in rows(tables[""]) if row["method"] == "the mem0")
    assert mem0["made"] is None and mem0["all_pooled"] is None and mem0["talk"] == pytest.approx(0.5, abs=0.2)
    assert suite_tables([]) == {}


def test_a_data_sets_official_metric_comes_before_a_judge():
    both = {"judge_offline": {"mean": 0.1, "n": 1}, "official": {"mean": 0.2, "n": 1}}
    (one,), _ = gather([run("rag", "talk", 4, 0.4, metrics=both), run("memos", "talk", 4, 0.5, metrics=both)])
    assert one.metric == "official"
    (one,), _ = gather([run("rag", "talk", 4, 0.4, metrics=both), run("memos", "talk", 4, 0.5)])
    assert one.metric == "judge_offline"


def test_data_sets_of_one_name_stay_apart_and_another_judge_is_named():
    runs = suite(made=5) + [run(s, "made", 6, level) for s, level in LEVELS.items()]
    for one in runs[5:]:
        one.summary["dataset"] |= {"sha256": "0123456789"}
    runs[-1].summary["metrics"] = {"judge_other": {"mean": 0.5, "n": 72}}
    runs[-1].column = lambda name: {}
    sets, left_out = gather(runs)
    assert [one.name for one in sets] == ["made", "made 012345"]
    assert left_out == ["made, the memos: judge_offline is not in this run."]


def test_without_a_system_in_common_nothing_is_pooled(tmp_path):
    runs = [run("rag", "talk", 5, 0.3), run("mem0", "made", 5, 0.5)]
    assert [basis.title for basis in bases(gather(runs)[0])] == ["talk", "made"]
    with pytest.raises(DataError, match="finished runs on all data sets"):
        plots.pooled_scores(runs, tmp_path / "one")


def test_tracks_are_never_pooled():
    runs = suite(made=5, talk=5)
    runs += [run(s, d, 5, level, track="controlled") for d in ("made", "talk") for s, level in LEVELS.items()]
    table = suite_tables(runs)["_apart"]
    assert [section.title for section in table.sections] == ["track paper", "track controlled"]
    assert {row["conversations"] for row in rows(table, 1)} == {5, 10}


def test_the_share_of_large_pairs_that_are_told_apart():
    rows_by_basis = {row["basis"]: row for row in rows(suite_tables(suite(made=40, talk=5))["_apart"])}
    alone, pooled = rows_by_basis["talk"], rows_by_basis["all pooled"]
    assert alone["share"] == 0 and alone["pairs"] == 6
    assert (pooled["large"], pooled["large_apart"], pooled["share"]) == (5, 5, 1.0)
    assert (pooled["memories"], pooled["memories_share"]) == (2, 1.0), "without the pairs of no memory"


def test_tables_are_written_and_one_data_set_alone_has_no_pooled_column(tmp_path):
    write_suite_tables(suite(made=40, talk=5), tmp_path / "suite")
    assert {path.name for path in tmp_path.glob("*.csv")} == {"suite.csv", "suite_pairs.csv", "suite_apart.csv"}
    assert "docs/protocol.md#pooling" in (tmp_path / "suite.md").read_text()
    tables = suite_tables(suite(talk=5))
    assert [column.title for column in tables[""].columns] == ["Method", "talk"]
    assert {column.group for column in tables["_pairs"].columns} == {"", "talk"}


def test_the_figure_orders_systems_and_joins_those_that_are_not_told_apart(tmp_path):
    runs = suite(made=40, talk=5)
    paths = plots.pooled_scores(runs, tmp_path / "pooled")
    assert {path.suffix for path in paths} == {".png", ".pdf", ".csv", ".json"}
    frame = pd.read_csv(tmp_path / "pooled.csv")
    own = frame.loc[frame.basis == "all pooled"]
    assert list(own.score) == sorted(own.score, reverse=True)
    assert set(own.method[:2]) == {"the memos", "the mem0"} and list(own.method[2:]) == ["the rag", "the null"]
    pooled = next(b for b in bases(gather(runs)[0]) if b.title == "all pooled")
    assert alike(["memos", "mem0", "rag", "null"], pooled) == [(0, 1)]
    with pytest.raises(DataError, match="two data sets"):
        plots.pooled_scores(suite(talk=5), tmp_path / "one")
