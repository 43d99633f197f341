"""Run folders as tables of questions, and paired comparisons of them."""

import importlib.util
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from eval.core.judging import verdict_value
from eval.report.significance import against_best, apart_in_all, compare_runs, comparison_table, paired, ties
from eval.runs.read import kv_cells, load_run, load_summary, read_records, run_folders
from memos.errors import DataError

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
RUNS = FIXTURES / "runs"


@pytest.fixture(autouse=True)
def _at_root(monkeypatch):
    monkeypatch.chdir(FIXTURES.parents[1])


@pytest.fixture(scope="module")
def folder():
    return {load_summary(f)["system"]: f for f in run_folders([RUNS / "fixture"])}


def test_fixture_runs_are_what_the_script_makes(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make_runs", FIXTURES / "make_runs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "DATASET", tmp_path / "dataset.json")
    module.main()
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {p.relative_to(RUNS): p.read_bytes() for p in RUNS.rglob("*") if p.is_file()}
    assert made == kept
    assert sum(map(len, kept.values())) < 500_000


@pytest.mark.parametrize("system", ["oracle", "rag", "memos"])
def test_frame_means_are_the_summarys(folder, system):
    run = load_run(folder[system])
    assert len(run.frame) == run.summary["n"] == 60
    for name, entry in run.summary["metrics"].items():
        assert run.frame[name].mean() == pytest.approx(entry["mean"], abs=1e-9), name
        for category, own in run.summary["by_category"].items():
            mine = run.frame[run.frame.category == int(category)]
            assert mine[name].mean() == pytest.approx(own[name]["mean"], abs=1e-9)


def test_a_column_reads_only_its_own_journals(folder, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(folder["memos"], copy)
    whole = load_run(copy).frame
    for path in copy.rglob("*.jsonl"):
        if path.name != "search.jsonl" and not path.name.startswith("judge_offline-"):
            path.write_text("not JSON\n")
    run = load_run(copy)
    assert (
        run.column("judge_offline") == whole.judge_offline.to_dict() and list(run.column("judge_offline")) == run.keys
    )
    assert run.column("context_words") == whole.context_words.dropna().to_dict()
    assert run.column("nope") == {} and run.categories == whole.category.to_dict()
    with pytest.raises(DataError, match="not JSON"):
        run.column("f1_memos")


def test_columns_leave_out_what_does_not_apply_and_count_failures(folder):
    run = load_run(folder["memos"])
    failed = ("made-2", 7)
    assert run.column("f1_memos")[failed] == 0 and failed not in run.column("memory_words")


def test_a_failed_question_is_a_state_and_counts_wrong(folder):
    run = load_run(folder["memos"])
    row = run.frame.loc[("made-2", 7)]
    assert row.status == "answer" and row.judge_offline == 0 and row.f1_memos == 0
    assert row.memory_words != row.memory_words  # not scored, hence missing, not 0
    assert (run.frame.status != "ok").sum() == run.summary["failed"] == 1


def test_questions_evidence_and_memories_can_be_followed(folder):
    run = load_run(folder["oracle"])
    key = ("made-1", 0)
    question = run.questions[key]
    texts = [run.memories[i]["turns"] for i in run.search[key]["hits"]]
    assert [t for turns in texts for t in turns] == list(question.evidence)
    assert run.contexts[run.search[key]["context_id"]].startswith("oracle context")


def test_of_several_judge_journals_the_summarys_is_read(folder, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(folder["rag"], copy)
    own = next((copy / "scores").glob("judge_offline-*.jsonl"))
    lines = [json.loads(line) | {"label": "correct", "runs": ["correct"]} for line in own.read_text().splitlines()]
    (copy / "scores" / "judge_offline-zzzz.jsonl").write_text("".join(json.dumps(r) + "\n" for r in lines))
    assert load_run(copy).frame.judge_offline.mean() == pytest.approx(
        load_summary(copy)["metrics"]["judge_offline"]["mean"]
    )


def test_a_torn_line_is_left_out_and_the_last_record_holds(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"k": 1, "v": "old"}\n{"k": 2}\n{"k": 1, "v": "new"}\n{"k": 3, "v"')
    assert read_records(path, lambda r: r["k"]) == {1: {"k": 1, "v": "new"}, 2: {"k": 2}}
    path.write_text('{"k": 1}\nnonsense\n{"k": 2}\n')
    with pytest.raises(DataError, match="line 2: not JSON"):
        read_records(path, lambda r: r["k"])


def test_errors_name_file_and_reason(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        run_folders([tmp_path / "gone"])
    (tmp_path / "begun").mkdir()
    with pytest.raises(DataError, match="no finished run"):
        run_folders([tmp_path / "begun"])
    (tmp_path / "summary.json").write_text('{"schema": 7}')
    with pytest.raises(DataError, match="schema: expected 1, found 7"):
        load_summary(tmp_path)
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(DataError, match="not JSON"):
        load_summary(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "top level: expected an object, found list"),
        ('{"config": []}', "config: expected an object, found list"),
    ],
)
def test_a_damaged_manifest_is_named(folder, tmp_path, text, says):
    copy = tmp_path / "run"
    shutil.copytree(folder["memos"], copy)
    (copy / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=f"manifest.json: {says}") as raised:
        _ = load_run(copy).manifest
    assert "\n" not in str(raised.value)
    (copy / "manifest.json").unlink()
    assert load_run(copy).manifest == {}


def test_verdict_values():
    assert verdict_value({"label": "correct", "runs": ["correct", "correct", "wrong"]}) == pytest.approx(2 / 3)
    assert verdict_value({"label": "unparsed", "runs": ["correct"]}) == 0
    assert verdict_value({"label": "correct", "runs": []}) == 1


def test_kv_cells_work_out_the_speed_up():
    cell = kv_cells(run_folders([RUNS / "kv_ttft"]))[0]
    assert cell["speedup"] == pytest.approx(100 * (1 - cell["kv_ttft"] / cell["dir_ttft"]))
    assert cell["model"] == "made/up-135M"


def test_pairs_line_up_by_key(folder):
    a, b = load_run(folder["oracle"]), load_run(folder["rag"])
    column = a.column("judge_offline")
    b.keys.reverse()
    pair = paired(a, b, "judge_offline")
    assert len(pair.keys) == 60 and pair.keys == a.keys and pair.clusters == [s for s, _ in pair.keys]
    assert [column[k] for k in pair.keys] == list(pair.a)
    assert [b.frame.loc[k, "judge_offline"] for k in pair.keys] == list(pair.b)
    with pytest.raises(DataError, match="'nope' is not in this run"):
        paired(a, b, "nope")


def test_the_judges_own_error_widens_a_comparison(folder):
    a, b = load_run(folder["oracle"]), load_run(folder["rag"])
    plain = compare_runs(a, b, "judge_offline")
    for run in (a, b):
        run.summary["judge_error"] = {"judge_offline": 0.03}
    wide = compare_runs(a, b, "judge_offline")
    assert wide.se == pytest.approx((plain.se**2 + 2 * 0.03**2) ** 0.5)


def test_three_conversations_cannot_separate_and_gold_is_not_ranked(folder):
    tests = against_best([load_run(f) for f in folder.values()], "judge_offline")
    tied = ties(tests)
    assert apart_in_all(tests) == (sum(map(len, tests.values())), 0)
    fingerprints = set().union(*tied.values())
    assert fingerprints == {load_summary(folder["rag"])["fingerprint"]}  # against memos, not against the oracle
    assert None in tied and 4 in tied


def test_ten_conversations_can_separate_nine_systems_in_every_category():
    """Holm over a section leaves a clear winner clear: with ten conversations the smallest p is 2/1,024; over nine
    systems' whole column nothing.
    """

    def made(i: int) -> SimpleNamespace:
        keys = [(f"c{c}", q) for c in range(10) for q in range(8)]
        scores = dict.fromkeys(keys, float(i == 0))
        return SimpleNamespace(
            column=lambda name: scores if name == "judge_x" else {},
            categories=dict(zip(keys, [4, 1, 3, 2] * 20, strict=True)),
            summary={"fingerprint": str(i), "system": "s"},
            folder=Path(str(i)),
        )

    nine = against_best([made(i) for i in range(9)], "judge_x")
    assert ties(nine) == {} and apart_in_all(nine) == (40, 0)
    five = against_best([made(i) for i in range(5)], "judge_x")
    assert apart_in_all(five) == (20, 20), "20 times 2/1,024 is under .05"
    assert ties(against_best([made(0), made(0)], "judge_x"))[None] == {"0"}
    assert against_best([made(0)], "judge_x") == {} and apart_in_all({}) == (0, 0)


def test_comparison_table_adjusts_over_all_rows(folder):
    table = comparison_table(load_run(folder["memos"]), load_run(folder["rag"]), ["judge_offline", "f1_memos"])
    assert [s.title.split(" (")[0] for s in table.sections] == [
        "4 single-hop",
        "1 multi-hop",
        "3 open-domain",
        "2 temporal",
        "overall",
    ]
    keys = [c.key for c in table.columns]
    rows = [dict(zip(keys, (c.value for c in row), strict=True)) for s in table.sections for row in s.rows]
    assert len(rows) == 10 and all(r["verdict"] == "tie" and float(r["p_holm"]) >= float(r["p"]) for r in rows)
    overall = rows[-2]
    assert overall["difference"] == pytest.approx(overall["a"] - overall["b"])
    assert overall["p_mcnemar"] is not None and rows[-1]["p_mcnemar"] is None
