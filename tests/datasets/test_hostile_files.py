"""Every loader on files as users have them: a valid file with one place changed is read, or told in one line."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.core.places import conf
from eval.core.types import Dataset
from eval.datasets.load import load
from memos.errors import DataError

SYNTHETIC = Path(__file__).resolve().parent / "synthetic"
NAMES = sorted({path.stem for path in SYNTHETIC.glob("*.py")} - {"generated", "tiny"})
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    3.5,
    10**30,
    "",
    " ",
    "x",
    "\x00",
    "a" * 300,
    "../../x",
    "session_01",
    "2023/13/45 (Sat) 25:99",
    "9999-12-31T23:59:59-14:00",
    [],
    [None],
    ["x", 3],
    {},
    {"x": {"y": []}},
]
RAW = [
    b"",
    b"null",
    b"{}",
    b"[]",
    b"3",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'[{"a": NaN}]',
    b'{"a": 1e400}',
    b'["\\ud800"]',
]
TRIES = 12
"""Changes of each file of a data set; a seeded choice of places."""


def synthetic(name: str, folder: Path) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(f"hostile_{name}", SYNTHETIC / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.synthetic(folder)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


def changed(text: str, lines: bool, chance: random.Random) -> bytes:
    """A JSON file with one place put otherwise, doubled or dropped."""
    values = [json.loads(line) for line in text.splitlines()] if lines else [json.loads(text)]
    number = chance.randrange(len(values))
    place = chance.choice([at for at in places(values[number]) if at])
    owner = values[number]
    for key in place[:-1]:
        owner = owner[key]
    how = chance.choice(["put", "put", "drop", "twice"])
    if how == "twice" and isinstance(owner, list):
        owner.append(owner[place[-1]])
    elif how == "drop":
        del owner[place[-1]]
    else:
        owner[place[-1]] = chance.choice(ODD)
    return "\n".join(json.dumps(value) for value in values).encode()


def read(config: dict[str, Any], path: Path, content: bytes) -> None:
    """Load a changed file; one line names it where it is not read."""
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        made = load(config)
    except DataError as error:
        assert "\n" not in str(error) and str(error).strip(), repr(str(error))  # noqa: PT017
    else:
        assert isinstance(made, Dataset) and made.sha256
        json.dumps([question.text for question in made.questions], allow_nan=False).encode()
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_read_or_told_in_one_line(name, tmp_path):
    fields = synthetic(name, tmp_path)
    target = yaml.safe_load((conf() / "dataset" / f"{name}.yaml").read_text(encoding="utf-8"))["_target_"]
    config, chance = {"name": name, "_target_": target, **fields}, random.Random(name)
    files = [path for path in sorted(tmp_path.rglob("*")) if path.suffix in (".json", ".jsonl")]
    assert files, f"{name} has no file of JSON"
    for path in files[:3]:
        text = path.read_text(encoding="utf-8")
        for _ in range(TRIES):
            read(config, path, changed(text, path.suffix == ".jsonl", chance))
        for raw in (*RAW, text.encode()[: len(text) // 2], b"\xef\xbb\xbf" + text.encode()):
            read(config, path, raw)
