"""Reading run folders: per-question records as one table, and the raw records behind it.

The format of a run folder is in docs/run_folder.md. Tables, figures, comparisons and the report page read runs through
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.core.categories import CategoryId
from eval.core.judging import measure_name, verdict_value
from eval.core.types import Dataset, Question
from eval.runs import lineage, snapshot
from eval.runs.lines import held
from eval.runs.manifest_file import read_manifest
from memos import strict_json
from memos.errors import DataError, MemosError

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, int]
Record = Mapping[str, Any]
MEMORY_METRICS = ("memory_words", "memory_tokens", "evidence_")
"""Metrics that do not depend on the answer (by prefix): absent where not applicable, never filled with 0."""
MEASURED = {
    "context_words": "search",
    "context_tokens": "search",
    "used": "search",
    "search_ms": "latency",
    "answer_ms": "latency",
}
"""Numbers of a question that are no metric, and the journal that holds them."""


def run_folders(paths: Sequence[Path | str]) -> list[Path]:
    """Run folders (those with a ``summary.json``) among the given folders and below them, in order, each once.

    Raises:
        DataError: a path does not exist or holds no finished run.
    """
    folders: dict[Path, None] = {}
    for path in map(Path, paths):
        if not path.exists():
            raise DataError(f"{path}: no such folder; make runs with: python run.py experiment=locomo")
        own = [path] if (path / "summary.json").exists() else sorted(p.parent for p in path.rglob("summary.json"))
        if not own:
            raise DataError(
                f"{path}: holds no finished run (no summary.json); finish it with the command that began it"
            )
        folders.update(dict.fromkeys(own))
    return list(folders)


def load_summary(folder: Path) -> dict[str, Any]:
    """The run's ``summary.json``.

    Raises:
        DataError: missing, not JSON, or of another schema.
    """
    path = Path(folder) / "summary.json"
    try:
        summary = strict_json.read(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}; the run's own command makes it again") from error
    if not isinstance(summary, dict) or summary.get("schema") != 1:
        schema = summary.get("schema") if isinstance(summary, dict) else None
        raise DataError(f"{path}: schema: expected 1, found {schema!r}")
    return summary


def is_locomo(summary: Record) -> bool:
    """Whether a summary is that of a question-answering run (and not of a latency or judge experiment)."""
    return {"system", "metrics", "n", "fingerprint"} <= set(summary)


def read_records(
    path: Path, key: Callable[[Record], Any], pick: Callable[[Record], Any] | None = None
) -> dict[Any, Any]:
    """Records of a JSON-lines file by key; the last one of a key holds and a torn last line is left out.

    Args:
        path: the file; one that does not exist has no records.
        key: a record's key.
        pick: the part of a record to keep; default the whole.

    Raises:
        DataError: a line that is no JSON object or has no key, with its number.
    """
    records = held(path, path.read_bytes(), key).records if path.exists() else {}
    return {own: pick(record) for own, record in records.items()} if pick else records


def question_key(record: Record) -> Key:
    return (record["sample_id"], record["qa_index"])


class Run:
    """One run folder. Each file is read when it is first asked for, as far as the summary reaches.

    Raises:
        DataError: the summary is missing, or no longer the summary of the journals beside it.
    """

    def __init__(self, folder: Path, dataset: Dataset | None = None) -> None:
        self.folder = Path(folder)
        self.summary = load_summary(self.folder)
        self._extents = snapshot.extents(self.folder, self.summary)
        self._dataset = dataset
        self._columns: dict[str, dict[Key, float]] = {}

    def _journal(
        self, name: str, key: Callable[[Record], Any] = question_key, pick: Callable[[Record], Any] | None = None
    ) -> dict[Any, Any]:
        """Records of a journal; ``name`` is that of the summary's ``journals``, or the file's without its ending."""
        file = (self.summary.get("journals") or {}).get(name, {}).get("file", f"{name}.jsonl")
        if not self._extents:
            return read_records(self.folder / file, key, pick)
        records = snapshot.read(self.folder, file, key, self._extents.get(file, snapshot.Extent())).records
        return {own: pick(record) for own, record in records.items()} if pick else records

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """``manifest.json``; empty where there is none.

        Raises:
            DataError: it is damaged.
        """
        return read_manifest(self.folder) or {}

    @cached_property
    def search(self) -> dict[Key, dict[str, Any]]:
        return self._journal("search")

    @cached_property
    def answers(self) -> Mapping[Key, Record]:
        """Answers to the contexts as they are, failed ones included."""
        answers = self._journal("answers")
        return lineage.answers_in_force(answers, self.search) if _is_linked(answers) else answers

    @cached_property
    def latency(self) -> dict[Key, dict[str, Any]]:
        return self._journal("latency")

    @cached_property
    def ingest(self) -> dict[str, dict[str, Any]]:
        return self._journal("ingest", lambda r: r["sample_id"])

    @cached_property
    def contexts(self) -> dict[str, str]:
        """Context id to its text."""
        return {k: r["text"] for k, r in self._journal("contexts", lambda r: r["id"]).items()}

    @cached_property
    def memories(self) -> dict[int, dict[str, Any]]:
        return self._journal("memories", lambda r: r["id"])

    @cached_property
    def verdicts(self) -> dict[str, Mapping[Key, Record]]:
        """Judge metric name (``judge_<name>``) to the verdict records the summary was made from."""
        names = [n for n in self.summary["metrics"] if n.startswith("judge_")]
        by_judge = {n: self._verdicts(n) for n in names}
        return {n: records for n, records in by_judge.items() if records}

    def _verdicts(self, name: str) -> Mapping[Key, Record]:
        if "journals" not in self.summary:
            return self._unnamed(name)
        verdicts = self._journal(name)
        return lineage.verdicts_in_force(verdicts, self.answers) if _is_linked(verdicts) else verdicts

    @cached_property
    def values(self) -> dict[Key, dict[str, float]]:
        """Metric values of each question that has some; a metric that failed on an answer is absent."""
        if "journals" not in self.summary:
            scored = self._unnamed("metrics")
        else:
            scored = self._scored
        return {k: r["values"] for k, r in scored.items()}

    @cached_property
    def _scored(self) -> Mapping[Key, Record]:
        scored = self._journal("metrics")
        return lineage.values_in_force(scored, self.answers, self.search) if _is_linked(scored) else scored

    @cached_property
    def question_digests(self) -> dict[Key, str]:
        """Digest of what each question is scored by (text, gold, category, evidence), where the records say it."""
        if "journals" not in self.summary:
            return {}
        digests = {k: r["made_from"].get("question") for k, r in self._scored.items() if "made_from" in r}
        return {k: value for k, value in digests.items() if value}

    def _unnamed(self, stem: str) -> dict[Key, dict[str, Any]]:
        """The journal of a judge or of the metrics where a summary of commit 160bb13 or before does not name it.

        Raises:
            DataError: there are several, and the summary's numbers do not tell which one it was made from.
        """
        files = sorted((self.folder / "scores").glob(f"{stem}-*.jsonl"))
        read = [read_records(path, question_key) for path in files]
        if len(read) > 1:
            read = [records for records in read if self._explains(stem, records)]
            if len(read) != 1:
                raise DataError(
                    f"{self.folder}: {len(files)} journals of {stem} in scores/, and summary.json does not say "
                    f"which one it was made from; {snapshot.remedy(self.folder)}"
                )
        return read[0] if read else {}

    def _explains(self, stem: str, records: Mapping[Key, Record]) -> bool:
        """Whether the summary's numbers follow from these records."""
        if stem == "metrics":
            columns = {
                n: [r["values"].get(n, 0.0) for r in records.values()]
                for n in self.summary["metrics"]
                if not n.startswith(("judge_", *MEMORY_METRICS))
            }
        else:
            columns = {stem: [verdict_value(r) or 0.0 for r in records.values()]}
        n = max(1, self.summary["n"])
        return all(
            abs(sum(column) / n - self.summary["metrics"][name]["mean"]) < 1e-9 for name, column in columns.items()
        )

    @cached_property
    def keys(self) -> list[Key]:
        """Every question of the run, in the order they were searched."""
        return list(self.search if "search" in self.__dict__ else self._journal("search", pick=lambda r: None))

    @cached_property
    def categories(self) -> dict[Key, CategoryId]:
        """Category of every question; 0 where the dataset cannot be found."""
        known = self.questions
        return {key: known[key].category if key in known else 0 for key in self.keys}

    def column(self, name: str) -> dict[Key, float]:
        """One number of every question that has it, in the order of ``keys``; only the files that hold it are read.

        Failed questions have 0 in answer metrics and verdicts, as in the summary; a question to which a metric of the
        memory does not apply, or that has no latency, is left out.

        Args:
            name: a metric, ``judge_<name>`` (share of its runs that said correct) or one of ``MEASURED``.

        Returns:
            Empty where the run lacks it.
        """
        if name not in self._columns:
            recorded = self._read_column(name)
            known = bool(recorded) or (
                name in self.summary["metrics"] and "journals" in self.summary
            )  # all may have failed
            fill = known and name not in MEASURED and not name.startswith(MEMORY_METRICS)
            absent = self._outside(name, recorded) if fill else frozenset()
            self._columns[name] = {
                k: recorded.get(k, 0.0) for k in self.keys if (fill and k not in absent) or k in recorded
            }
        return self._columns[name]

    def _outside(self, name: str, recorded: Mapping[Key, float]) -> frozenset[Key]:
        """Questions that a metric of answers or a judge has no value for and none that failed: those of a kind it does
        not apply to.
        """
        n = int((self.summary["metrics"].get(name) or {}).get("n", len(self.keys)))
        if n >= len(self.keys):
            return frozenset()
        if n == len(recorded):
            return frozenset(self.keys) - recorded.keys()
        if name.startswith("judge_"):
            return frozenset(k for k, r in self._verdicts(name).items() if verdict_value(r) is None)
        return frozenset(k for k, q in self.questions.items() if q.worded is False)

    def _measured(self, name: str) -> dict[Key, float]:
        """What a judge measured beside its grade, under the name that the summary has for it."""
        for judge in (metric for metric in self.summary["metrics"] if metric.startswith("judge_")):
            start = measure_name(judge, "")
            if name.startswith(start):
                measures = {
                    k: (r.get("measures") or {}).get(name[len(start) :]) for k, r in self._verdicts(judge).items()
                }
                if any(number is not None for number in measures.values()):
                    return {k: number for k, number in measures.items() if number is not None}
        return {}

    def _read_column(self, name: str) -> dict[Key, float]:
        if name not in self.summary["metrics"]:
            column = self._journal(MEASURED[name], pick=lambda r: r.get(name)) if name in MEASURED else {}
        elif name.startswith("judge_"):
            column = {key: verdict_value(record) for key, record in self._verdicts(name).items()}
        else:
            column = {key: metrics.get(name) for key, metrics in self.values.items()}
            if all(number is None for number in column.values()):
                column = self._measured(name)
        return {key: value for key, value in column.items() if value is not None}

    @cached_property
    def dataset(self) -> Dataset | None:
        """The dataset the run was made from, found again through the manifest; None where it cannot be found."""
        return self._dataset or _find_dataset(self.manifest)

    @cached_property
    def questions(self) -> dict[Key, Question]:
        """Questions by key; empty where the dataset cannot be found."""
        return {q.key: q for q in self.dataset.questions} if self.dataset else {}

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a question, in the order they were searched.

        Index: (sample_id, qa_index). Columns: ``category`` (0 where the dataset cannot be found), ``status`` (ok or
        the stage that failed), ``answer``, ``context_words``, ``context_tokens``, ``used``, ``search_ms`` and
        ``answer_ms`` of the latency pass (missing for unmeasured questions), every metric, and each ``judge_<name>`` as
        the share of
        its runs that said correct. Failed questions have 0 in answer metrics and verdicts, as in the summary.
        """
        import pandas as pd

        columns: dict[str, list] = {
            "category": list(self.categories.values()),
            "status": [self._status(key) for key in self.keys],
            "answer": [self.answers.get(key, {}).get("answer", "") for key in self.keys],
        }
        for name in (*MEASURED, *self.summary["metrics"]):
            column = self.column(name)
            if column or name in MEASURED:
                columns[name] = [column.get(key) for key in self.keys]
        index = pd.MultiIndex.from_tuples(self.keys, names=["sample_id", "qa_index"])
        return pd.DataFrame(columns, index=index)

    def _status(self, key: Key) -> str:
        if self.answers.get(key, {}).get("status") == "ok":
            return "ok"
        return "answer" if self.search.get(key, {}).get("status") == "ok" else "search"


def _is_linked(records: Mapping[Any, Record]) -> bool:
    """Whether records say what they were made from."""
    return any("made_from" in record for record in records.values())


def load_run(folder: Path | str, dataset: Dataset | None = None) -> Run:
    """Open a run folder.

    Args:
        folder: the run folder.
        dataset: the dataset where the manifest's cannot be found again.

    Raises:
        DataError: when there is no readable ``summary.json``.
    """
    return Run(Path(folder), dataset)


def load_runs(folders: Iterable[Path | str]) -> list[Run]:
    """Question-answering runs among the folders."""
    return [run for run in map(load_run, folders) if is_locomo(run.summary)]


def _find_dataset(manifest: Mapping[str, Any]) -> Dataset | None:
    from eval.datasets.load import load

    spec = (manifest.get("config") or {}).get("dataset")
    if not spec:
        return None
    try:
        return load(spec)
    except MemosError:
        return None


def kv_cells(folders: Iterable[Path | str]) -> list[dict[str, Any]]:
    """Cells of ``kv_ttft`` runs: the ``cells`` of their ``summary.json``, each with the run's model and device.

    A cell has ``context``, ``query`` (short, medium, long), ``context_tokens``, ``query_tokens`` and, in seconds,
    ``build``, ``kv_ttft``, ``dir_ttft``; ``speedup`` in percent is worked out where absent (paper, Table 5).
    """
    cells = []
    for folder in folders:
        summary = load_summary(Path(folder))
        for cell in summary.get("cells") or ():
            full = {"model": summary.get("model"), "device": summary.get("device"), **cell}
            if "speedup" not in full and full.get("dir_ttft"):
                full["speedup"] = 100 * (full["dir_ttft"] - full["kv_ttft"]) / full["dir_ttft"]
            cells.append(full)
    return cells


def matrices(folders: Iterable[Path | str]) -> list[dict[str, Any]]:
    """Summaries of judge matrices among the folders."""
    return [summary for summary in map(load_summary, map(Path, folders)) if "spreads" in summary]
