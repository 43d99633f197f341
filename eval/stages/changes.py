"""Records and the code that made them: where it has changed since, the run asks, and nothing paid for is thrown away.

A manifest holds the digest of each stage's code with the commit it was first made at; a store keeps them in a file
beside its folder. ``accept_code=true`` keeps the records and notes that they were accepted; ``rerun=true`` moves them
aside, into a folder ``replaced-…``, from the first stage whose code changed. Digests of an earlier form
(``eval.core.code.FORM``) cannot be compared: such records are taken as this code's, as those of unknown code are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.core import provenance
from eval.core.code import FORM
from eval.runs.derived import read_object
from eval.runs.find import aside
from eval.runs.manifest_file import is_present, read_manifest
from eval.runs.write import only_writer, write_json
from eval.stages.bench import Bench
from eval.stages.stage_code import METRICS, ORDER, stage_code
from eval.stages.state import StateFolder
from memos import strict_json
from memos.errors import ConfigError

JOURNALS: Mapping[str, tuple[str, ...]] = {
    "ingest": ("ingest.jsonl",),
    "search": ("search.jsonl", "contexts.jsonl", "memories.jsonl", "latency*.jsonl"),
    "answer": ("answers.jsonl", "forced*.jsonl", "latency*.jsonl"),
    "judge": ("scores/judge_*.jsonl",),
    "metrics": ("scores/metrics-*.jsonl", "summary.json", "abstention.json"),
}
"""The files of each stage; a stage takes those of the stages that rest on it along."""


@dataclass(frozen=True)
class CodeChange:
    """A stage of a run (or of the stores it shares) whose code is not the one that made its records."""

    stage: str
    where: str
    """The run folder or the folder of stores, below the results folder."""
    commit: str | None
    paths: tuple[Path, ...] = ()
    """The stores; empty for a run."""


def question(changes: Sequence[CodeChange]) -> str:
    """The one line that asks about them all."""
    stages: dict[tuple[str, str | None], list[str]] = {}
    for change in changes:
        stages.setdefault((change.where, change.commit), []).append(change.stage)
    alike: dict[tuple[str, str | None], list[str]] = {}
    for (where, commit), names in stages.items():
        shown = ("metrics" if name.startswith(METRICS) else name for name in names)
        alike.setdefault((", ".join(dict.fromkeys(shown)), commit), []).append(where)
    places = "; ".join(
        f"{names} of {', '.join(where)} since {f'commit {commit[:12]}' if commit else 'an unknown commit'}"
        for (names, commit), where in alike.items()
    )
    ways = "accept_code=true keeps the records, rerun=true makes them again and moves the old ones aside"
    return f"code changed: {places}; {ways}"


def in_run(
    folder: Path, code: Mapping[str, str | None], out: Path, journals: Mapping[str, str] | None = None
) -> list[CodeChange]:
    """The stages of a run folder that have records of other code.

    Args:
        folder: the run's folder.
        code: digest of each stage's present code.
        out: the results folder, for short names.
        journals: the files that hold a stage's records, where they are not the usual ones.
    """
    manifest = read_manifest(folder)
    if not is_present(manifest):
        return []
    differing = []
    for stage, now in code.items():
        made = _made_by(manifest, stage)
        if now and _is_other(made, now) and _has_records(folder, stage, journals):
            differing.append(CodeChange(stage, str(_short(folder, out)), made.get("commit")))
    return differing


def _made_by(manifest: Mapping[str, Any] | None, stage: str) -> Mapping[str, Any]:
    """A manifest's entry for a stage; manifests used to have one for all choices of metrics."""
    entries = (manifest or {}).get("code", {})
    return entries.get(stage) or (entries.get("metrics", {}) if stage.startswith(METRICS) else {})


def _is_other(made: Mapping[str, Any], now: str) -> bool:
    """Whether a recorded digest can be compared with a present one, and differs."""
    return bool(made.get("digest")) and made.get("form") == FORM and made["digest"] != now


def _is_of_earlier_form(made: Mapping[str, Any]) -> bool:
    return bool(made.get("digest")) and made.get("form") != FORM


def _has_records(folder: Path, stage: str, journals: Mapping[str, str] | None) -> bool:
    patterns = (journals or {}).get(stage) or {
        "ingest": "ingest.jsonl",
        "search": "search.jsonl",
        "answer": "answers.jsonl",
    }.get(stage)
    pattern = patterns or _scores(stage)
    return any(path.stat().st_size for path in folder.glob(pattern))


def _scores(stage: str) -> str:
    """The journals of a judge, which is named without its identity, or of metrics."""
    return f"scores/{stage}.jsonl" if stage.startswith(METRICS) else f"scores/{stage}-*.jsonl"


def in_stores(bench: Bench, code: str | None) -> list[CodeChange]:
    """The stores that the run would read and that other code made."""
    by_commit: dict[str | None, list[Path]] = {}
    for conversation in bench.dataset.conversations:
        path = bench.state_folder(conversation)
        made = _sidecar(path) if path.exists() else None
        if made and code and _is_other(made, code):
            by_commit.setdefault(made.get("commit"), []).append(path)
    return [
        CodeChange("ingest", f"{len(paths)} stores in {_short(paths[0].parent, bench.out)}", commit, tuple(paths))
        for commit, paths in by_commit.items()
    ]


def _short(path: Path, out: Path) -> Path:
    return path.relative_to(out) if path.is_relative_to(out) else path


def sidecar_path(store: Path) -> Path:
    """The file beside a store's folder that says which code made it."""
    return store.with_name(f"{store.name}.code.json")


def _sidecar(store: Path) -> dict[str, Any] | None:
    try:
        note = strict_json.read(sidecar_path(store).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return note if isinstance(note, dict) else None


def changed(bench: Bench, code: Mapping[str, str | None] | None = None) -> list[CodeChange]:
    """All stages of a run, and of the stores it would still read, whose code is another than that of their records."""
    begun = bench.folder.exists() or any(bench.state_folder(c).exists() for c in bench.dataset.conversations)
    if code is None and not begun:
        return []  # no code has made anything of it yet
    code = code or stage_code(bench)
    in_folder = in_run(bench.folder, code, bench.out)
    stores = in_stores(bench, code["ingest"])
    return in_folder if _accepted_whole(bench, code) else in_folder + stores


def _accepted_whole(bench: Bench, code: Mapping[str, str | None]) -> bool:
    """Whether a run with this very code of ingestion is complete, so that it reads no store any more."""
    manifest = read_manifest(bench.folder)
    if not is_present(manifest) or manifest.get("code", {}).get("ingest", {}).get("digest") != code["ingest"]:
        return False
    return (read_object(bench.folder / "summary.json") or {}).get("complete") is True


def settle(bench: Bench) -> None:
    """Ask about changed code, or do what the configuration says about it.

    Raises:
        ConfigError: the question, where neither ``accept_code`` nor ``rerun`` is set.
    """
    code = stage_code(bench)
    _renew_stores(bench, code["ingest"])
    differing = changed(bench, code)
    if differing and not bench.accept_code and not bench.rerun:
        raise ConfigError(question(differing))
    if differing and bench.rerun:
        _replace(bench, differing, code)
    elif differing:
        accept_run(bench.folder, [change for change in differing if not change.paths], code)
        for change in differing:
            for store in change.paths:
                write_sidecar(store, code["ingest"], accepted=_sidecar(store))


def note_stores(bench: Bench) -> None:
    """Write down which code makes the stores that this run begins; those that have no such note count as made by it."""
    code = stage_code(bench)["ingest"]
    for conversation in bench.dataset.conversations:
        path = bench.state_folder(conversation)
        if _sidecar(path) is None or not path.exists():
            write_sidecar(path, code, unknown=path.exists())


def _renew_stores(bench: Bench, code: str | None) -> None:
    """Take stores whose code is recorded in an earlier form as the present code's."""
    for conversation in bench.dataset.conversations:
        path = bench.state_folder(conversation)
        made = _sidecar(path) if path.exists() else None
        if made and code and _is_of_earlier_form(made):
            write_sidecar(path, code, accepted=made)


def renew_run(folder: Path, code: Mapping[str, str | None]) -> str | None:
    """Take the records of a run whose code is recorded in an earlier form as the present code's.

    Returns what to tell about it; None where all digests can be compared.

    Raises:
        ConfigError: another process writes this run.
        DataError: its manifest is damaged.
    """
    if not _earlier_forms(read_manifest(folder), code):
        return None
    with only_writer(folder):
        manifest = read_manifest(folder)
        earlier = _earlier_forms(manifest, code)
        if manifest is None or not earlier:
            return None  # another job has done it
        renewed = {stage: _stage(code[stage], made.get("commit")) for stage, made in earlier.items()}
        write_json(folder / "manifest.json", {**manifest, "code": {**manifest["code"], **renewed}})
    commits = ", ".join(dict.fromkeys(made.get("commit") or "unknown" for made in earlier.values()))
    made_at = f"{folder.name}: made at commit {commits}, before code was recorded in the present form"
    return f"{made_at}; its records are taken as this code's"


def _earlier_forms(manifest: Mapping[str, Any] | None, code: Mapping[str, str | None]) -> dict[str, Any]:
    """The stages whose recorded digest is of an earlier form, with what is recorded."""
    if not is_present(manifest):
        return {}
    made = {stage: _made_by(manifest, stage) for stage, now in code.items() if now}
    return {stage: entry for stage, entry in made.items() if _is_of_earlier_form(entry)}


def _stage(digest: str | None, commit: str | None) -> dict[str, Any]:
    """A manifest's entry for the code of one stage."""
    return {"digest": digest, "form": FORM, "commit": commit}


def write_sidecar(
    store: Path, code: str | None, *, accepted: Mapping[str, Any] | None = None, unknown: bool = False
) -> None:
    """Note the code of a store: the one that makes it, or one that was accepted in place of it."""
    note = _stage(code, provenance.code()["commit"])
    if accepted:
        note["accepted"] = [*accepted.get("accepted", []), {k: accepted.get(k) for k in ("digest", "commit")}]
    if unknown:
        note["accepted"] = [{"digest": None, "commit": None}]
    write_json(sidecar_path(store), note)


def recorded(code: Mapping[str, str | None], earlier: Mapping[str, Any] | None) -> dict[str, Any]:
    """A manifest's ``code``: the digest of each stage, with the commit at which it was first recorded."""
    commit, entries = provenance.code()["commit"], dict((earlier or {}).get("code", {}))
    for stage, digest in code.items():
        made = _made_by(earlier, stage)
        if _is_of_earlier_form(made):
            entries[stage] = _stage(digest, made.get("commit"))
        elif made.get("digest") == digest and "form" in made:
            entries[stage] = dict(made)
        else:
            entries[stage] = _stage(digest, commit)
    return entries


def recorded_at(commit: str | None, code: Mapping[str, str | None]) -> dict[str, Any]:
    """A manifest's ``code`` of a run that was made at one commit."""
    return {stage: _stage(digest, commit) for stage, digest in code.items()}


def accept_run(folder: Path, changes: Sequence[CodeChange], code: Mapping[str, str | None]) -> None:
    """Keep a run's records under the present code, and say so in its manifest."""
    if not changes:
        return
    manifest = read_manifest(folder) or {}
    now = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": provenance.code()["commit"]}
    notes = [{"stage": c.stage, "made": _made_by(manifest, c.stage), "accepted": code[c.stage], **now} for c in changes]
    manifest["accepted_code"] = [*manifest.get("accepted_code", []), *notes]
    manifest["code"] = {**manifest["code"], **{c.stage: _stage(code[c.stage], c.commit) for c in changes}}
    write_json(folder / "manifest.json", manifest)


def _replace(bench: Bench, changes: Sequence[CodeChange], code: Mapping[str, str | None]) -> None:
    for change in changes:
        for store in change.paths:
            replace_store(store, code["ingest"])
    stages = {change.stage for change in changes}
    if bench.folder.exists():
        replace_run(bench.folder, stages, code)


def replace_run(
    folder: Path, stages: set[str], code: Mapping[str, str | None], journals: Mapping[str, Sequence[str]] = JOURNALS
) -> None:
    """Move the records of some stages and of those that rest on them into a folder ``replaced-…`` beside it."""
    files = _files(folder, stages, journals)
    replaced = aside(folder)
    with only_writer(folder):
        for path in files:
            target = replaced / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.rename(path, target)
        manifest = read_manifest(folder)
        if manifest is not None:
            replaced.mkdir(parents=True, exist_ok=True)
            write_json(replaced / "manifest.json", manifest)
            write_json(folder / "manifest.json", {**manifest, "code": recorded(code, manifest)})
    print(f"note: {folder}: {len(files)} files of {', '.join(sorted(stages))} moved to {replaced}", flush=True)


def _files(folder: Path, stages: set[str], journals: Mapping[str, Sequence[str]]) -> list[Path]:
    """The files to move, those that rest on others first: after a crash on the way the stage's own records still ask.

    A judge takes its own verdicts and the summary along, nothing else.
    """
    patterns: list[str] = []
    order = [name for name in ORDER if name in journals] or list(journals)
    firsts = [order.index(stage) for stage in stages if stage in order[:-2] or len(order) == 1]
    for name in reversed(order[min(firsts) :] if firsts else ()):
        patterns += journals[name]
    if not firsts:
        patterns += ["summary.json", *map(_scores, sorted(stages))]
    return list(dict.fromkeys(path for pattern in patterns for path in sorted(folder.glob(pattern))))


def replace_store(store: Path, code: str | None) -> None:
    """Move a store aside and note that the present code makes it again; one writer at a time, and only once."""
    with StateFolder(store).writing():
        made = _sidecar(store)
        if not store.exists() or not made or made.get("digest") == code:
            return  # another job has done it
        os.rename(store, aside(store))
        write_sidecar(store, code)
