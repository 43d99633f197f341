"""Files of data sets on the Hugging Face hub: fetched once, at a fixed revision, with the licence said before."""

from __future__ import annotations

from pathlib import Path

from memos.errors import AbsentData, require


def hub_file(repo: str, file: str, revision: str, licence: str, *, named: str = "dataset.path") -> Path:
    """A file of a data set's repository: the copy in the hub's own cache, or a download into it.

    The licence is printed before the first download of each file. ``HF_HOME``, ``HF_ENDPOINT``, ``HF_HUB_OFFLINE`` and
    ``HF_TOKEN`` mean what they mean to ``huggingface_hub``.

    Args:
        repo: repository of the data set, such as ``xiaowu0162/longmemeval-cleaned``.
        file: path in the repository.
        revision: the commit; a branch would not say which data were measured.
        licence: what the user is told of the terms: name of the licence, and where it stands.
        named: what the user gives a path of his own by, for messages.

    Raises:
        AbsentData: the file cannot be had; one line with the reason and the way out.
        MissingDependency: ``huggingface_hub`` is not installed.
    """
    hub = require("huggingface_hub", "hub")
    kept = hub.try_to_load_from_cache(repo, file, revision=revision, repo_type="dataset")
    if isinstance(kept, str) and Path(kept).is_file():
        return Path(kept)
    print(f"note: fetching {file} of {repo} from the Hugging Face hub, revision {revision[:12]}; licence: {licence}")
    try:
        return Path(hub.hf_hub_download(repo, file, revision=revision, repo_type="dataset"))
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AbsentData(f"{repo}: {file} cannot be fetched from the hub: {reason:.200}; give {named}=FILE") from error
