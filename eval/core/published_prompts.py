"""Prompts as their authors published them: fetched from their repositories at named commits, never shipped.

``scripts/fetch_data.py prompts`` brings the files; ``prompt.file=published:NAME`` and
``judge.prompt_file=published:NAME`` use them. A file is source code of another project: it is parsed, never run, and
the text that one of its names is given is taken, with our placeholders in the place of theirs.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eval.core.prompting import PromptFile
from eval.core.resources import download
from memos.errors import ConfigError, DataError
from memos.resources import cache_root

PREFIX = "published:"
"""What stands before the name of a published prompt in the place of a path."""
_SPEAKERS = re.compile(r"\{\{speaker_[12]_\w*\}\}")
"""mem0's harness puts each speaker's name and memories into places of their own; our context holds them all."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file of a public repository."""

    repository: str
    commit: str
    path: str
    sha256: str

    @property
    def url(self) -> str:
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.path.replace(' ', '%20')}"

    @property
    def place(self) -> Path:
        """Where the file lies once it is fetched."""
        return cache_root() / "prompts" / f"{self.sha256[:16]}-{Path(self.path).name}"


@dataclass(frozen=True, slots=True)
class Published:
    """Where a prompt stands in a file.

    ``system`` and ``user`` are names that the text is given to, within a function as ``function.name``; ``rules`` names
    one that is given several texts in turn, by the kinds of question they are for.
    """

    source: PublishedFile
    user: str = ""
    system: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    """Their placeholder to ours, where the names differ."""
    rules: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


MEM0 = ("mem0ai/mem0", "393a4fd5a6cfeb754857a2229726f567a9fadf36")
MEMOS = ("MemTensor/MemOS", "be68e2fb5370866bd5e2b188bb3d22bd13b49e09")
ZEP = ("getzep/zep-papers", "4b7f26cc76cca20743314ba9acb8c2cb6adc42f6")
LONGMEMEVAL = ("xiaowu0162/LongMemEval", "f466efe0ea8859251760733cd4c7ad98302b9ddf")
_MEM0_ANSWERS = PublishedFile(
    *MEM0, "evaluation/prompts.py", "cda3e779c976a7bfb214dee600047b0753bff74103f0e755d22e985b4d080f79"
)
_ZEP_FOLDER = "kg_architecture_agent_memory/locomo_eval"

ANSWERS: Mapping[str, Published] = {
    "mem0": Published(_MEM0_ANSWERS, "ANSWER_PROMPT"),
    "mem0_graph": Published(_MEM0_ANSWERS, "ANSWER_PROMPT_GRAPH"),
    "memos": Published(
        PublishedFile(
            *MEMOS,
            "evaluation/scripts/locomo/prompts.py",
            "2da965377a489a912235f4c51f55ea0fe9184a4e9ff2e86799c11e6b6d279add",
        ),
        "ANSWER_PROMPT_MEMOS",
    ),
    "zep": Published(
        PublishedFile(
            *ZEP,
            f"{_ZEP_FOLDER}/zep_locomo_responses.py",
            "6873a7ed3a5fbdf1b2ed354207bb2cbe16c6ec92f85c8656042d862af5de2046",
        ),
        "locomo_response.prompt",
        "locomo_response.system_prompt",
    ),
}
"""Answer prompts by name."""
JUDGES: Mapping[str, Published] = {
    "mem0": Published(
        PublishedFile(
            *MEM0,
            "evaluation/metrics/llm_judge.py",
            "311050fd39e991220e220b5e4b753725c3e7616d8cef84e8c737eb902fc13af8",
        ),
        "ACCURACY_PROMPT",
        places={"gold_answer": "gold", "generated_answer": "answer"},
    ),
    "memos": Published(
        PublishedFile(
            *MEMOS,
            "evaluation/scripts/locomo/locomo_eval.py",
            "83a01f7be575f5d8b9eaf9e8f28e6cae6df489d5e733a81ba3dba47f5efe00ff",
        ),
        "locomo_grader.accuracy_prompt",
        "locomo_grader.system_prompt",
        {"gold_answer": "gold", "response": "answer"},
    ),
    "zep": Published(
        PublishedFile(
            *ZEP,
            f"{_ZEP_FOLDER}/zep_locomo_eval.py",
            "191246ca4a3384c3108e955b812c438442978bb0d95992c17776258db7a3ce62",
        ),
        "locomo_grader.ACCURACY_PROMPT",
        "locomo_grader.system_prompt",
        {"gold_answer": "gold", "response": "answer"},
    ),
    "longmemeval": Published(
        PublishedFile(
            *LONGMEMEVAL,
            "src/evaluation/evaluate_qa.py",
            "ecce9c4c79dc89d99534ac17b383a5cbb5b9f0c69ee98adaf0684742e3d95251",
        ),
        rules=("get_anscheck_prompt.template",),
        kinds=("single", "temporal", "knowledge", "preference", "abstention"),
    ),
}
"""Prompts of judges by name; ``longmemeval`` answers yes or no and goes with ``judge.rubric=longmemeval``."""


def sources() -> list[PublishedFile]:
    """Every file that is fetched, once."""
    return list(dict.fromkeys(one.source for one in (*ANSWERS.values(), *JUDGES.values())))


def has_prompts() -> bool:
    """Whether all of them are on this machine."""
    return all(source.place.is_file() for source in sources())


def fetch_prompts() -> Path:
    """Fetch what is not there yet; returns the folder.

    Raises:
        DataError: a file cannot be had, or is another than the named commit's.
    """
    for source in sources():
        if not source.place.is_file():
            source.place.parent.mkdir(parents=True, exist_ok=True)
            download(source.url, source.place, source.sha256)
    return cache_root() / "prompts"


def published(name: str, known: Mapping[str, Published], where: str) -> PromptFile:
    """A published prompt with our placeholders.

    Args:
        name: with ``PREFIX``.
        known: ``ANSWERS`` or ``JUDGES``.
        where: the field of the configuration that names it.

    Raises:
        ConfigError: there is none of that name, or it is not fetched.
        DataError: the file is not the one that was published.
    """
    own = name.removeprefix(PREFIX)
    if own not in known:
        raise ConfigError(
            f"{where}={name}: no such published prompt; one of {', '.join(PREFIX + one for one in known)}"
        )
    entry = known[own]
    if not entry.source.place.is_file():
        raise ConfigError(f"{where}={name}: not fetched; run: python scripts/fetch_data.py prompts")
    texts = _texts(entry.source.place)
    rules = {
        kind: _numbered(text)
        for key in entry.rules
        for kind, text in zip(entry.kinds, _given(texts, key, entry.source), strict=True)
    }
    user = "{rule}" if rules else _converted(_given(texts, entry.user, entry.source)[-1], entry.places)
    system = _given(texts, entry.system, entry.source)[-1] if entry.system else ""
    stated = f"{entry.source.repository} at {entry.source.commit[:12]}"
    return PromptFile(name, system, user, stated, rules)


def _texts(path: Path) -> dict[str, list[str]]:
    """Name, within a function as ``function.name``, to the texts that it is given, in order."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise DataError(f"{path}: cannot be parsed: {error}; delete it and fetch it again") from error
    texts: dict[str, list[str]] = {}

    def visit(node: ast.AST, inside: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                visit(child, f"{child.name}.")
                continue
            if isinstance(child, ast.Assign) and (text := _text(child.value)) is not None:
                for target in child.targets:
                    if isinstance(target, ast.Name):
                        texts.setdefault(inside + target.id, []).append(text)
            visit(child, inside)

    visit(tree, "")
    return texts


def _text(node: ast.AST) -> str | None:
    """A text, or an f-string with its names as placeholders; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    pieces = []
    for piece in node.values:
        if isinstance(piece, ast.Constant):
            pieces.append(str(piece.value))
        elif isinstance(piece, ast.FormattedValue) and isinstance(piece.value, ast.Name):
            pieces.append("{" + piece.value.id + "}")
        else:
            return None
    return "".join(pieces)


def _given(texts: Mapping[str, list[str]], name: str, source: PublishedFile) -> list[str]:
    if name not in texts:
        raise DataError(f"{source.place}: {name}: no such text; delete the file and fetch it again")
    return texts[name]


def _converted(text: str, renamed: Mapping[str, str]) -> str:
    """A template with our placeholders; the lines with the speakers' own places become the one context."""
    lines = text.split("\n")
    own = [number for number, line in enumerate(lines) if _SPEAKERS.search(line)]
    if own:
        lines[own[0] : own[-1] + 1] = ["{context}"]
    text = re.sub(r"\{\{(\w+)\}\}", r"{\1}", "\n".join(lines))
    for theirs, ours in renamed.items():
        text = text.replace("{" + theirs + "}", "{" + ours + "}")
    return text


def _numbered(template: str) -> str:
    """A template whose three places have no names: the question, the reference and the answer, in this order."""
    places = iter(("{question}", "{gold}", "{answer}"))
    return re.sub(r"\{\}", lambda _: next(places), template)
