"""``import memos`` stays light, and the store's modules stay small (C51, C55)."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = (
    "memos/cube",
    "memos/infrastructure",
    "memos/operation/scheduler",
    "memos/operation/upkeep/lifecycle.py",
    "memos/interface/api.py",
    "memos/interface/pipeline.py",
)
PROBE = """
import sys
before = set(sys.modules)
import memos
heavy = {"numpy", "faiss", "torch", "transformers", "pandas", "scipy", "openai", "nltk"} & set(sys.modules)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(sorted(heavy), int(peak.split()[1]) < 60 * 1024)
import memos.cube, memos.infrastructure.vault, memos.infrastructure.vault.sqlite, memos.operation.upkeep.lifecycle
print(sorted({"numpy", "faiss"} & set(sys.modules)))
"""


def test_import_loads_nothing_heavy_and_writes_nothing(tmp_path):
    """C51: at most 60 MB, no file (and 2 to 3 ms here; bar 0.3 s)."""
    done = subprocess.run([sys.executable, "-B", "-c", PROBE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[] True", "[]"]
    assert list(tmp_path.iterdir()) == []


def test_the_memory_system_needs_five_packages_at_most():
    """C51: what memos imports from elsewhere, language models, embedders, key-value caches and servers apart; without
    FAISS numpy searches.
    """
    foreign = set()
    for path in (ROOT / "memos").rglob("*.py"):
        if path.relative_to(ROOT / "memos").parts[0] in ("llm", "embed", "activation", "serving"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            foreign |= {name.split(".")[0] for name in names}
    foreign -= {*sys.stdlib_module_names, "memos"}
    assert foreign - {"faiss"} == {"numpy", "scipy", "nltk", "yaml", "bpe_openai"}


def test_modules_and_functions_are_small():
    files = [path for name in OURS for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))]
    assert len(files) > 30
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"
