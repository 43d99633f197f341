"""What may stand beside the paper: decided for each column of each run; a refused cell names its own reasons."""

from __future__ import annotations

import copy
import csv
import json
import sys
from pathlib import Path

import pytest
import warm
from hydra import compose, initialize_config_dir

from eval.command.cli import CONF
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import run
from eval.report import comparable
from eval.report.paper.reference import VERDICTS, check, check_table, load
from eval.report.tables import terminal
from eval.report.tables.summaries import origin_notes
from eval.report.tables.write import to_csv
from eval.stages.bench import Bench

ROOT = Path(__file__).resolve().parents[2]
OPENAI = {"model": "gpt-4o-mini-2024-07-18", "maker": "openai", "place": "api.openai.com", "declared": False}
EMBEDDER = {"model": "text-embedding-3-small", "maker": "openai", "place": "api.openai.com", "declared": False}
SCRIPTED = {"model": "gpt-4o-mini", "maker": "synthetic", "place": "127.0.0.1", "declared": False}
SCORES = ("judge", "f1", "rl", "b1", "b2", "meteor", "bert_f1", "sim")
LEXICAL = ("f1", "rl", "b1", "b2", "meteor")


def row(system="mem0", **changes) -> dict:
    """A summary of a run on the whole of LOCOMO with gpt-4o-mini in every role; ``a__b=x`` sets what lies at a, b."""
    paper = {r["system"]: r for r in load().rows(4)}[system]
    means = {"judge_llm_generous": 0.6, "memory_words": 1000.0, "similarity": 0.5, "bertscore_f1": 0.4}
    means |= {"f1_memos": 0.4, "rougeL": 0.4, "bleu1": 0.4, "bleu2": 0.2, "meteor": 0.3}
    block = {name: {"mean": mean, "ci95": [mean - 0.01, mean + 0.01], "n": 1540} for name, mean in means.items()}
    settings = {"top_k": paper["top_k"], "extractor": "llm"}
    asking = {"part": "llm", "kind": "llm_answerer", "llm": dict(OPENAI), "settings": {"temperature": 0.0}}
    made = {
        "schema": 1,
        "system": system,
        "track": "paper",
        "fingerprint": "x",
        "complete": True,
        "n": 1540,
        "metrics": block,
        "by_category": {str(c): copy.deepcopy(block) for c in (1, 2, 3, 4)},
        "judge": "llm_generous",
        "display": {"label": system, "chunk": paper.get("chunk"), "top_k": paper["top_k"]},
        "latency_ms": {
            "search": {"p50": 1.0, "p95": 2.0},
            "total": {"p50": 3.0, "p95": 4.0},
            "answer": {"p50": 2.0, "p95": 2.0},
            "n": 100,
        },
        "dataset": {"name": "locomo", "official": True, "answer_key": "official", "captions": False},
        "missing": {},
        "made_by": {
            "memory": {
                "part": system,
                "kind": system,
                "llm": dict(OPENAI),
                "embedder": dict(EMBEDDER),
                "settings": settings,
            },
            "answerer": {**asking, "prompt": system, "own_prompt": True},
            "judges": {
                "llm_generous": {
                    "part": "llm_generous",
                    "kind": "llm_judge",
                    "llm": dict(OPENAI),
                    "settings": {"rubric": "generous", "temperature": 0.0, "runs": 3, "prompt_file": None},
                }
            },
            "metrics": {},
        },
    }
    for path, value in changes.items():
        *places, name = path.split("__")
        node = made
        for place in places:
            node = node[place]
        node[name] = value
    return made


def against(summary, system="mem0") -> dict[str, list[str]]:
    setting = (summary["display"].get("chunk"), summary["display"].get("top_k"))
    rows = [r for r in load().rows(4) if r["system"] == system]
    paper = next((r for r in rows if (r.get("chunk"), r["top_k"]) == setting), rows[0])
    found = {column: comparable.reasons(summary, column, paper) for column in comparable.paper()["rests_on"]}
    return {column: reasons for column, reasons in found.items() if reasons}


def test_a_row_of_the_papers_own_models_compares_in_every_column():
    assert against(row()) == {} and comparable.described(row()) == []


JUDGED = "made_by__judges__llm_generous"


@pytest.mark.parametrize(
    ("changes", "columns", "said"),
    [
        ({f"{JUDGED}__llm__model": "gpt-4o"}, {"judge"}, "judge is gpt-4o, the paper's is gpt-4o-mini"),
        ({f"{JUDGED}__settings__rubric": "strict"}, {"judge"}, "judge.rubric is strict, the paper's is generous"),
        ({f"{JUDGED}__settings__temperature": 0.7}, {"judge"}, "judge.temperature is 0.7"),
        ({f"{JUDGED}__settings__prompt_file": "mine.txt"}, {"judge"}, "judge prompt is mine.txt"),
        ({"judge": "offline", "made_by__judges": {}}, {"judge"}, "judge is offline"),
        (
            {"made_by__metrics": {"similarity": ["similarity is computed with MiniLM"]}},
            {"sim"},
            "similarity is computed with MiniLM",
        ),
        (
            {"made_by__metrics": {"bertscore_f1": ["bertscore_f1 is computed with MiniLM"]}},
            {"bert_f1"},
            "bertscore_f1 is computed with MiniLM",
        ),
        (
            {"made_by__answerer__llm__model": "gpt-4.1-mini"},
            {*SCORES, "total_p50", "total_p95"},
            "answerer is gpt-4.1-mini, the paper's is gpt-4o-mini",
        ),
        (
            {"made_by__answerer__settings__temperature": 1.0},
            {*SCORES, "total_p50", "total_p95"},
            "answerer.temperature is 1.0, the paper's is 0",
        ),
        (
            {"made_by__answerer__settings__max_tokens": 32},
            {*SCORES, "total_p50", "total_p95"},
            "answerer.max_tokens is 32, the paper's is none",
        ),
        (
            {"made_by__answerer__own_prompt": False, "made_by__answerer__prompt": "brief"},
            {*SCORES, "total_p50", "total_p95"},
            "answer prompt is brief",
        ),
        ({"dataset__answer_key": "audited"}, set(SCORES), "answer key is audited"),
        ({"latency_ms__cached": {"total": 7}}, {"total_p50", "total_p95"}, "7 of 100 timed questions met a warm"),
        (
            {"latency_ms__cached": {"search": 3, "total": 7}},
            {"search_p50", "search_p95", "total_p50", "total_p95"},
            "timed questions met a warm",
        ),
    ],
)
def test_a_difference_taints_the_columns_that_rest_on_it_and_no_other(changes, columns, said):
    tainted = against(row(**changes))
    assert set(tainted) == columns
    assert all(any(said in reason for reason in reasons) for reasons in tainted.values())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"made_by__memory__embedder": {**EMBEDDER, "model": "all-MiniLM-L6-v2", "maker": None}},
            "embedder is all-Mini",
        ),
        ({"made_by__memory__llm__model": "qwen"}, "llm of the memory is qwen"),
        ({"made_by__memory__settings__extractor": "rules"}, "extractor is rules"),
        ({"made_by__memory__settings__top_k": 5}, "top_k is 5, the paper's is 20"),
        ({"n": 100}, "100 questions of locomo"),
        ({"dataset__official": False}, "1540 questions of locomo"),
        ({"dataset__captions": True}, "captions"),
    ],
)
def test_what_the_memory_or_the_data_differ_in_taints_the_whole_row(changes, said):
    tainted = against(row(**changes))
    assert set(comparable.paper()["rests_on"]) - set(tainted) <= {"chunk"}
    assert all(any(said in reason for reason in reasons) for reasons in tainted.values())


@pytest.mark.parametrize(
    ("origin", "compares"),
    [
        ({"model": "gpt-4o-mini", "maker": "openai", "place": "api.openai.com", "declared": False}, True),
        ({"model": "gpt-4o-mini-2024-07-18", "maker": "openai", "place": "x.azure.com", "declared": True}, True),
        ({"model": "gpt-4o-mini", "maker": None, "place": "proxy.example.org", "declared": False}, False),
        ({"model": "gpt-4o-mini", "maker": "acme", "place": "proxy.example.org", "declared": True}, False),
    ],
)
def test_the_model_must_be_its_makers_or_declared(origin, compares):
    tainted = against(row(made_by__answerer__llm=origin))
    assert (not tainted) is compares
    if not compares:
        assert "declared=openai/gpt-4o-mini" in tainted["judge"][0]


def cells(*summaries):
    return [c for c in check(load(), list(summaries)) if c.cell.table in (3, 4)]


def test_a_gpt_4o_mini_row_is_ok_okish_or_differs():
    verdicts = [c for c in cells(row()) if c.cell.row["system"] == "mem0"]
    assert {c.verdict for c in verdicts} <= {"OK", "OKish", "DIFFERS"} and len(verdicts) == 5 * 9 + 6
    judged = next(
        c
        for c in cells(row(metrics__judge_llm_generous={"mean": 0.6457, "ci95": [0.6, 0.7], "n": 1540}))
        if c.cell.table == 4 and c.cell.row["system"] == "mem0" and c.cell.column == "judge"
    )
    assert judged.verdict == "OK" and not judged.synthetic


def scripted(system):
    embedder = {**SCRIPTED, "model": "text-embedding-3-small"}
    made = row(system, made_by__answerer__llm=SCRIPTED, made_by__memory__embedder=embedder)
    made["made_by"]["memory"]["llm"] = dict(SCRIPTED)
    made["made_by"]["judges"]["llm_generous"]["llm"] = dict(SCRIPTED)
    return made


def test_scripted_rows_get_a_verdict_in_every_cell_named_synthetic_and_are_never_ok():
    settings = {(r["chunk"], r["top_k"]) for r in load().rows(4) if r["system"] == "rag"}
    rag = []
    for chunk, top_k in settings:
        made = scripted("rag")
        made["display"] |= {"chunk": chunk, "top_k": top_k}
        made["made_by"]["memory"]["settings"] |= {"chunk_size": chunk, "top_k": top_k, "extractor": None}
        rag.append(made)
    others = [scripted(s) for s in ("langmem", "zep", "openai_memory", "mem0", "memos", "full_context")]
    near = scripted("mem0")  # every cell at the paper's own value
    for r in load().rows(3):
        if r["system"] == "mem0":
            block = near["metrics"] if r["category"] == "overall" else near["by_category"][str(r["category"])]
            for column, name in load().raw["metrics"].items():
                if column in r and name in block:
                    block[name]["mean"] = r[column] / (1 if column == "words" else 100)
            block["judge_llm_generous"]["mean"] = r["judge"] / 100
    others[3] = near
    found = cells(*others, *rag)
    assert {c.verdict for c in found} <= set(VERDICTS) - {"OK", "NOT RUN", "NOT COMPARABLE"}
    assert {"OKish", "DIFFERS"} == {c.verdict for c in found} and all(c.synthetic for c in found)
    close = [c for c in found if c.cell.table == 3 and c.cell.row["system"] == "mem0" and c.cell.column in SCORES]
    assert {c.verdict for c in close} == {"OKish"}
    text = terminal(check_table(check(load(), [*others, *rag])), 120)
    assert "(synthetic)" in text and "never OK" in " ".join(text.split())


def test_one_real_row_counts_before_a_scripted_one():
    judged = [c for c in cells(scripted("mem0"), row()) if c.cell.row["system"] == "mem0"]
    assert not any(c.synthetic for c in judged)


def test_every_refused_cell_names_its_own_reasons():
    made = row(made_by__metrics={"similarity": ["similarity is computed with MiniLM, the paper uses Qwen3"]})
    made["made_by"]["judges"]["llm_generous"]["llm"]["model"] = "gpt-4o"
    table = check_table(check(load(), [made]))
    lines = [r for r in csv.DictReader(to_csv(table).splitlines()) if r["row"] == "mem0"]
    refused = {r["column"]: r["why"] for r in lines if r["verdict"] == "NOT COMPARABLE"}
    assert refused.keys() == {"sim", "judge"}
    assert "MiniLM" in refused["sim"] and "gpt-4o" not in refused["sim"]
    assert "judge is gpt-4o" in refused["judge"] and "MiniLM" not in refused["judge"]
    every = [r for r in csv.DictReader(to_csv(table).splitlines()) if r["verdict"] == "NOT COMPARABLE"]
    assert all(r["why"] for r in every)
    assert any(note.startswith("Not comparable (1): ") for note in table.notes)


def test_a_list_of_an_older_summary_is_read_by_what_each_reason_is_about():
    old = row()
    del old["made_by"]
    old["not_comparable"] = [
        "answerer is reader, the paper's is gpt-4o-mini",
        "judge is offline, the paper's is gpt-4o-mini",
        "similarity is computed with MiniLM, the paper uses Qwen3",
    ]
    tainted = against(old)
    assert len(tainted["sim"]) == 2 and len(tainted["judge"]) == 2 and len(tainted["f1"]) == 1
    assert "words" not in tainted and "search_p50" not in tainted


def test_tables_say_what_is_not_comparable_and_in_which_columns():
    made = row(made_by__metrics={"similarity": ["similarity is computed with MiniLM"]})
    (note,) = [n for n in origin_notes([made]) if n.startswith("NOT COMPARABLE")]
    assert "similarity is computed with MiniLM (similarity)" in note
    assert not [n for n in origin_notes([row()]) if n.startswith("NOT COMPARABLE")]
    assert "synthetic" in " ".join(origin_notes([scripted("mem0")]))


def test_what_a_run_records_is_what_tables_decide_by(scripted_server, server_key, tmp_path):
    server = scripted_server(rules=[("JSON object", '{"label": "CORRECT"}')])
    overrides = [
        "experiment=tiny",
        "system=rag",
        "system.chunk_size=256",
        "system.top_k=2",
        "llm=openai",
        "embedder=openai",
        "answerer=llm",
        "judge=llm_generous",
        "metrics=default",
        "latency.questions=2",
        "figures=false",
        *(f"{part}.base_url={server.base_url}" for part in ("llm", "embedder")),
        *(f"{part}.api_key_env={server_key}" for part in ("llm", "embedder")),
        "embedder.dim=16",
        f"out={tmp_path}",
    ]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        made = plain(compose("config", overrides))
    assert run(made)["code"] == 0
    summary = json.loads((Bench(made).folder / "summary.json").read_text(encoding="utf-8"))
    assert {reason for reasons in against(summary, "rag").values() for reason in reasons} == {
        f"{summary['n']} questions of tiny, the paper's are 1,540 of LOCOMO",
        "similarity is computed with all-MiniLM-L6-v2, the paper uses Qwen/Qwen3-Embedding-0.6B",
        "bertscore_f1 is computed with all-MiniLM-L6-v2, the paper uses roberta-large",
    }
    whole = summary | {"n": 1540, "dataset": summary["dataset"] | {"official": True}}
    found = {c.cell.column: c for c in cells(whole) if c.cell.name == "RAG 256/k2"}
    assert {c.verdict for c in found.values()} <= {"OKish", "DIFFERS"} and found["judge"].synthetic


def test_published_answers_of_gpt_4o_mini_get_their_verdict(published_dir, tmp_path):
    def verdicts(name: str) -> dict[str, dict]:
        command = [sys.executable, "scripts/tables.py", "--check", str(published_dir / f"{name}.jsonl.gz")]
        done = warm.run([*command, "--out", str(tmp_path / name)], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with (tmp_path / name / "tables" / "reproduction.csv").open(encoding="utf-8") as file:
            return {r["column"]: r for r in csv.DictReader(file) if r["row"] == "Full-Context"}

    same = verdicts("fc_gpt-4o-mini-memos")["judge"]
    assert same["verdict"] == "OKish" and same["ours"] == "74.29" and same["why"] == ""
    thinking = verdicts("fc_gpt-4o-mini-cot")["judge"]
    assert thinking["verdict"] == "NOT COMPARABLE" and "chain of thought" in thinking["why"]
    another = verdicts("mirix_fullctx")["judge"]
    assert another["verdict"] == "NOT COMPARABLE" and "answerer is gpt-4.1-mini" in another["why"]


def test_answers_of_unknown_origin_are_refused_in_one_line(published_dir, tmp_path):
    strange = tmp_path / "strange.jsonl.gz"
    strange.write_bytes((published_dir / "fc_gpt-4o-mini-memos.jsonl.gz").read_bytes())
    command = [sys.executable, "scripts/tables.py", "--check", str(strange), "--out", str(tmp_path)]
    done = warm.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "nothing is recorded of who made these answers" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
