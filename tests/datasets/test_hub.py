"""Files from the Hugging Face hub, with the hub's functions replaced: nothing is fetched here."""

from __future__ import annotations

import types

import pytest

import eval.datasets.hub as module
from eval.datasets.hub import hub_file
from memos.errors import DataError, MissingDependency

WANTED = ("someone/some-data", "part.json", "0123456789abcdef", "MIT, LICENSE of the repository")


class HubError(Exception):
    """Stands for ``HfHubHTTPError``."""


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub with one file, which it keeps once it was fetched; ``asked`` lists the downloads."""
    kept, asked = tmp_path / "kept.json", []

    def download(repo, file, *, revision, repo_type):
        asked.append((repo, file, revision, repo_type))
        kept.write_text("[]")
        return str(kept)

    fake = types.SimpleNamespace(
        try_to_load_from_cache=lambda *_, **__: str(kept) if kept.exists() else None,
        hf_hub_download=download,
        errors=types.SimpleNamespace(HfHubHTTPError=HubError),
        asked=asked,
    )
    monkeypatch.setattr(module, "require", lambda *_: fake)
    return fake


def test_the_licence_is_printed_before_the_first_download_only(hub, capsys):
    first = hub_file(*WANTED)
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("part.json", "someone/some-data", "0123456789ab", "MIT, LICENSE"))
    assert hub_file(*WANTED) == first and capsys.readouterr().out == ""
    assert hub.asked == [(*WANTED[:3], "dataset")]


def test_the_licence_stands_there_when_the_download_begins(hub, capsys):
    def interrupted(*_, **__):
        assert "licence: MIT" in capsys.readouterr().out
        raise KeyboardInterrupt

    hub.hf_hub_download = interrupted
    with pytest.raises(KeyboardInterrupt):
        hub_file(*WANTED)


@pytest.mark.parametrize("error", [HubError("401\nunauthorised"), OSError("no route"), ValueError("")])
def test_a_hub_that_cannot_be_reached_is_one_line_with_the_way_out(hub, error):
    def fails(*_, **__):
        raise error

    hub.hf_hub_download = fails
    with pytest.raises(DataError) as caught:
        hub_file(*WANTED, named="dataset.path")
    assert "part.json" in str(caught.value) and "dataset.path=FILE" in str(caught.value)
    assert "\n" not in str(caught.value) and (str(error).split() or ["ValueError"])[0] in str(caught.value)


def test_without_the_package_the_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(MissingDependency, match=r"pip install -e '\.\[hub\]'"):
        hub_file(*WANTED)
