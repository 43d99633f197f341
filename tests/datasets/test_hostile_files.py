"""Every loader on files as users have them: a valid file with one place changed is read, or told in one line."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import shutil
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
    "@raw:NaN",
    "@raw:1e400",
    "@raw:" + "9" * 5000,
    "@raw:" + "[" * 100_000 + "]" * 100_000,
    '@raw:"\\ud800"',
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
_RAW = re.compile(r'("@raw:(?:[^"\\]|\\.)*")')
TRIES = 10
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
    return _RAW.sub(lambda found: json.loads(found[1])[5:], "\n".join(json.dumps(value) for value in values)).encode()


class Changed:
    """Copies of a data set's folder with one file changed: loaders keep what they read of a path."""

    def __init__(self, name: str, folder: Path) -> None:
        self.whole, self._number = folder / "0", 0
        self.whole.mkdir()
        target = yaml.safe_load((conf() / "dataset" / f"{name}.yaml").read_text(encoding="utf-8"))["_target_"]
        self.config = {"name": name, "_target_": target, **synthetic(name, self.whole)}

    def told(self, file: Path, content: bytes) -> bool:
        """Whether a folder with this content of a file is refused, in one line that names the file."""
        self._number += 1
        folder = self.whole.with_name(str(self._number))
        shutil.copytree(self.whole, folder)
        (folder / file.relative_to(self.whole)).write_bytes(content)
        moved = json.loads(json.dumps(self.config).replace(str(self.whole), str(folder)))
        try:
            made = load(moved)
        except DataError as error:
            assert "\n" not in str(error) and file.name in str(error), repr(str(error))  # noqa: PT017
            return True
        assert isinstance(made, Dataset) and made.sha256
        json.dumps([question.text for question in made.questions], allow_nan=False).encode()
        return False


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_read_or_told_in_one_line(name, tmp_path):
    made, chance = Changed(name, tmp_path), random.Random(name)
    files = [path for path in sorted(made.whole.rglob("*")) if path.suffix in (".json", ".jsonl")]
    read = [path for path in files if made.told(path, b"\xff\xfe")]
    assert read, f"{name} reads no file of JSON"
    for path in read[:1]:
        text = path.read_text(encoding="utf-8")
        changes = [changed(text, path.suffix == ".jsonl", chance) for _ in range(TRIES)]
        assert any([made.told(path, content) for content in changes]), "no change of them is noticed"
        assert not made.told(path, b"\xef\xbb\xbf" + text.encode()), "a mark of the byte order is nothing"
        for raw in (*RAW, text.encode()[: len(text) // 2]):
            assert made.told(path, raw), raw[:40]


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_in_the_place_of_a_file_is_told_and_waits_for_nobody(name, tmp_path):
    made = Changed(name, tmp_path)
    for path in [path for path in sorted(made.whole.rglob("*")) if path.is_file() and made.told(path, b"\xff\xfe")][:1]:
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(DataError, match="^[^\\n]+$"):
            load(made.config)
