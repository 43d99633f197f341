"""Digests of code: moving, renaming, formatting, comments and imports change nothing; what is computed does."""

from __future__ import annotations

import importlib
import itertools
import re
import sys
from pathlib import Path

import pytest

from eval.core.code import INGESTING, SEARCHING, code_digest, of_class
from eval.core.config import locate

_NUMBERS = itertools.count()
PART = '''
"""A memory."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from {package}.helpers import score, SEPARATOR as between
from {package} import words


class Memory:
    """Keeps lines."""

    @dataclass
    class Config:
        top_k: int = field(default=2, metadata={{"help": "how many"}})
        """How many."""

    part_id = "memory"
    version = "1"

    def identity(self):
        return {{"a": 1}}

    def add(self, line: str) -> None:
        self.lines.append(self._clean(line))

    def _clean(self, line):
        # a comment
        return line.strip()

    def search(self, query: str) -> str:
        """Find."""
        ranked = sorted(self.lines, key=lambda line: -score(line, query))
        return between.join(words.first(line) for line in ranked[: self.config.top_k])
'''
_IMPORT, _FIRST = "from {package} import words", "words.first"
HELPERS = '''
SEPARATOR = "\\n"
LIMIT = 3

def score(line, query):
    """Shared words."""
    return min(len(set(line.split()) & set(query.split())), LIMIT)

def unused():
    return 1
'''
WORDS = """
import re
_WORD = re.compile(r"\\w+")

def first(text):
    return _WORD.search(text).group()
"""


def package(folder: Path, monkeypatch, *, part=PART, helpers=HELPERS, words=WORDS, **extra: str) -> type:
    """A package of a fresh name with the three modules; returns its class."""
    name = f"made_{next(_NUMBERS)}"
    root = folder / name
    root.mkdir()
    files = {"__init__": "", "part": part, "helpers": helpers, "words": words, **extra}
    for module, text in files.items():
        (root / f"{module}.py").write_text(
            text.replace("{package}", name).replace("{{", "{").replace("}}", "}"), encoding="utf-8"
        )
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    return locate(f"{name}.part.Memory", "system")


@pytest.fixture
def digest(tmp_path, monkeypatch):
    def of(methods=None, **files: str) -> str:
        return code_digest(of_class(package(tmp_path, monkeypatch, **files), methods))

    return of


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"part": PART.replace("# a comment", "# another\n")},
        {"part": PART.replace('"""Find."""', '"""Search the lines, then join them."""')},
        {"part": PART.replace('"""How many."""', "")},
        {"part": PART.replace('"help": "how many"', '"help": "hits in the context"')},
        {"part": PART.replace("import json\n", "")},
        {"part": PART.replace("        return line.strip()", "        return (\n            line.strip()\n        )")},
        {"part": PART.replace("def _clean(self, line):", "def _clean(self, line: str) -> str:")},
        {"part": PART.replace('"a": 1', '"a": 2').replace('version = "1"', 'version = "2"')},
        {"part": PART.replace("SEPARATOR as between", "SEPARATOR").replace("between.join", "SEPARATOR.join")},
        {"part": PART.replace(_IMPORT, "import {package}.words as w").replace(_FIRST, "w.first")},
        {"part": PART.replace(_IMPORT, "import {package}.words").replace(_FIRST, "{package}.words.first")},
        {"part": PART.replace(_IMPORT, "from {package}.words import first").replace(_FIRST, "first")},
        {"helpers": HELPERS.replace("return 1", "return 2")},
        {"helpers": HELPERS.replace("LIMIT", "MOST")},
        {"helpers": HELPERS.replace("def unused", "\n\n\ndef unused").replace('"""Shared words."""', "")},
        {
            "part": PART.replace(
                "import score,", "import SEPARATOR as between  # noqa\nfrom {package}.scoring import score,"
            ),
            "helpers": 'SEPARATOR = "\\n"\n',
            "scoring": HELPERS,
        },
        {"helpers": "from {package}.deep import *\nfrom {package}.deep import SEPARATOR, score\n", "deep": HELPERS},
        {"part": PART.replace("from {package}.helpers import score", "from .helpers import score")},
        {"words": WORDS.replace("_WORD", "_PATTERN")},
    ],
)
def test_the_same_code_has_the_same_digest(digest, files):
    assert digest(**files) == digest()


@pytest.mark.parametrize(
    "files",
    [
        {"part": PART.replace("default=2", "default=3")},
        {"part": PART.replace("-score", "+score")},
        {"part": PART.replace("line.strip()", "line.rstrip()")},
        {"part": PART.replace("ranked[: self", "ranked[1 : self")},
        {"part": PART.replace("sorted(self.lines, key=lambda line: -score(line, query))", "self.lines")},
        {"helpers": HELPERS.replace("LIMIT = 3", "LIMIT = 4")},
        {"helpers": HELPERS.replace('"\\n"', '"\\t"')},
        {"helpers": HELPERS.replace("&", "|")},
        {"helpers": HELPERS + "\nLIMIT += 1\n"},
        {"words": WORDS.replace("\\w+", "\\w")},
        {"words": WORDS.replace("search", "match")},
        {"part": PART.replace("words.first(line)", "words._WORD.search(line).group(0)")},
    ],
)
def test_other_code_has_another_digest(digest, files):
    assert digest(**files) != digest()


# --- names of locals and parameters ----------------------------------------------------------------------------------
LOCALS = """
import re

class Memory:
    def add(self, line):
        return [helper(line, 2), _clean(line, "a"), closure(line)("b")]

    def _both(self, first, second):
        return first - second

    def search(self, query):
        return self._both(query, 1)

def helper(line, top):
    shown, seen = [], set()
    for word in line.split():
        if (size := len(word)) > top and word not in seen:
            shown.append(word)
            seen.add(word)
    try:
        total = sum(score for score in map(len, shown))
    except ValueError as error:
        raise KeyError(str(error)) from error
    with open(line) as file:
        text = file.read()
    match shown:
        case [head, *tail] if tail:
            total += len(head)
        case {"a": inner, **others}:
            total += len(others) + inner
        case str() as whole:
            total += len(whole)
    del seen
    return sorted(shown, key=lambda item: (-len(item), total, size)), text

def _clean(line, mark):
    def trim(word, end=mark):
        nonlocal line
        line = word
        return word.strip(end)
    return trim(line)

def closure(line):
    offset = len(line)
    def inner(letter):
        offset = 1
        return [offset for letter in letter] + [letter, line]
    return inner
"""
_RENAMED = ("shown", "seen", "word", "size", "total", "score", "error", "file", "text", "head", "tail", "inner")
_RENAMED += ("others", "whole", "item", "trim", "end", "offset", "top", "mark", "first", "second")


def renamed(source: str, **names: str) -> str:
    """A source with whole words replaced, all at once."""
    return re.sub(r"\b(" + "|".join(names) + r")\b", lambda match: names[match[0]], source)


@pytest.mark.parametrize("name", _RENAMED)
def test_the_name_of_a_local_does_not_count(digest, name):
    assert renamed(LOCALS, **{name: "another"}) != LOCALS
    assert digest(part=renamed(LOCALS, **{name: "another"})) == digest(part=LOCALS)


def test_names_may_change_places_where_nothing_else_does(digest):
    swapped = {"shown": "seen", "seen": "shown", "line": "word", "word": "line", "total": "text", "text": "total"}
    helper = LOCALS[LOCALS.index("def helper") : LOCALS.index("def _clean")]
    assert digest(part=LOCALS.replace(helper, renamed(helper, **swapped))) == digest(part=LOCALS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("word not in seen:", "word not in shown:"),
        ("shown.append(word)\n            seen.add(word)", "seen.append(word)\n            shown.add(word)"),
        ("return first - second", "return second - first"),
        ("def _both(self, first, second)", "def _both(self, second, first)"),
        ("total, size))", "size, total))"),
        ("len(others) + inner", "inner + len(others)"),
        ("len(head)", "len(tail)"),
        ("        nonlocal line\n", ""),
        ("        offset = 1\n", ""),
        ("[offset for letter in letter]", "[offset for letter in line]"),
        ("[letter, line]", "[line, letter]"),
        ("word.strip(end)", "word.strip(mark)"),
        ("str(error)", "str(line)"),
        ("sum(score for", "sum(shown for"),
        ("def helper(line, top):", "def helper(line, top):\n    global seen"),
    ],
)
def test_what_a_local_stands_for_counts(digest, old, new):
    assert old in LOCALS
    assert digest(part=LOCALS.replace(old, new)) != digest(part=LOCALS)


def test_a_local_that_hides_a_definition_is_not_it(digest):
    part = LOCALS + "\nLIMIT = 3\ndef bound(line):\n    limit = 4\n    return LIMIT\n"
    part = part.replace("helper(line, 2)", "bound(line)")
    assert digest(part=part) != digest(part=part.replace("limit = 4", "LIMIT = 4"))


PARAMETERS = """
class Memory:
    def add(self, line):
        return CALL

def helper(first, second):
    return first - second
"""


@pytest.mark.parametrize(
    ("call", "counts"),
    [
        ("helper(1, 2)", False),
        ("helper(*line)", False),
        ('helper(1, 2) + print("first", sep=line)', False),
        ("helper(1, 2) + line.other(first=1)", False),
        ("helper(1, 2) + line(first=1)", True),
        ("helper(first=1, second=2)", True),
        ("helper(1, second=2)", True),
        ("helper(**line)", True),
        ("(lambda call: call(**line))(helper)", True),
        ('helper(**{"first": 1, "second": 2})', True),
        ("{0: helper}[0](**line)", True),
        ("functools.partial(helper, **line)", True),
    ],
)
def test_the_name_of_a_parameter_counts_where_a_caller_may_pass_it_so(digest, call, counts):
    """Names that change places in the function alone: callers by position see the same, callers by keyword do not."""
    part = "import functools\n" + PARAMETERS.replace("CALL", call)
    function = part[part.index("def helper") :]
    swapped = part.replace(function, renamed(function, first="second", second="first"))
    assert (digest(part=part) != digest(part=swapped)) is counts


@pytest.mark.parametrize("reach", ['locals()["shown"]', 'eval("shown")', "vars()", "inspect.currentframe()"])
def test_locals_that_are_reached_by_name_keep_theirs(digest, reach):
    part = LOCALS.replace("    del seen\n", f"    del seen\n    line = {reach}\n")
    assert digest(part=renamed(part, total="another")) != digest(part=part)


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("", "", {"line": "sentence"}),
        ("", "", {"letter": "sign"}),
        ("    def inner(letter):", "    @register\n    def inner(letter):", {"inner": "outer"}),
    ],
)
def test_names_that_others_may_see_count(digest, old, new, names):
    """The harness may call a public method by keyword; so may whoever is handed a function, and a decorator may use its
    name.
    """
    part = LOCALS.replace(old, new)
    assert digest(part=renamed(part, **names)) != digest(part=part)


def test_stages_depend_on_what_they_call(digest):
    searched = {"part": PART.replace("-score", "+score")}
    stored = {"part": PART.replace("line.strip()", "line.rstrip()")}
    ingest, search = digest(INGESTING), digest(SEARCHING)
    assert digest(INGESTING, **searched) == ingest and digest(SEARCHING, **searched) != search
    assert digest(INGESTING, **stored) != ingest and digest(SEARCHING, **stored) == search
    assert digest(SEARCHING, helpers=HELPERS.replace("LIMIT = 3", "LIMIT = 4")) != search


def test_a_base_class_and_a_file_of_prompts_count(tmp_path, monkeypatch):
    sub = "from {package}.base import Base\n\nclass Memory(Base):\n"
    sub += "    def add(self, line):\n        return open('prompt.txt').read()\n"
    base = "class Base:\n    def search(self, query):\n        return 1\n"

    def made(prompt: str, **files: str) -> str:
        cls = package(tmp_path, monkeypatch, part=sub, **files)
        Path(sys.modules[cls.__module__].__file__).with_name("prompt.txt").write_text(prompt, encoding="utf-8")
        return code_digest(of_class(cls))

    first = made("Be brief.", base=base)
    assert made("Be brief.", base=base) == first
    assert made("Be long.", base=base) != first
    assert made("Be brief.", base=base.replace("1", "2")) != first


def test_a_file_that_is_edited_is_read_again(tmp_path, monkeypatch):
    cls = package(tmp_path, monkeypatch)
    file = Path(sys.modules[cls.__module__].__file__)
    before, text = code_digest(of_class(cls)), file.read_text(encoding="utf-8")
    file.write_text(text.replace("default=2", "default=5"), encoding="utf-8")
    assert code_digest(of_class(cls)) != before
    file.write_text("# moved down\n" + text, encoding="utf-8")
    assert code_digest(of_class(cls)) == before


def test_prompts_and_rubrics_of_this_project_are_in_the_digests_of_their_parts(tmp_path):
    from eval.core.code import OWN, _state, _unit

    def reached(target: str) -> set[tuple[str, str]]:
        todo, seen = [root.name for root in of_class(locate(target, ""))], set()
        while todo:
            name = todo.pop()
            if name not in seen and (unit := _unit(name, None, frozenset(OWN), _state(name[0]))):
                seen.add(name)
                todo += unit.slots
        return seen

    assert ("eval.judges.prompts", "ours") in reached("eval.judges.llm.LLMJudge")
    mem0 = {module for module, _ in reached("baselines.mem0.Mem0")}
    assert {"baselines.mem0.model", "baselines.extract.facts", "memos.llm.structured"} <= mem0
    assert "memos.weights" not in mem0, "what only identifies is no code of a part"
