"""Typed configuration: YAML fields become the dataclass beside the behaviour; mistakes become one line each."""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar, cast

from omegaconf import OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

from memos.errors import ConfigError, MissingDependency
from memos.servers import served_as

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

PLAIN = ("_target_", "name", "label", "fitted_on")
"""Keys of a component's YAML that are not fields of its ``Config``."""

EXECUTION = frozenset(
    {
        "api_key_env",
        "backoff_max_s",
        "backoff_s",
        "batch",
        "batch_size",
        "batch_tokens",
        "cache",
        "cache_contexts",
        "concurrency",
        "declared",
        "device",
        "headers",
        "latency_ms",
        "max_attempts",
        "max_batch",
        "max_reply_mb",
        "max_retries",
        "patience_s",
        "prefix_cache_mb",
        "price_cached",
        "price_completion",
        "price_prompt",
        "progress",
        "prompt_file",
        "requests_per_minute",
        "retries",
        "retry_after_max_s",
        "stream",
        "threads",
        "timeout",
        "timeout_s",
        "tokens_per_minute",
        "workers",
    }
)
"""Fields that change how a component runs but not what comes out: in no fingerprint (of timings some are,
``eval.core.device``).
"""

ADDRESSES = ("base_url", "url")
"""Fields that hold a server's address."""

EXECUTION_KEYS = frozenset(
    {
        "accept_code",
        "at_once",
        "budget",
        "cache",
        "check",
        "entry",
        "figures",
        "jobs",
        "max_errors",
        "max_lost",
        "out",
        "pilot",
        "prices",
        "probe",
        "rerun",
        "retry_ingest",
    }
)
"""Top-level keys of a configuration that change no outcome."""

PLACES = frozenset({"path", "answer_key_errors"})
"""Fields of a dataset that say where a file lies: its content counts, wherever it is."""


@dataclass
class LatencyConfig:
    """The latency pass: questions asked one at a time, nothing cached."""

    questions: int = field(default=100, metadata={"help": "seeded sample of this many questions a system; 0 skips it"})

    def __post_init__(self) -> None:
        if self.questions < 0:
            raise ConfigError(f"latency.questions: must be 0 or more, found {self.questions}")


@dataclass
class BudgetConfig:
    """One cap for the whole command: its jobs and its later invocations in the same results folder.

    Reaching it stops with exit code 3, and the command can be resumed.
    """

    tokens: int | None = field(
        default=None, metadata={"help": "prompt and completion tokens and those of a server's embeddings together"}
    )
    usd: float | None = field(default=None, metadata={"help": "dollars by the prices"})
    account: str | None = field(
        default=None, metadata={"help": "what is counted together; null: the experiment's name; a new one begins at 0"}
    )

    def __post_init__(self) -> None:
        for name in ("tokens", "usd"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"budget.{name}: must be positive, found {value}")


@dataclass
class TrackConfig:
    """Which protocol the run follows (docs/protocol.md#tracks)."""

    prompt: str | None = field(default=None, metadata={"help": "answer prompt for all systems; null: each its own"})
    budget_words: int | None = field(
        default=None, metadata={"help": "context budget in NLTK words; null: each its own"}
    )

    context_first: str = field(
        default="never",
        metadata={
            "help": "context before the question in answer prompts: never (each in its own order), local (where the "
            "answering model is local) or always"
        },
    )

    def __post_init__(self) -> None:
        if self.context_first not in ("never", "local", "always"):
            raise ConfigError(f"track.context_first: expected never, local or always, found {self.context_first!r}")
        if self.budget_words is not None and self.budget_words < 1:
            raise ConfigError(f"track.budget_words: must be at least 1, found {self.budget_words}")


MEMBERS = {
    "system": ("Config", "start", "add", "finish", "search", "stats", "usage", "save", "load", "close"),
    "answerer": ("Config", "identity", "answer", "close"),
    "judge": ("Config", "identity", "judge", "close"),
    "embedder": ("Config", "encode"),
    "llm": ("Config", "complete_many"),
    "dataset": ("Config", "categories", "load"),
}
"""What a class must have to be a part of a group (the protocols: ``eval.core.protocols``)."""


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean …`` with the nearest valid names, or all of them when none is near."""
    known = sorted(map(str, known))
    near = difflib.get_close_matches(name, known, 3, 0.5)
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known) or 'nothing'}"


def typed(config_class: type[T], fields: Mapping[str, Any], where: str) -> T:
    """Build a configuration dataclass.

    Raises:
        ConfigError: one line with the field's full name, its value and the nearest valid names.
    """
    names = [f.name for f in dataclasses.fields(config_class)]
    for key in fields:
        if key not in names:
            raise ConfigError(f"{where}.{key}: unknown field; {nearest(key, names)}")
    base = OmegaConf.structured(config_class)
    OmegaConf.set_readonly(base, False)  # that of a frozen class is
    for key, value in fields.items():
        try:
            base[key] = value
        except ConfigKeyError as error:
            raise ConfigError(f"{where}.{key}: {_first_line(error)}") from error
        except OmegaConfBaseException as error:
            raise ConfigError(f"{where}.{key}: {_first_line(error)}") from error
    return cast(T, OmegaConf.to_object(base))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def locate(target: str, where: str) -> type:
    """The class a ``_target_`` names.

    Raises:
        ConfigError: it names none.
    """
    if not isinstance(target, str):
        raise ConfigError(f"{where}._target_: expected the name of a class, found {target!r}")
    module, _, name = target.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), name)
    except (ValueError, ImportError, AttributeError) as error:
        raise ConfigError(f"{where}._target_: cannot load {target!r}: {error}") from error
    if not isinstance(cls, type):
        raise ConfigError(f"{where}._target_: {target} cannot be used here: it is no class")
    return cls


def component_class(spec: Mapping[str, Any], where: str, group: str = "") -> type:
    """The class of a component, which has what a part of its group must have (without a group: a ``Config``).

    Raises:
        ConfigError: one line with the class and what it lacks.
    """
    if not spec or not spec.get("_target_"):
        raise ConfigError(f"{where}._target_: missing; it names the class, such as baselines.rag.Rag")
    cls = locate(spec["_target_"], where)
    lacking = [member for member in MEMBERS.get(group, ("Config",)) if not hasattr(cls, member)]
    if lacking:
        raise ConfigError(f"{where}._target_: {spec['_target_']} cannot be used here: it has no {', '.join(lacking)}")
    return cls


def component_config(spec: Mapping[str, Any], where: str, group: str = "") -> tuple[type, Any]:
    """The class of a component (``component_class``) and its checked configuration object."""
    cls = component_class(spec, where, group)
    fields = {key: value for key, value in spec.items() if key not in PLAIN}
    return cls, typed(cls.Config, fields, where)


def wants(cls: type, name: str) -> bool:
    """Whether a component asks for a shared part by that keyword."""
    return name in inspect.signature(cls.__init__).parameters


def construct(spec: Mapping[str, Any], where: str, **shared: Any) -> Any:
    """Build a component, handing it those shared parts it asks for (values that are callables build them lazily)."""
    return built(spec, where, *component_config(spec, where), **shared)


def built(spec: Mapping[str, Any], where: str, cls: type, config: Any, **shared: Any) -> Any:
    """``construct`` with the class and configuration that ``component_config`` gave for the spec."""
    given = {}
    for name, make in shared.items():
        if wants(cls, name):
            given[name] = make()
            parameter = inspect.signature(cls.__init__).parameters[name]
            if given[name] is None and parameter.default is inspect.Parameter.empty:
                raise ConfigError(f"{where}: {spec['name']} needs a language model; choose one, such as llm=openai")
    try:
        return cls(config, **given)
    except ModuleNotFoundError as error:
        raise MissingDependency(f"{where}={spec['name']}: {error.name} is not installed") from error


def identity(spec: Mapping[str, Any], stage: str | None = None) -> dict[str, Any]:
    """What of a component changes its outcome: its stable name, its fields, its fitted weights, the packages it drives.

    A server counts by its declared identity (``served_as``), not by the letters of its address.

    Args:
        stage: ``ingest`` leaves out the fields marked ``{"stage": "search"}``; None keeps all.
    """
    if not spec or not spec.get("_target_"):
        return {}
    cls, config = component_config(spec, spec.get("name", "?"))
    fields = fields_of(config, stage)
    for address in ADDRESSES:
        if fields.get(address):
            fields["served_as"] = served_as(fields[address], fields.get("served_as"))
        fields.pop(address, None)
    own = {"part": part_id(cls), "version": getattr(cls, "version", "1"), "fields": fields}
    if hasattr(cls, "learned"):
        own["learned"] = dict(cls.learned(config, stage))
    if getattr(cls, "packages", ()):
        own["packages"] = {name: package_version(name) for name in cls.packages}
    return own


def fields_of(config: Any, stage: str | None = None) -> dict[str, Any]:
    """A configuration's fields that change the outcome of a stage (None: of any).

    A field with ``{"added": True}`` came after the first runs: at its default it says what was so without it, and is
    left out, so that their identities stay.
    """
    return {
        f.name: getattr(config, f.name)
        for f in dataclasses.fields(config)
        if f.name not in EXECUTION
        and not (stage == "ingest" and f.metadata.get("stage") == "search")
        and not (f.metadata.get("added") and getattr(config, f.name) == default_of(f))
    }


def default_of(f: dataclasses.Field[Any]) -> Any:
    """The value of a field that is not given; ``dataclasses.MISSING`` where it has none."""
    return f.default if f.default_factory is dataclasses.MISSING else f.default_factory()


def part_id(cls: type) -> str:
    """The stable name of a component: its own ``part_id`` (an inherited one is its base's), else its qualified name.

    The module it lies in is no part of it, so a class may move.
    """
    return vars(cls).get("part_id") or cls.__qualname__


def package_version(name: str) -> str | None:
    """The version of an installed distribution; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
