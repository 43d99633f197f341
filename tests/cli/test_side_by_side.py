"""The jobs of a sweep side by side: the records and tables of one process, whatever becomes of the processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import warm

from eval.command.jobs import count
from eval.command.precheck import precheck
from eval.command.workers import Workers
from eval.core.places import conf
from memos.errors import ConfigError
from memos.resources import has_punkt

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ("experiment=tiny", "dataset.conversations=[tiny-1]", "figures=false", "metrics=lexical", "latency.questions=5")
LABEL = """llm.rules=[{pattern: 'JSON object', reply: '{"label": "CORRECT"}'}]"""
LIGHT = ("embedder=mock", "llm=mock", LABEL, "judge=llm_generous", "~judge@also_judges.strict", "metrics.which=[]")
"""Parts that load no model, where only the order of the work is looked at."""
SYSTEMS = "system=oracle,rag,mem0,zep,memos"
TIMED = {"ms", "search_ms", "answer_ms", "seconds", "seq", "digest"}
"""Fields of a record that a clock or the order of writing makes."""
needs_punkt = pytest.mark.skipif(not has_punkt(), reason="Punkt is not here; run: python scripts/fetch_data.py punkt")


def answers_in(out: Path) -> int:
    """How many runs have begun to answer; folders may vanish meanwhile, which ``rglob`` does not bear."""
    return sum("answers.jsonl" in files for _, _, files in os.walk(out))


def command(out: Path, *more: str) -> list[str]:
    return [sys.executable, str(ROOT / "run.py"), *LOCAL, f"out={out}", *more]


def run(out: Path, jobs: str, systems: str = SYSTEMS, *more: str) -> subprocess.CompletedProcess[str]:
    return warm.run(command(out, jobs, systems, *more), cwd=out.parent, capture_output=True, text=True, timeout=600)


def records(out: Path) -> dict[str, list[dict]]:
    """The records of every journal by its name below the results folder, without what a clock makes."""
    found = {}
    for path in sorted((out / "runs").rglob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if path.name != "latency.jsonl":
            plain = [{name: value for name, value in row.items() if name not in TIMED} for row in rows]
            found[str(path.relative_to(out))] = plain
    return found


def tables(out: Path) -> dict[str, str]:
    """The tables by name that hold no times."""
    paths = sorted(path for path in (out / "tables").iterdir() if path.suffix in (".md", ".csv", ".tex"))
    return {p.name: p.read_text(encoding="utf-8") for p in paths if "cost" not in p.name and "table4" not in p.name}


def rows(out: Path) -> list[str]:
    """Names of the run folders in the order of the tables' rows."""
    return [Path(path).name for path in json.loads((out / "tables" / "tiny.runs.json").read_text(encoding="utf-8"))]


def without_times(summary: dict) -> dict:
    return {name: value for name, value in summary.items() if name not in ("latency_ms", "journals")}


@pytest.fixture(scope="module")
def serial(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("serial") / "out"
    done = run(out, "jobs=1")
    assert done.returncode == 0, done.stderr
    return out


@needs_punkt
def test_two_processes_leave_the_records_and_tables_of_one(serial, tmp_path):
    out = tmp_path / "out"
    done = run(out, "jobs=2")
    assert done.returncode == 0 and done.stdout.count(": finished") == 5, done.stderr
    assert records(out) == records(serial)
    names = {path.relative_to(out) for path in out.rglob("summary.json")}
    assert len(names) == 5
    for name in names:
        one, two = (json.loads((folder / name).read_text(encoding="utf-8")) for folder in (serial, out))
        assert without_times(one) == without_times(two) and one["latency_ms"]["n"] == two["latency_ms"]["n"] == 5
    assert tables(out) == tables(serial) and len(tables(out)) >= 6
    assert rows(out) == rows(serial), "the rows stand in the order of the jobs, whichever ended first"
    again = run(out, "jobs=2")
    assert again.returncode == 0 and again.stdout.count("up to date") == 5


@needs_punkt
def test_times_are_taken_when_all_work_is_done(tmp_path):
    out = tmp_path / "out"
    assert run(out, "jobs=2", "system=rag,mem0,memos", *LIGHT).returncode == 0
    journals = list((out / "runs").rglob("*.jsonl"))
    timed = [path.stat().st_mtime_ns for path in journals if path.name == "latency.jsonl"]
    asked_since = ("latency.jsonl", "spending.jsonl")
    worked = [path.stat().st_mtime_ns for path in journals if path.name not in asked_since]
    assert len(timed) == 3 and min(timed) > max(worked)
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in (out / "runs").rglob("manifest.json")]
    assert all(len(manifest["sessions"]) == 1 for manifest in manifests)


@needs_punkt
def test_a_sweep_of_one_process_finds_what_two_left_and_the_other_way_round(tmp_path):
    out = tmp_path / "out"
    assert run(out, "jobs=2", "system=rag,oracle", *LIGHT).returncode == 0
    done = run(out, "jobs=1", "system=rag,oracle", *LIGHT)
    assert done.returncode == 0 and done.stdout.count("up to date") == 2
    more = run(out, "jobs=2", "system=rag,oracle,full_context", *LIGHT)
    assert more.stdout.count("up to date") == 2 and more.stdout.count(": finished") == 1


@needs_punkt
def test_killed_or_interrupted_the_sweep_resumes_to_the_same_records(serial, tmp_path):
    out = tmp_path / "out"
    for sent, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        process = warm.Process(
            command(out, "jobs=2", SYSTEMS),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun = answers_in(out)
        deadline = time.monotonic() + 300
        while answers_in(out) <= begun and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(sent)
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == code and "Traceback" not in stderr, stderr
    assert "the same command resumes" in stderr
    assert run(out, "jobs=2").returncode == 0
    for name, rows in records(serial).items():
        mine = {json.dumps(row, sort_keys=True) for row in records(out)[name]}
        assert mine == {json.dumps(row, sort_keys=True) for row in rows}, name


def double(number: int) -> int:
    print(f"doubling {number}")
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 3:
        raise ValueError("three is refused")
    return 2 * number


def threads(_: int) -> tuple[str | None, int]:
    from eval.core.device import threads as timed_with

    return os.environ.get("OPENBLAS_NUM_THREADS"), timed_with()


def test_a_task_that_fails_and_a_process_that_dies_spare_the_others():
    with Workers(2) as workers:
        done = dict(workers.each(double, [0, 1, 2, 3, 4, 5]))
        assert {index: one.result for index, one in done.items()} == {0: 0, 1: 2, 2: None, 3: None, 4: 8, 5: 10}
        assert done[0].printed == "doubling 0\n" and done[2].lost and "-9" in (done[2].failure or "")
        assert not done[3].lost and "three is refused" in (done[3].failure or "")
        assert dict(workers.each(double, [7]))[0].result == 14, "the processes wait for more"


def test_workers_share_the_cores_and_name_the_threads_that_times_are_measured_with(monkeypatch):
    from eval.core import device

    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    with Workers(3) as workers:
        assert dict(workers.each(threads, [0]))[0].result == ("2", 6) and device.threads() == 6
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_no_process_outlives_the_command_however_it_ends(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, time\n"
        "from eval.command.workers import Workers\n"
        "def nap(seconds):\n"
        "    open(f'{os.getpid()}.pid', 'w').close()\n"
        "    time.sleep(seconds)\n"
        "if __name__ == '__main__':\n"
        "    with Workers(2) as workers:\n"
        "        list(workers.each(nap, [600, 600]))\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, str(script)], cwd=tmp_path, env=environment)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("*.pid"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    for path in tmp_path.glob("*.pid"):
        while Path("/proc", path.stem).exists() and not re.search(r"^State:\sZ", _status(path.stem), re.M):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def _status(pid: str) -> str:
    try:
        return Path("/proc", pid, "status").read_text(encoding="utf-8")
    except OSError:
        return "State:\tZ"


def configs(*arguments: str) -> list[dict]:
    return precheck(conf(), [*LOCAL, *arguments]).configs


def test_how_many_jobs_run_at_once(monkeypatch):
    monkeypatch.setattr("eval.core.device.cores", lambda: 4)
    assert count(configs("system=rag,oracle")) == 2 and count(configs("system=rag")) == 1
    assert count(configs()) == 4 and count(configs("jobs=3")) == 3 and count(configs("jobs=1")) == 1
    assert count(configs("llm=mock", "answerer=llm")) == 1, "a model that runs here fills the machine"
    assert count(configs("llm=mock", "answerer=llm", "jobs=2")) == 2
    assert count(configs("llm=openai", "llm.base_url=http://127.0.0.1:9/v1", "answerer=llm")) == 4
    for wrong in ("0", "-2", "some", "1.5", "true"):
        with pytest.raises(ConfigError, match=r"jobs: expected auto or a number from 1 on"):
            count(configs(f"jobs={wrong}"))
    assert count([{"entry": "eval.experiments.kv_ttft.experiment", "jobs": 4}] * 2) == 1, "it measures times"


@pytest.mark.parametrize(
    ("arguments", "local"),
    [
        ((), True),
        (("-m",), True),
        (("hydra/launcher=basic",), False),
        (("hydra.sweep.dir=elsewhere",), False),
        (("--config-dir=x",), False),
    ],
)
def test_hydra_runs_what_names_something_of_hydras(arguments, local):
    assert precheck(conf(), [*LOCAL, "system=rag,oracle", *arguments]).local is local
