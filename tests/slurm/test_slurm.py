"""A sweep on a real Slurm: the README's command as a job array, and a job that is preempted, requeued and resumed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from scripted import ScriptedServer
from slurm_cluster import PARTITION, Cluster, missing
from tiny_model import save

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slurm, pytest.mark.timeout(500)]
QUICK = [
    "dataset=tiny",
    "dataset.conversations=[tiny-1]",
    "embedder=mock",
    "metrics=lexical",
    "figures=false",
    "latency.questions=0",
    "~judge@also_judges.strict",
]
"""What makes a run small: one synthetic conversation, one judge and no model for scoring."""
QUESTIONS = 15


@pytest.fixture(scope="module")
def cluster():
    if find_spec("submitit") is None:
        pytest.skip("submitit is not installed; run: pip install -e '.[slurm]'")
    if missing():
        pytest.skip(missing())
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    try:
        with Cluster(folder / "c") as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(cluster: Cluster, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "run.py", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: subprocess.Popen, cluster: Cluster, out: Path, seconds: float = 330) -> str:
    """Standard output of a command that ended well; otherwise the jobs' own logs are in the failure."""
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
    jobs = "\n".join(f"{p.name}:\n{p.read_text(errors='replace')[-1500:]}" for p in sorted(out.rglob("*_log.*")))
    assert process.returncode == 0, f"{stdout[-1500:]}\n{stderr[-3000:]}\n{jobs}\n{cluster.logs()}"
    return stdout


def records(folder: Path, name: str) -> list[tuple[str, int]]:
    rows = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    return [(row["sample_id"], row["qa_index"]) for row in rows]


def readme_command() -> list[str]:
    text = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^python run\.py .*hydra/launcher=gpu_nodes.*$", text, re.MULTILINE)
    return shlex.split(command, comments=True)[2:]


def test_the_readmes_sweep_runs_as_a_job_array(cluster, tmp_path):
    model = save(tmp_path / "model")
    overrides = [
        f"llm.model={model}",
        "llm.max_new_tokens=4",
        "llm.threads=1",
        "system=null,oracle",
        *QUICK,
        f"out={tmp_path / 'out'}",
    ]
    process = start(cluster, *readme_command(), *overrides)
    stdout = finished(process, cluster, tmp_path)
    runs = sorted((tmp_path / "out" / "runs").glob("*/*/"))
    assert [run.name.split("-")[0] for run in runs] == ["null", "oracle"]
    for run in runs:
        made = json.loads((run / "summary.json").read_text(encoding="utf-8"))
        assert made["complete"] and made["n"] == QUESTIONS and made["failed"] == 0
        assert len(set(records(run, "answers.jsonl"))) == len(records(run, "answers.jsonl")) == QUESTIONS
    assert "oracle" in stdout and list((tmp_path / "out" / "tables").glob("*.md")), "the parent writes the tables"
    (script,) = (tmp_path / "out" / "sweeps").rglob("*_submission.sh")
    asked = script.read_text(encoding="utf-8")
    for wanted in (f"--partition={PARTITION}", "--gpus-per-node=1", "--cpus-per-task=8", "--mem=64GB", "--array=0-1%2"):
        assert f"#SBATCH {wanted}" in asked


def test_a_preempted_job_is_requeued_and_resumes(cluster, tmp_path):
    with ScriptedServer(
        rules=[("JSON", '{"label": "CORRECT"}'), ("", "a red kite")], latency=_answers_take_time
    ) as server:
        process = start(
            cluster,
            "experiment=locomo",
            "hydra/launcher=gpu_nodes",
            "system=rag",
            "llm=openai",
            "llm.api_key_env=null",
            f"llm.base_url={server.base_url}",
            "llm.concurrency=1",
            "answerer=llm",
            "judge=llm_strict",
            "cache=off",
            *QUICK,
            f"out={tmp_path}",
        )
        answers = _wait_for(lambda: next(iter(tmp_path.glob("runs/locomo/rag-*/answers.jsonl")), None), process)
        _wait_for(lambda: len(_lines(answers)) >= 4, process)
        (job,) = set(cluster.output("squeue", "--noheader", "--states=RUNNING", "--format=%A").split())
        cluster.output("scancel", "--signal=USR2", job)
        _wait_for(lambda: "Restarts=1" in cluster.output("scontrol", "show", "job", job), process)
        before = len(_lines(answers))
        finished(process, cluster, tmp_path)
        asked = sum("JSON" not in json.dumps(body) for body in server.chats())
    assert 4 <= before < QUESTIONS, "the job ended before it was preempted"
    keys = records(answers.parent, "answers.jsonl")
    assert len(keys) == len(set(keys)) == QUESTIONS
    assert QUESTIONS <= asked <= QUESTIONS + 2, "a resumed job asks only what is missing"
    made = json.loads((answers.parent / "summary.json").read_text(encoding="utf-8"))
    assert made["complete"] and made["failed"] == 0
    manifest = json.loads((answers.parent / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["sessions"]) == 2


def _answers_take_time(body: dict) -> float:
    """Seconds before a reply: long for an answer, none for a verdict."""
    return 0.0 if "JSON" in json.dumps(body) else 0.7


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _wait_for(value, process: subprocess.Popen, seconds: float = 120):
    """The first true-like value; a command that ends before is a failure."""
    until = time.monotonic() + seconds
    while not (reached := value()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "nothing happened in time"
        time.sleep(0.1)
    return reached
