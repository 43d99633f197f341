"""Runs that are recorded under an earlier name: found by what their manifest says, and taken over where they lie.

A folder's name is a label; the manifest's ``fingerprint`` is what counts. Folders of before the present formula are
known by the old one (``eval.stages.former_fingerprints``) and compared in what that one left out: the servers and
weights by the recorded configuration, the data by its digest, the packages by their recorded versions.
"""

from __future__ import annotations

import copy
import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.core.config import identity, wants
from eval.core.identity import digest
from eval.runs.manifest_file import is_present, read_manifest
from eval.runs.seals import rename_journal
from eval.stages import components, former_fingerprints
from eval.stages.roles import judge_role
from eval.stages.run_spec import RunSpec
from memos.errors import ConfigError, DataError

GROUPS = ("system", "llm", "embedder", "answerer", "judge")


def find_run(bench: RunSpec) -> Path | None:
    """The folder among those of the same experiment and system that records this very run; None where there is none."""
    siblings = _siblings(bench)
    for folder, manifest in siblings:
        if is_present(manifest) and manifest.get("fingerprint") == bench.fingerprint:
            return folder
    earlier = [(folder, manifest) for folder, manifest in siblings if not is_present(manifest)]
    old = former_fingerprints.fingerprint(bench) if earlier else None
    for folder, manifest in earlier:
        if old and folder.name == f"{bench.system_spec['name']}-{old}" and _same_outside(bench, manifest):
            return folder
    return next((folder for folder, manifest in earlier if manifest and _recorded(bench, manifest) is not None), None)


def _siblings(bench: RunSpec) -> list[tuple[Path, dict[str, Any] | None]]:
    parent, name = bench.out / "runs" / bench.name, bench.system_spec["name"]
    folders = sorted(parent.glob(f"{glob.escape(name)}-*/")) if parent.exists() else []
    return [(folder, _readable(folder)) for folder in folders if "-" not in folder.name.removeprefix(f"{name}-")]


def _readable(folder: Path) -> dict[str, Any] | None:
    try:
        return read_manifest(folder)
    except DataError:
        return None


def _same_outside(bench: RunSpec, manifest: Mapping[str, Any] | None) -> bool:
    """Whether the packages that a system drives have the versions they had."""
    packages = identity(bench.system_spec).get("packages", {})
    recorded = (manifest or {}).get("packages", {})
    return all(recorded.get(name) == version for name, version in packages.items())


def _recorded(bench: RunSpec, manifest: Mapping[str, Any]) -> RunSpec | None:
    """The run that an earlier manifest describes, where it is the present one; its fingerprint is checked by the old
    formula.
    """
    config = manifest.get("config")
    if not isinstance(config, dict):
        return None
    try:
        made = type(bench)(_in_present_words(bench, config))
        if (
            made.dataset_config == bench.dataset_config
            and made.config["dataset"]["name"] == bench.config["dataset"]["name"]
        ):
            made.dataset = bench.dataset
        same = made.fingerprint == bench.fingerprint and former_fingerprints.fingerprint(made) == manifest.get(
            "fingerprint"
        )
    except (ConfigError, DataError, KeyError, TypeError):
        return None
    return made if same and _same_outside(bench, manifest) else None


def _in_present_words(bench: RunSpec, config: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded configuration: parts that have moved since by their present paths, keys that it has not as they are
    now.
    """
    made = {**bench.config, "accept_code": False, "rerun": False, **copy.deepcopy(dict(config))}
    made["out"] = str(bench.out)
    moved = {former_fingerprints.target(spec): spec["_target_"] for spec in _specs(bench.config)}
    for spec in _specs(made):
        spec["_target_"] = moved.get(spec["_target_"], spec["_target_"])
    return made


def _specs(config: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (config[group] for group in GROUPS if config[group].get("_target_"))
    yield from config["also_judges"].values()


@dataclass(frozen=True)
class Earlier:
    """What is known of a run of before the present formula; kept in its manifest as ``adopted``."""

    fingerprint: str
    dataset_sha256: str | None
    llm: str | None
    """Digest of the identity of the model that the last session had; None where it is not recorded."""
    same_machine: bool

    def knows(self, bench: RunSpec, spec: Mapping[str, Any]) -> bool:
        """Whether verdicts of that time can be told to be of this judge: the data and, where it asks one, the model are
        the same.
        """
        from eval.core.config import component_config

        if self.dataset_sha256 is not None and self.dataset_sha256 != bench.dataset.sha256:
            return False
        asks = wants(component_config(spec, "judge")[0], "llm")
        model = bench.llm_spec(judge_role(spec["name"]))
        return not asks or self.llm == digest(components.llm_identity(model))


def describe(bench: RunSpec, folder: Path, manifest: Mapping[str, Any] | None) -> Earlier:
    """What an earlier run folder says of itself."""
    if manifest is None or not isinstance(manifest.get("fingerprint"), str):
        return Earlier(folder.name.rpartition("-")[2], None, None, False)
    made = _recorded(bench, manifest)
    llm = digest(components.llm_identity(made.config["llm"])) if made else None
    from eval.core.provenance import hardware

    keys = ("cpu", "gpus", "cores")
    same = all(manifest.get("hardware", {}).get(key) == hardware()[key] for key in keys)
    return Earlier(manifest["fingerprint"], manifest.get("dataset", {}).get("sha256"), llm, same)


def take_over(bench: RunSpec, folder: Path, earlier: Earlier) -> None:
    """Give the journals of an earlier run their present names, those that are of this run's judges and metrics."""
    for spec in bench.judge_specs:
        if earlier.knows(bench, spec):
            old = former_fingerprints.judge_fingerprint(bench, earlier.fingerprint, spec)
            name = f"scores/judge_{spec['name']}"
            rename_journal(folder, f"{name}-{old}", f"{name}-{bench.judge_fingerprint(spec)}")
    if earlier.dataset_sha256 in (None, bench.dataset.sha256):
        old = former_fingerprints.metrics_fingerprint(bench, earlier.fingerprint)
        rename_journal(folder, f"scores/metrics-{old}", f"scores/metrics-{bench.metrics_fingerprint}")
