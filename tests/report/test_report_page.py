"""The report page holds what the run folders hold, and says in one line why it cannot be made."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import warm

from eval.answerers.prompts import PROMPTS
from eval.report.groups import RunGroup
from eval.report.page.overview import plain_table
from eval.report.page.pack import HITS_SHOWN, LETTERS, pack, unpack
from eval.report.page.write import common_dataset, write_page
from eval.report.tables import table3
from eval.runs.read import run_folders
from memos.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "runs"


@pytest.fixture
def folders(tmp_path) -> list[Path]:
    """The fixture runs, copied, with the dataset named by its full path."""
    shutil.copytree(FIXTURE / "fixture", tmp_path / "runs")
    for folder in (tmp_path / "runs").iterdir():
        change(folder / "manifest.json", lambda m: m["config"]["dataset"].update(path=str(FIXTURE / "dataset.json")))
    return run_folders([tmp_path / "runs"])


def change(path: Path, edit) -> None:
    value = json.loads(path.read_text(encoding="utf-8"))
    edit(value)
    path.write_text(json.dumps(value), encoding="utf-8")


def change_lines(path: Path, edit) -> None:
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        edit(record)
    path.write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")


def page_of(group: RunGroup, target: Path) -> dict:
    """The page's blocks by name."""
    text = write_page(target, group).read_text(encoding="utf-8")
    return {name: unpack(data) for name, data in re.findall(r'id="data-(\w+)">([^<]*)<', text)}


def test_pack_keeps_everything_and_gives_equal_text():
    value = {"a": ["é ✓ </script> \ud800", None, 0.25], "b": {"c": -1}}
    assert unpack(pack(value)) == value and pack(value) == pack(value)
    assert "<" not in pack(value), "markup could end the block early"


def test_blocks_say_what_the_records_say(folders, tmp_path):
    group = RunGroup("fixture", tuple(folders))
    blocks = page_of(group, tmp_path / "page.html")
    index = blocks["index"]
    assert len(index["questions"]) == 60 and [s["label"] for s in index["systems"]] == [
        s["display"]["label"] for s in group.summaries
    ]
    for system, run in zip(index["systems"], group.runs, strict=True):
        block = blocks[system["id"]]
        for n, q in enumerate(index["questions"]):
            key = (q["s"], q["i"])
            search, answer, verdict = run.search[key], run.answers[key], run.verdicts["judge_offline"].get(key)
            said = blocks["answers"][system["id"]][n]
            assert said == (answer["answer"] if answer["status"] == "ok" else [f"answer failed: {answer['error']}"])
            assert index["verdicts"][system["id"]]["offline"][n] == (LETTERS[verdict["label"]] if verdict else "x")
            assert (
                "\n".join(block["lines"][i] for i in block["contexts"][block["context"][n]])
                == run.contexts[search["context_id"]]
            )
            assert [block["memories"][i] for i in block["hits"][n]] == [
                [run.memories[i]["text"], run.memories[i]["turns"]] for i in search["hits"]
            ]
            assert (block["used"][n], block["words"][n]) == (search["used"], search["context_words"])
            row = block["judged"]["offline"]["rows"][n]
            assert row == (verdict and [verdict["label"], verdict["score"], [], []])
            for name, column in block["metrics"].items():
                stated = run.values.get(key, {}).get(name)
                assert column[n] == (None if stated is None else round(stated, 4))
            recall = run.values.get(key, {}).get("evidence_recall_words_1600")
            assert index["recall"][system["id"]][n] == (-1 if recall is None else round(100 * recall))


def test_evidence_and_gold_come_from_the_dataset(folders, tmp_path):
    group = RunGroup("fixture", tuple(folders))
    index = page_of(group, tmp_path / "page.html")["index"]
    for q, own in zip(index["questions"], group.runs[0].dataset.questions, strict=True):
        assert (q["q"], q["g"], q["c"], q["e"]) == (own.text, own.gold, own.category, list(own.evidence))
        for turn in q["e"]:
            assert index["turns"][q["s"]][turn][2].startswith("In "), "the words of the evidence turn"


def test_equal_runs_give_equal_pages(folders, tmp_path):
    pages = [
        write_page(tmp_path / name, RunGroup("fixture", tuple(folders))).read_bytes() for name in ("a.html", "b.html")
    ]
    assert pages[0] == pages[1]


def test_a_name_like_a_mark_of_the_page_is_only_a_name(folders, tmp_path):
    for folder in folders:
        change(folder / "summary.json", lambda summary: summary.update(experiment="__DATA__ __JS__"))
    page = write_page(tmp_path / "page.html", RunGroup("fixture", tuple(folders))).read_text(encoding="utf-8")
    assert "(__DATA__ __JS__)</title>" in page and page.count('id="data-index"') == 1


def test_a_prompt_is_found_by_its_hash(folders, tmp_path):
    prompt = PROMPTS["default"]
    change_lines(folders[0] / "answers.jsonl", lambda r: r.update(prompt_hash=prompt.hash))
    blocks = page_of(RunGroup("fixture", tuple(folders)), tmp_path / "page.html")
    assert blocks["index"]["prompts"] == {
        prompt.hash: {"id": "default", "parts": [["system", prompt.system], ["user", prompt.user]]}
    }
    kept = blocks["s0"]["prompt"]
    assert {kept["values"][n] for n in kept["of"]} == {prompt.hash}


def test_long_rankings_are_cut_and_counted(folders, tmp_path):
    change_lines(folders[0] / "search.jsonl", lambda r: r.update(hits=[r["hits"][0]] * (HITS_SHOWN + 7)))
    block = page_of(RunGroup("fixture", tuple(folders)), tmp_path / "page.html")["s0"]
    assert len(block["hits"][3]) == HITS_SHOWN and block["of"]["3"] == HITS_SHOWN + 7


def test_judges_words_and_votes_are_shown(folders, tmp_path):
    (path,) = (folders[0] / "scores").glob("judge_offline-*.jsonl")
    change_lines(path, lambda r: r.update(raw=["because", "why not"], runs=["correct", "wrong"]))
    block = page_of(RunGroup("fixture", tuple(folders)), tmp_path / "page.html")["s0"]
    assert block["judged"]["offline"]["rows"][0][2:] == [["correct", "wrong"], ["because", "why not"]]


def test_scores_link_to_their_questions(folders):
    summaries = RunGroup("fixture", tuple(folders)).summaries
    table = plain_table(table3(summaries), summaries, ["s0", "s1", "s2"])
    single = next(s for s in table["sections"] if s["title"].startswith("4 single-hop"))
    columns = [title for _, title, _ in table["columns"]]
    cell = single["rows"][1][columns.index("Judge offline")]
    assert cell[3] == ["s1", "4", "judge_offline"]
    whole = next(s for s in table["sections"] if s["title"].startswith("overall"))
    assert whole["rows"][2][columns.index("F1")][3] == ["s2", "", "f1_memos"]
    assert whole["rows"][0][columns.index("BERT-F1")][3] is None, "a missing value leads nowhere"
    failed = [row[columns.index("Failed")] for row in whole["rows"] if row[columns.index("Failed")][0] != "0"]
    assert [cell[3][2] for cell in failed] == ["failed"]


def test_pairs_of_systems_are_compared(folders, tmp_path):
    index = page_of(RunGroup("fixture", tuple(folders)), tmp_path / "page.html")["index"]
    assert set(index["pairs"]) == {"s0 s1", "s0 s2", "s1 s2"}
    letters = index["verdicts"]
    for pair, judged in index["pairs"].items():
        a, b = pair.split()
        difference = (letters[a]["offline"].count("c") - letters[b]["offline"].count("c")) / 60
        assert judged["offline"][0] == pytest.approx(difference, abs=1e-4)


def test_a_foreign_dataset_is_refused(folders):
    change(folders[1] / "summary.json", lambda s: s["dataset"].update(sha256="another"))
    with pytest.raises(DataError, match=r"was run on dataset another, not on .*dataset.json"):
        common_dataset(RunGroup("fixture", tuple(folders)).runs)


def test_a_foreign_question_is_refused(folders):
    change_lines(folders[1] / "search.jsonl", lambda r: r.update(qa_index=r["qa_index"] + 100))
    with pytest.raises(DataError, match=r"search.jsonl: question made-1 100 is not in"):
        common_dataset(RunGroup("fixture", tuple(folders)).runs)


def test_other_answer_keys_are_refused(folders):
    change(folders[2] / "summary.json", lambda s: s["dataset"].update(answer_key="audited"))
    with pytest.raises(DataError, match="answer_key=audited, others with official"):
        common_dataset(RunGroup("fixture", tuple(folders)).runs)


def report(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "scripts" / "report.py"), "--no-figures", *map(str, arguments)]
    return warm.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_script_writes_the_page(folders, tmp_path):
    done = report(*folders, "--to", tmp_path / "out" / "report.html")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000 and "3 runs" in done.stdout


@pytest.mark.parametrize("wrong", ["unfinished", "no dataset", "no records", "no folder"])
def test_script_tells_mistakes_in_one_line(folders, tmp_path, wrong):
    first = folders[0]
    if wrong == "unfinished":
        (first / "summary.json").unlink()
    elif wrong == "no dataset":
        change(first / "manifest.json", lambda m: m["config"]["dataset"].update(path="nowhere.json"))
    elif wrong == "no records":
        (first / "search.jsonl").unlink()
    given = tmp_path / "nothing" if wrong == "no folder" else first
    done = report(given, "--to", tmp_path / "report.html")
    said = {
        "unfinished": "no summary.json",
        "no dataset": "--data",
        "no records": "search.jsonl",
        "no folder": "no such folder",
    }[wrong]
    assert done.returncode == 1 and done.stderr.startswith(f"error: {given}") and said in done.stderr
    assert done.stderr.count("\n") == 1 and not (tmp_path / "report.html").exists()


def test_the_dataset_can_be_named(folders, tmp_path):
    change(folders[0] / "manifest.json", lambda m: m["config"]["dataset"].update(path="nowhere.json"))
    done = report(folders[0], "--data", FIXTURE / "dataset.json", "--to", tmp_path / "report.html")
    assert done.returncode == 0, done.stderr
