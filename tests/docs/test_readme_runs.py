"""Every ``python run.py`` of the README and of docs/ runs to its end, on the synthetic dataset under LOCOMO's
conversation ids.

The words are the README's. What the test appends makes it small and keeps it on this machine: the dataset's path, the
results folder, one conversation, the first and last system of a sweep, no model for scoring; a scripted server (with
batches) for OpenAI and for vLLM, and a random model of a few thousand weights for a model of transformers, in whichever
role. A judge matrix finds the answers of a small run before it. ``experiment=locomo`` alone keeps all defaults and
systems.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from readme_text import of, synthetic_fields, words
from scripted_batches import BatchServer
from tiny_model import save

from eval.datasets.locomo import TINY

ROOT = Path(__file__).resolve().parents[2]
MAIN = "python run.py experiment=locomo"
SWEPT = {"table4": 4}
"""Runs of an experiment that sweeps chunk sizes and depths: two of each; test_whole_sweeps_compose composes all."""
GENERATED = {"generated": "dataset.knobs.sessions=4", "growth": "dataset.knobs.sessions=3,4"}
"""Experiments that make their data, and the sizes that the test takes."""
COMMANDS = [c for c in of("python", "run.py") if "--help" not in c]
ELSEWHERE = {
    "hydra/launcher=gpu_nodes": "needs Slurm: tests/slurm runs this command on one of its own",
    "system=http": "needs a server: tests/baselines/test_remote_page.py runs it beside one",
    "system=vendors/mcp_memory": "needs npm: tests/baselines/test_remote_mcp.py drives it",
    "experiment=fig9": "tests/cli/test_sweeps.py runs it whole on small data",
    "experiment=suite": "needs several data sets: tests/cli/test_suite.py runs it on two small ones",
    **dict.fromkeys(
        ("dataset=realtalk", "dataset=memoryagentbench", "dataset=convomem", "dataset=personamem"),
        "tests/contract runs every data set on a synthetic file",
    ),
    **dict.fromkeys(
        ("judge=beam", "judge=locomo_plus", "dataset.size=500K", "dataset.conversations=[beam-100K-1,beam-100K-2]"),
        "tests/datasets hold judge and sizes; the plain command runs here",
    ),
}
"""Words of commands that other tests run."""
RULES = [('"label": "CORRECT"', '{"label": "CORRECT"}'), ("Reply with yes or no only", "yes")]
"""What the scripted server replies to judges."""
SMALL = ["embedder=mock", "metrics=lexical", "latency.questions=2", "figures=false", "jobs=1"]
LABEL = """judge.llm.rules=[{pattern: 'JSON object', reply: '{"label": "CORRECT"}'}]"""
JUDGED_BY_RULES = ["judge=llm_generous", "judge/llm=mock", LABEL, "~judge@also_judges.strict"]
IDS = ("conv-26", "conv-30", "conv-41", "conv-42")


def elsewhere(command: str) -> str:
    return next((reason for word, reason in ELSEWHERE.items() if word in words(command)), "")


def experiment(command: str) -> str:
    return next(w.partition("=")[2] for w in words(command) if w.startswith("experiment="))


def more(command: str, place: Path, url: str) -> list[str]:
    """What the test appends to a command (see the module's text)."""
    given, name = dict(w.partition("=")[::2] for w in words(command)[2:]), experiment(command)
    added = [f"out={place / 'out' / str(COMMANDS.index(command))}"]
    if name in GENERATED:
        return [*added, "dataset.knobs.conversations=1", GENERATED[name], *SMALL, *_first_and_last(name)]
    own = synthetic_fields(command, place)
    if own:
        added += own
    elif name != "tiny":
        added.append(f"dataset.path={place / 'locomo.json'}")
    added += ["latency.questions=2"] if command == MAIN else [a for a in SMALL if a.partition("=")[0] not in given]
    if "dataset.limit" in given:
        added.append("dataset.limit=12")
    elif "dataset.conversations" not in given and not own:
        added.append("dataset.conversations=" + ("[tiny-1]" if name == "tiny" else "[conv-26]"))
    if "backbone" in given:
        added.append("system='null',rag")  # the scripted server's replies are no memories
    elif name == "systems":
        added.append("system=lightmem,memos")  # tests/contract and tests/baselines run every row
    elif "system" not in given and command != MAIN:
        added += _first_and_last(name)
    if given.get("llm") == "openai" and given.get("embedder") == "openai":
        added.append(f"embedder.base_url={url}")
    added += [f"{role}.base_url={url}" for role, model in _models(given) if model == "openai"]
    if given.get("backbone") == "gpt-4o-mini":
        added.append(f"llm.base_url={url}")
    for role in [role for role, model in _models(given) if model in ("hf", "embedded")]:
        added += [
            f"{role}.model={place / 'model'}",
            f"{role}._target_=memos.llm.hf.HFChat",
            f"{role}.max_new_tokens=4",
            f"{role}.threads=1",
        ]
    if any(model in ("hf", "embedded") for _, model in _models(given)) and "judge" not in given:
        added += JUDGED_BY_RULES  # the random model writes in any script, which the offline judge does not read
    if name == "table4":
        added.append("system.chunk_size=128,8192")
    if name == "kv_ttft":
        added += [
            "model=random:tiny",
            "kv.contexts=[40,60,80]",
            "kv.queries=[20,24,28]",
            "kv.cells=[short/short]",
            "kv.repeats=1",
            "kv.threads=1",
            "kv.equality_tokens=4",
        ]
    if name == "judge_card":
        added += [f"card.published_dir={place / 'published'}", "card.probes_per_kind=2"]
    return added


def _models(given: dict[str, str]) -> list[tuple[str, str]]:
    """The models a command chooses, each with the place of its fields: ``llm``, ``answerer/llm`` or ``+llm@PLACE``."""
    chosen = []
    for group, model in given.items():
        name, _, place = group.lstrip("+").partition("@")
        if name.split("/")[-1] == "llm":
            chosen.append((place or name.replace("/", "."), model))
    return chosen


def before(command: str, place: Path) -> list[dict]:
    """The run that a command presupposes, in the same results folder: a judge matrix takes the newest sweep."""
    if experiment(command) != "judge_matrix":
        return []
    added = [f"out={place / 'out' / str(COMMANDS.index(command))}", f"dataset.path={place / 'locomo.json'}", *SMALL]
    added += ["dataset.conversations=[conv-26]", "system='null',rag"]
    return [{"name": f"before {command}", "command": words(MAIN)[2:], "more": added}]


def _first_and_last(name: str) -> list[str]:
    config = yaml.safe_load((ROOT / "conf" / "experiment" / f"{name}.yaml").read_text(encoding="utf-8"))
    swept = config.get("hydra", {}).get("sweeper", {}).get("params", {}).get("system", "").split(",")
    return [f"system={swept[0]},{swept[-1]}"] if swept != [""] else []


def _data(place: Path) -> None:
    """The synthetic dataset under LOCOMO's ids, published answers to it (every third one wrong),
    and the random model."""
    made = json.loads(TINY.read_text(encoding="utf-8"))
    for sample, sample_id in zip(made, IDS, strict=True):
        sample["sample_id"] = sample_id
    (place / "locomo.json").write_text(json.dumps(made), encoding="utf-8")
    (place / "published").mkdir()
    for shift, name in enumerate(("first_set", "second_set")):
        rows = [
            {
                "sample_id": s["sample_id"],
                "qa_index": i,
                "category": q["category"],
                "question": q["question"],
                "gold": str(q["answer"]),
                "answer": "no idea" if (i + shift) % 3 == 0 else str(q["answer"]),
                "labels": [int((i + shift) % 3 != 0)],
            }
            for s in made
            for i, q in enumerate(s["qa"])
            if q["category"] != 5
        ]
        (place / "published" / f"{name}.jsonl").write_text(
            "".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8"
        )
    save(place / "model")


@pytest.fixture(scope="module")
def ran(request, tmp_path_factory) -> tuple[Path, dict[str, dict]]:
    """All commands (those of the tests chosen with -k), run in one process: the folder, and the result of each."""
    if find_spec("torch") is None:
        pytest.skip("torch is not installed; run: pip install -e '.[embedded]'")
    place = tmp_path_factory.mktemp("readme")
    _data(place)
    with BatchServer(rules=RULES, dim=1536) as server:
        chosen = {item.callspec.params.get("command") for item in request.session.items if hasattr(item, "callspec")}
        todo = [c for c in COMMANDS if c in chosen and not elsewhere(c)]
        specs = [
            spec
            for c in todo
            for spec in (
                *before(c, place),
                {"name": c, "command": words(c)[2:], "more": more(c, place, server.base_url)},
            )
        ]
        (place / "specs.json").write_text(json.dumps(specs), encoding="utf-8")
        environment = {
            **os.environ,
            "OPENAI_API_KEY": "a-key-of-the-test",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }
        driver = [
            sys.executable,
            str(Path(__file__).with_name("readme_runs.py")),
            str(place / "specs.json"),
            str(place / "ran.jsonl"),
        ]
        done = subprocess.run(driver, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=560)
        assert done.returncode == 0, done.stderr[-3000:]
    results = [json.loads(line) for line in (place / "ran.jsonl").read_text(encoding="utf-8").splitlines()]
    return place, {result["name"]: result for result in results}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", COMMANDS)
def test_run_command(command, request):
    if elsewhere(command):
        pytest.skip(elsewhere(command))
    place, results = request.getfixturevalue("ran")
    done = results[command]
    assert done["code"] == 0, f"{done['more']}\n{done['stdout']}\n{done['stderr']}"
    out = place / "out" / str(COMMANDS.index(command))
    if "check=true" in words(command):
        assert (out / "tables" / f"{experiment(command)}_forecast.md").exists() and not (out / "runs").exists()
        return
    if experiment(command) == "judge_card":
        card = json.loads((out / "cards" / "judge_card_offline.json").read_text(encoding="utf-8"))
        assert card["agreement"] and sum(row["n"] for row in card["calibration"]) == 120
        assert (out / "cards" / "judge_card_offline.sources.json").exists()
        return
    if experiment(command) == "adversarial":
        tables = [
            json.loads(p.read_text(encoding="utf-8")) for p in (out / "runs" / "adversarial").glob("*/abstention.json")
        ]
        assert len(tables) == 2 and all(f["free_form"]["n"] > 0 and f["forced_choice"]["n"] > 0 for f in tables)
        assert (out / "tables" / "adversarial.sources.json").exists()
        return
    if experiment(command) == "judge_matrix":
        assert results[f"before {command}"]["code"] == 0, results[f"before {command}"]["stderr"]
        (folder,) = (out / "runs" / "judge_matrix").iterdir()
        matrix = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        asked = 2 * (1 + sum(w.startswith("+judge@also_judges.") for w in words(command)))
        assert len(matrix["runs"]) == 2 and matrix["questions"] > 0 and matrix["failed"] == 0
        assert sum(any(p in label for p in ("generous", "strict")) for label in matrix["judges"]) >= asked
        assert (out / "tables" / "judge_matrix_scores.sources.json").exists()
        return
    summaries = [
        json.loads(p.read_text(encoding="utf-8")) for p in (out / "runs" / experiment(command)).glob("*/summary.json")
    ]
    systems = [w for w in [*words(command), *done["more"]] if w.startswith("system=")]
    swept = 10 if command == MAIN else SWEPT.get(experiment(command), 1)
    sizes = GENERATED.get(experiment(command), "").count(",") + 1
    assert len(summaries) == sizes * (systems[0].count(",") + 1 if systems else swept)
    assert all(s["complete"] for s in summaries)
    if experiment(command) != "kv_ttft":
        assert all(s["n"] > 0 and s["failed"] == 0 for s in summaries)
        worded = experiment(command) not in ("beam", "locomo_plus")  # whose golds are rubrics, in part or all
        assert not worded or all(s["metrics"]["f1_memos"]["n"] == s["n"] for s in summaries)
    assert list((out / "tables").glob("*.md")) and list((out / "tables").glob("*.sources.json"))


def test_skipped_commands_run_in_other_tests():
    for word, reason in ELSEWHERE.items():
        assert any(word in words(c) for c in COMMANDS), f"no command has {word} any more"
        folder = ROOT / next(part for part in reason.split() if part.startswith("tests/"))
        assert folder.is_dir() or folder.is_file()
        if word.startswith(("hydra/", "experiment=")):
            tests = folder.glob("test_*.py") if folder.is_dir() else [folder]
            assert any(word in path.read_text(encoding="utf-8") for path in tests)
