"""``manifest.json``, ``config.yaml`` and the two small files beside them."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from eval.runs.format.fields import NEW


class StageCode(TypedDict):
    """The code of one stage."""

    digest: Annotated[str | None, "Digest of the code; null where the source is not to be had."]
    form: NotRequired[
        Annotated[int, NEW, "Number of the way of digesting; absent: an earlier one, with which nothing is compared."]
    ]
    commit: Annotated[str | None, "Git commit at which this code was first recorded; null outside a repository."]


class AcceptedCode(TypedDict):
    """Records that were kept although their code had changed (``accept_code=true``)."""

    stage: Annotated[str, "The stage whose records were kept."]
    made: Annotated[StageCode, "The code that made them."]
    accepted: Annotated[str | None, "Digest of the code they count as made by since."]
    at: Annotated[str, "When, in UTC (ISO 8601)."]
    commit: Annotated[str | None, "Git commit of that moment."]


class Adopted(TypedDict):
    """What is known of a run of version 0.1 that a later one took over."""

    fingerprint: Annotated[str, "The run's fingerprint by the first formula."]
    llm: Annotated[str | None, "Digest of the identity of its language model; null where it is not known."]
    commit: Annotated[str | None, "Git commit of its last session."]


class TimingSettings(TypedDict):
    """What a time depends on besides what is timed."""

    digest: NotRequired[Annotated[str, "Digest of the entries below; `latency.jsonl` is of this digest."]]
    machine: NotRequired[Annotated[Machine, "The device."]]
    settings: NotRequired[Annotated[dict[str, Any], "Settings of embedder, model and answerer that change times only."]]


class Machine(TypedDict):
    """A device, as far as times depend on it."""

    cpu: Annotated[str | None, "Name of the processor."]
    gpus: Annotated[list[str], "Names of the accelerators in sight."]
    threads: Annotated[int | None, "Processor threads that numeric libraries take."]


class ManifestDataset(TypedDict):
    """Where the questions come from."""

    name: Annotated[str, "Name of the data set's configuration."]
    sha256: Annotated[str, "Digest of the content that is used (16 hexadecimal digits), whatever the file's layout."]
    path: Annotated[str, "The file."]
    official: Annotated[bool, "Whether it is the official file with its known counts."]
    notes: Annotated[list[str], "What the loader found worth telling."]


class Code(TypedDict):
    """The state of the repository."""

    commit: Annotated[str | None, "Git commit; null outside a repository."]
    dirty: Annotated[bool | None, "Whether files differ from that commit."]
    diff_sha256: Annotated[str | None, "SHA-256 of that difference; null where there is none."]


class SessionEntry(TypedDict):
    """One start of the command; a resumed run has several."""

    started: Annotated[str, "When, in UTC (ISO 8601)."]
    command: Annotated[list[str], "The script and its arguments."]
    host: Annotated[str, "Name of the machine."]
    python: Annotated[str, "Version of Python."]
    code: Annotated[Code, "The repository at that time."]


class Hardware(TypedDict):
    """The machine of the last session."""

    cpu: Annotated[str | None, "Name of the processor."]
    cores: Annotated[int | None, "Logical processors."]
    memory_gib: Annotated[float | None, "Main memory in GiB; null where it cannot be asked."]
    gpus: Annotated[list[str], "Accelerators, each with its memory and driver."]
    system: Annotated[str, "Operating system."]


class Config(TypedDict):
    """The composed configuration, whole. `conf/` explains every field of every group."""

    name: Annotated[str, "The experiment."]
    entry: Annotated[str, "Module of the experiment."]
    out: Annotated[str, "Results folder."]
    seed: Annotated[int, "Seed of every sample and shuffle."]
    max_errors: Annotated[int, "Failed questions with which a finished run still exits with 0."]
    cache: Annotated[str, "Use of cached replies of language models: off, read, write or only."]
    system: Annotated[dict[str, Any], "The memory system: its class (`_target_`), name and settings."]
    llm: Annotated[dict[str, Any], "The language model."]
    embedder: Annotated[dict[str, Any], "The embedder."]
    answerer: Annotated[dict[str, Any], "The answerer; `llm` in it is its own model."]
    judge: Annotated[dict[str, Any], "The main judge; `llm` in it is its own model."]
    also_judges: Annotated[dict[str, dict[str, Any]], "Further judges by the name they were given."]
    metrics: Annotated[dict[str, Any], "Which metrics, and the encoders of those that need one."]
    dataset: Annotated[dict[str, Any], "The data set and the questions that are selected."]
    track: Annotated[dict[str, Any], "The protocol: prompt and budget of the context."]
    budget: Annotated[dict[str, Any], "Cap on tokens and dollars, and the account that they are counted in."]
    prices: NotRequired[Annotated[str | None, NEW, "File of the user's own prices; null: none."]]
    extractor: NotRequired[Annotated[str, NEW, "How systems that have the choice make memories: `rules` or `llm`."]]
    latency: Annotated[dict[str, Any], "Questions of the latency pass."]
    figures: Annotated[bool, "Whether figures are drawn at the end of a sweep."]
    at_once: NotRequired[Annotated[int | str, NEW, "Conversations ingested at once, or `auto`."]]
    jobs: NotRequired[Annotated[int | str, NEW, "Jobs of a sweep that ran side by side, or `auto`."]]
    sweeps: NotRequired[Annotated[list[dict[str, Any]], NEW, "Sweeps of the experiment."]]
    prompt: NotRequired[Annotated[dict[str, Any], NEW, "An answer prompt for all systems, or its file."]]
    max_lost: NotRequired[Annotated[float, NEW, "Share of malformed extractions up to which a run exits with 0."]]
    retry_ingest: NotRequired[Annotated[bool, NEW, "Whether conversations with losses are extracted again."]]
    accept_code: NotRequired[Annotated[bool, NEW, "Whether records of other code are kept."]]
    repeats: NotRequired[Annotated[int, NEW, "Runs of answers."]]
    rerun: NotRequired[Annotated[bool, NEW, "Whether records of other code are made again."]]
    check: NotRequired[Annotated[bool, NEW, "Whether the command only tells what it would use."]]
    pilot: NotRequired[Annotated[int, NEW, "Conversations of the pilot that refines a forecast."]]
    probe: NotRequired[Annotated[bool, NEW, "Whether a forecast proves key and model by real calls."]]
    model: NotRequired[Annotated[str, "Model of a `kv_ttft` run."]]
    kv: NotRequired[Annotated[dict[str, Any], "Settings of a `kv_ttft` run."]]
    card: NotRequired[Annotated[dict[str, Any], "Settings of a judge card."]]
    matrix: NotRequired[Annotated[dict[str, Any], NEW, "Settings of a judge matrix."]]


class PromptText(TypedDict):
    """A prompt, word for word."""

    id: Annotated[str, "Its name."]
    source: Annotated[str, "Whose wording it is: `ours`, a file, or a repository at a commit."]
    hash: Annotated[str, "Digest of its text."]
    system: Annotated[str, "The system message; empty where there is none."]
    user: Annotated[str, "The user's message; empty where there is none."]


class Provenance(TypedDict):
    """What every manifest says."""

    schema: Annotated[int, "1."]
    formula: NotRequired[Annotated[int, NEW, "Number of the formula of fingerprints; absent: the first."]]
    fingerprint: Annotated[str, "Identity of the run: 10 hexadecimal digits over all that changes its records."]
    code: NotRequired[
        Annotated[dict[str, StageCode], NEW, "The code of each stage by its name; of metrics, by their identity too."]
    ]
    accepted_code: NotRequired[Annotated[list[AcceptedCode], NEW, "Changes of code that were accepted, oldest first."]]
    packages: Annotated[dict[str, str], "Every installed distribution and its version."]
    hardware: Annotated[Hardware, "The machine."]
    config: Annotated[Config, "The configuration, as in `config.yaml`."]
    sessions: Annotated[list[SessionEntry], "Every start of the command, oldest first."]


class Manifest(Provenance):
    """``manifest.json`` of a benchmark run: what it is, what made it, and where it comes from."""

    score_fingerprint: NotRequired[Annotated[str, "Identity of the whole summary; absent where nothing is scored."]]
    summary_code: NotRequired[Annotated[str | None, NEW, "Digest of the code that makes the summary."]]
    ingest_fingerprints: Annotated[dict[str, str], "Conversation to the identity of its store (16 digits)."]
    identity: NotRequired[Annotated[dict[str, Any], NEW, "What the fingerprint is made of, for `search` and `answer`."]]
    dataset: Annotated[ManifestDataset, "The data."]
    prompt: Annotated[str, "Id of the answer prompt."]
    prompts: NotRequired[Annotated[dict[str, PromptText], NEW, "`answer` and `judge NAME` to what is asked with."]]
    roles: NotRequired[
        Annotated[
            dict[str, Any],
            NEW,
            "Role (`memory`, `answerer`, `judge <name>`) to the identity of the language model it asks; null: none.",
        ]
    ]
    seed: Annotated[int, "The run's seed."]
    timing: NotRequired[Annotated[TimingSettings, NEW, "The device of `latency.jsonl`."]]
    adopted: NotRequired[Annotated[Adopted, NEW, "The run of version 0.1 that this one took over."]]


class KvManifest(Provenance):
    """``manifest.json`` of a `kv_ttft` run."""

    machine: NotRequired[Annotated[Machine, NEW, "The device that is timed."]]


class MatrixManifest(Provenance):
    """``manifest.json`` of a judge matrix."""


class RunId(TypedDict):
    """``run.json``: the name that the seals of all lines are made over (since 0.2)."""

    id: Annotated[str, "Name of the folder when the run began; a folder that is renamed keeps it."]


class JournalFile(TypedDict):
    """One journal as it was when the summary was made."""

    bytes: Annotated[int, "Its length in bytes."]
    sha256: Annotated[str, "SHA-256 of those bytes."]
    void: Annotated[int, "Lines without a whole seal, which do not count."]


class Journals(TypedDict):
    """``journals.json``: whether the summary still is that of the journals, in milliseconds (since 0.2)."""

    summary: Annotated[str, "SHA-256 of `summary.json`."]
    files: Annotated[dict[str, JournalFile], "Journal to its state."]
