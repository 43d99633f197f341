"""scripts/changes.py: each changed question with the first stage that gave something else."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import warm

ROOT = Path(__file__).resolve().parents[2]


def run_folder(root: Path, memories: list[str], asked: list[tuple[list[str], str, str]]) -> None:
    folder = root / "rag-0123456789"
    (folder / "scores").mkdir(parents=True)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    key = [{"sample_id": "c", "qa_index": index} for index in range(len(asked))]
    lines = {
        "memories.jsonl": [{"id": i, "sample_id": "c", "text": text} for i, text in enumerate(memories)],
        "contexts.jsonl": [{"id": str(i), "text": "\n".join(texts)} for i, (texts, _, _) in enumerate(asked)],
        "search.jsonl": [key[i] | {"context_id": str(i)} for i in range(len(asked))],
        "answers.jsonl": [key[i] | {"answer": answer} for i, (_, answer, _) in enumerate(asked)],
        "scores/judge_offline-1.jsonl": [key[i] | {"label": label} for i, (_, _, label) in enumerate(asked)],
    }
    for name, records in lines.items():
        (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def test_causes_counts_and_answers(tmp_path):
    same = (["a"], "x", "correct")
    run_folder(
        tmp_path / "old", ["a", "b"], [same, (["a"], "x", "wrong"), (["a"], "x", "wrong"), (["a"], "x", "correct")]
    )
    run_folder(
        tmp_path / "new",
        ["a", "b", "new"],
        [same, (["a", "new"], "x", "wrong"), (["b"], "y", "correct"), (["a"], "z", "wrong")],
    )
    page = tmp_path / "page.md"
    page.write_text("# Kept\n\n| system | old table |\n", encoding="utf-8")
    command = [sys.executable, "scripts/changes.py", str(tmp_path / "old"), str(tmp_path / "new"), "--to", str(page)]
    assert "3 of 4" in warm.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Kept\n\n| system | questions")
    assert "| rag | 4 | 3 | 1 | 1 | 1 | 2 | 1 | 1 |" in text
    assert "- c: 1" in text and "- c 2 (retrieval +): x → y" in text and "- c 3 (reader -): x → z" in text
