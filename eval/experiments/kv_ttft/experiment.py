"""``experiment=kv_ttft``: time to first token, memory as text or as key-value cache (paper section 6.3, Table 5)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.core import provenance
from eval.core.code import Root, code_digest
from eval.core.config import typed
from eval.core.device import machine
from eval.core.identity import digest
from eval.core.places import ROOT
from eval.core.progress import bar
from eval.experiments.benchmark.foretell import show
from eval.experiments.kv_ttft import gates, models, server, texts
from eval.experiments.kv_ttft.config import KvConfig
from eval.experiments.protocol import FAILED_QUESTIONS, OK, Config, Outcome, summed_up
from eval.runs.lines import parsed
from eval.runs.manifest_file import FORMULA, is_present, read_manifest
from eval.runs.read import load_summary
from eval.runs.write import RunDir, write_json
from eval.stages import changes
from eval.stages.bench import Bench
from eval.stages.forecast.command import Forecast
from eval.stages.forecast.jobs import Job, KnownModel, Phase
from memos.errors import ConfigError, DataError
from memos.llm.prices import FREE, Price
from memos.servers import is_loopback, served_as
from memos.types import Usage

if TYPE_CHECKING:
    from eval.report.groups import RunGroup

_EXECUTION = ("timeout_s", "api_key_env", "cells")
"""Settings that change no cell's outcome."""
_JOURNALS = {"cells": ("summary.json", "cells.jsonl")}
_ROOTS = (
    ("eval.experiments.kv_ttft.cell", "measure"),
    ("eval.experiments.kv_ttft.server", "measure"),
    ("eval.experiments.kv_ttft.texts", "lines"),
)
"""Where the code of a cell begins."""


def check(config: Config) -> None:
    """Raise for a wrong field, an unknown model or missing data."""
    Bench(config).dataset  # noqa: B018 - reading it is the check
    kv = _kv(config)
    if not kv.base_url:
        models.check_name(config["model"])


def up_to_date(config: Config) -> Outcome | None:
    """Never known beforehand: a run looks for the cells that are missing."""
    return None


def foretell(configs: Sequence[Config], jobs_at_once: int = 1) -> None:
    """Tell what the cells that are missing will ask of their servers.

    Raises:
        ConfigError: a model runs here, so that nobody is asked.
    """
    jobs = [_foreseen(config) for config in configs]
    models = {job.label: KnownModel(job.label, _price(config)) for job, config in zip(jobs, configs, strict=True)}
    lengths = [
        "Lengths of prompts are those that the cells set, replies are of one token; warm memories count as cached."
    ]
    show(Forecast(tuple(jobs), models), lengths, Path(configs[0]["out"]), configs[0]["name"])


def _foreseen(config: Config) -> Job:
    bench, kv = Bench(config), _kv(config)
    if not kv.base_url:
        raise ConfigError(
            f"check=true: experiment=kv_ttft times {config['model']} on this machine, asks no server and costs "
            "nothing; leave check out, or name a server by kv.base_url"
        )
    file, model = _folder(bench, kv)[0] / "cells.jsonl", str(config["model"])
    cells = parsed(file, file.read_bytes()) if file.exists() else ()
    done = {(cell["context"], cell["query"]): cell["status"] == "ok" for _, cell in cells}
    lines, price = texts.lines(bench.dataset, bench.seed)[0], _price(config)
    left = [server.asked(cell, kv.repeats, lines) for cell in kv.grid() if not done.get(cell[:2])]
    usage = sum(left, Usage())
    phase = Phase("time to first token", model, model, usage, Usage(), price.cost(usage) if price else None, None)
    return Job(model, model, (phase,), None, None, {})


def _price(config: Config) -> Price | None:
    """Of a server's model; what this machine serves costs nothing."""
    if is_loopback(_kv(config).base_url or ""):
        return FREE
    return Bench(config).budget.price_named(str(config["model"]))


def run(config: Config) -> Outcome:
    """Measure each missing cell in a process of its own; finished cells are kept, failed ones are tried again."""
    bench, kv = Bench(config), _kv(config)
    lines, questions = texts.lines(bench.dataset, bench.seed)
    folder, fingerprint = _folder(bench, kv)
    _settle(bench, folder)
    directory = RunDir(folder)
    try:
        _describe(config, folder, fingerprint)
        cells = directory.journal("cells", key=lambda record: (record["context"], record["query"]))
        done = cells.ok()
        todo = [cell for cell in kv.grid() if cell[:2] not in done]
        with bar("cells", len(kv.grid()), len(kv.grid()) - len(todo)) as progress:
            for cell in todo:
                spec = {
                    "model": config["model"],
                    "kv": asdict(kv),
                    "cell": cell,
                    "lines": lines,
                    "questions": questions,
                    "seed": bench.seed,
                }
                cells.append(_cell(spec, folder, kv.timeout_s))
                progress.update()
        measured = [cells.records[key] for cell in kv.grid() if (key := cell[:2]) in cells.records]
    finally:
        directory.close()
    made = _summary(config, fingerprint, measured)
    write_json(folder / "summary.json", made)
    return _outcome(config, folder, made)


def changed(config: Mapping[str, Any]) -> list[changes.CodeChange]:
    """The cells' code, where it is no more the one that measured them."""
    bench = Bench(config)
    folder = _folder(bench, _kv(config))[0]
    _renew(folder)
    return changes.in_run(folder, _code(), bench.out, {"cells": "cells.jsonl"})


def _renew(folder: Path) -> None:
    """Take cells whose code is recorded in an earlier form as the present code's."""
    note = changes.renew_run(folder, _code())
    if note:
        print(f"note: {note}")


def _settle(bench: Bench, folder: Path) -> None:
    """Ask about changed code, or do what the configuration says about it.

    Raises:
        ConfigError: the question.
    """
    _renew(folder)
    differing = changes.in_run(folder, _code(), bench.out, {"cells": "cells.jsonl"})
    if differing and bench.rerun:
        changes.replace_run(folder, {"cells"}, _code(), _JOURNALS)
    elif differing and bench.accept_code:
        changes.accept_run(folder, differing, _code())
    elif differing:
        raise ConfigError(changes.question(differing))


def _code() -> dict[str, str | None]:
    return {"cells": code_digest([Root(name) for name in _ROOTS])}


def _folder(bench: Bench, kv: KvConfig) -> tuple[Path, str]:
    """The run's folder and its fingerprint: model with its weights or server, settings, texts, and the device that is
    timed.
    """
    lines, questions = texts.lines(bench.dataset, bench.seed)
    model, settings = bench.config["model"], {k: v for k, v in asdict(kv).items() if k not in _EXECUTION}
    shared = {"model": model, "seed": bench.seed, "texts": digest([lines, questions])}
    server = {"served_as": served_as(kv.base_url, kv.served_as)} if kv.base_url else models.identity(model, kv.revision)
    own = {k: v for k, v in settings.items() if k not in ("base_url", "served_as")}
    fingerprint = digest({**shared, "kv": own, "weights": server, "machine": _machine(kv)}, 10)
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", str(model).split("/")[-1]).strip("-")
    parent = bench.out / "runs" / bench.name
    folder = parent / f"{slug}-{fingerprint}"
    if folder.exists():
        return folder, fingerprint
    for other in sorted(parent.glob(f"{slug}-*/")) if parent.exists() else ():
        manifest = read_manifest(other)
        if is_present(manifest) and manifest.get("fingerprint") == fingerprint:
            return other, fingerprint
    before = {k: v for k, v in settings.items() if k != "served_as"}
    earlier = parent / f"{slug}-{digest({**shared, 'kv': before}, 10)}"
    taken = kv.served_as is None and not is_present(read_manifest(earlier)) and _measured_here(earlier, kv)
    return (earlier if taken else folder), fingerprint


def _machine(kv: KvConfig) -> dict[str, Any]:
    """The device, as far as these settings use it."""
    device = machine()
    return {
        "cpu": device["cpu"],
        "gpus": [] if kv.device == "cpu" else device["gpus"],
        "threads": kv.threads or device["threads"],
    }


def _measured_here(folder: Path, kv: KvConfig) -> bool:
    """Whether the cells of an earlier run were measured on this very device (or server)."""
    try:
        file = folder / "cells.jsonl"
        cells = [cell for _, cell in parsed(file, file.read_bytes())]
    except (OSError, DataError):
        return False
    device = _machine(kv)
    here = f"server {kv.base_url}" if kv.base_url else (device["gpus"] or [device["cpu"]])[0]
    return bool(cells) and all(cell.get("device", here) == here for cell in cells)


def _cell(spec: Mapping[str, Any], folder: Path, timeout: float) -> dict[str, Any]:
    """Run one cell; a process that dies or hangs is that cell's error."""
    context, query, _, _ = spec["cell"]
    target = folder / f".cell-{context}-{query}.json"
    target.unlink(missing_ok=True)
    failed = {"status": "error", "context": context, "query": query}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "eval.experiments.kv_ttft.cell", str(target.resolve())],
            cwd=ROOT,
            input=json.dumps(spec),
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return failed | {"error": f"no result within kv.timeout_s={timeout:g}"}
    if not target.exists():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return failed | {"error": f"its process ended with code {done.returncode}: {last}"}
    record = json.loads(target.read_text(encoding="utf-8"))
    target.unlink()
    return record


def _summary(config: Mapping[str, Any], fingerprint: str, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The run folder's ``summary.json``; only cells that passed their checks are in ``cells``."""
    cells = [{k: v for k, v in record.items() if k != "rounds"} for record in records if record["status"] == "ok"]
    bad = [record for record in records if record["status"] != "ok"]
    random = any(cell["random_weights"] for cell in cells)
    return {
        "schema": 1,
        "experiment": "kv_ttft",
        "model": config["model"],
        "fingerprint": fingerprint,
        "device": cells[0]["device"] if cells else provenance.hardware()["cpu"],
        "cells": cells,
        "random_weights": random,
        "dtype": config["kv"]["dtype"],
        "complete": not bad,
        "failed_cells": [{"cell": f"{r['context']}/{r['query']}", "reason": gates.reason(r)} for r in bad],
        "gates": gates.gates(cells),
    }


def _outcome(config: Mapping[str, Any], folder: Path, made: Mapping[str, Any]) -> Outcome:
    bad = made["failed_cells"]
    message = f"{config['model']}: {len(made['cells'])} cells measured"
    if bad:
        message += f", {len(bad)} failed ({bad[0]['cell']}: {bad[0]['reason']}); the same command retries them"
    return {"folder": str(folder), "code": FAILED_QUESTIONS if bad else OK, "message": message}


def _describe(config: Mapping[str, Any], folder: Path, fingerprint: str) -> None:
    path = folder / "manifest.json"
    earlier = read_manifest(folder)
    carried = {key: earlier[key] for key in ("accepted_code",) if earlier and key in earlier}
    identity = {
        "formula": FORMULA,
        "fingerprint": fingerprint,
        "machine": machine(),
        "code": changes.recorded(_code(), earlier),
    }
    write_json(path, provenance.manifest(config, {**carried, **identity}, earlier))


def _kv(config: Mapping[str, Any]) -> KvConfig:
    if not isinstance(config.get("model"), str) or not config["model"]:
        raise ConfigError("model: name one, such as model=SmolLM2-135M-Instruct")
    return typed(KvConfig, config["kv"], "kv")


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``tables/<experiment>_table5*`` and ``_audit*``."""
    from eval.report.kv_tables import write_kv_tables
    from eval.report.tables import terminal

    return [terminal(table, width) for table in write_kv_tables(group, out)]


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Table 5, its audit and Figure 10 of all models of the command."""
    from eval.report.figures import make_figures
    from eval.report.groups import RunGroup

    folders = summed_up(outcomes)
    group = RunGroup(name, folders)
    printed = tables(group, out)
    for text in printed:
        print("\n" + text)
    if draw and printed:
        make_figures([group], out, ("figure10",))
    for folder in folders if printed else ():
        summary = load_summary(folder)
        print(f"\n{summary['model']}: " + json.dumps(summary["gates"], sort_keys=True))
