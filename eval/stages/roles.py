"""Who asks which language model: the memory, the answerer and every judge, all the same one or each its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eval.core.config import component_class, component_config, wants
from memos.errors import ConfigError
from memos.servers import is_loopback

MEMORY, ANSWERER, JUDGE = "memory", "answerer", "judge"
OWN = "llm"
"""Key of a part's configuration that holds its own model; absent or null: the one of the top-level ``llm``."""
_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*")

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """An answerer or a judge, with the language model that it asks."""

    role: str
    """``answerer``, or ``judge NAME``."""
    spec: dict[str, Any]
    """Its configuration, without its model."""
    llm: Spec
    """Configuration of its model, whether or not it asks one."""

    @property
    def asks(self) -> bool:
        """Whether it asks a language model at all."""
        return wants(component_config(self.spec, self.role.partition(" ")[0])[0], "llm")


def answerer(config: Spec) -> Part:
    """The answerer of a configuration.

    Raises:
        ConfigError: it asks a model and has none, or has one of its own and asks none.
    """
    return _part(ANSWERER, config["answerer"], config["llm"], "answerer", "answerer/llm")


def judges(config: Spec) -> list[Part]:
    """The judges of a configuration, the main one first; each has a name of its own.

    A judge whose name another one has, and that is not equal to it, is called ``<name>_<key in also_judges>``.

    Raises:
        ConfigError: as ``answerer``; a name is no name; or two judges would still share one.
    """
    made: dict[str, Part] = {}
    for key, given in {None: config["judge"], **config["also_judges"]}.items():
        where = "judge" if key is None else f"also_judges.{key}"
        override = "judge/llm" if key is None else f"+llm@also_judges.{key}.llm"
        name = str(given.get("name") or "")
        part = _part(_judge_role(name, where), given, config["llm"], where, override)
        if name in made and not _equal(made[name], part):
            name = f"{name}_{key}"
            part = Part(_judge_role(name, where), {**part.spec, "name": name}, part.llm)
        if name in made and not _equal(made[name], part):
            raise ConfigError(f"{where}.name: two judges are called {name!r}; give one another name, {where}.name=…")
        made.setdefault(name, part)
    return list(made.values())


def judge_role(name: str) -> str:
    """The role of a judge by its name."""
    return f"{JUDGE} {name}"


def _judge_role(name: str, where: str) -> str:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}.name: {name!r} is no name of a judge; letters, digits, '_', '-' and '.' make one")
    return judge_role(name)


def _part(role: str, given: Spec, shared: Spec, where: str, override: str) -> Part:
    """A part with its model, checked.

    Args:
        where: place of its configuration, for messages.
        override: what chooses a model of its own on the command line.
    """
    group = where.partition(".")[0].replace("also_judges", "judge")
    spec, own = {key: value for key, value in given.items() if key != OWN}, given.get(OWN)
    part = Part(role, spec, own or shared)
    if hasattr(component_class(spec, where), "complete_many"):
        raise ConfigError(
            f"{where}={spec['name']}: that is a language model and no {group}; write {override}={spec['name']}"
        )
    component_config(spec, where, group)
    if own:
        component_config(own, f"{where}.{OWN}", OWN)
        if not part.asks:
            raise ConfigError(
                f"{override}={own.get('name')}: {where}={spec['name']} asks no language model; choose a {group} that "
                f"asks one, or leave {override} out"
            )
    if part.asks and is_none(part.llm):
        raise ConfigError(
            f"{where}={spec['name']} needs a language model; choose one, such as llm=openai or llm=embedded for all "
            f"roles, or {override}=openai for this one"
        )
    return part


def is_local(part: Part) -> bool:
    """Whether a part's model runs in this process or on this machine."""
    cls = component_config(part.llm, OWN)[0]
    return not getattr(cls, "remote", False) or is_loopback(str(part.llm.get("base_url") or ""))


def declared(config: Spec) -> Iterator[tuple[str, str | None]]:
    """Place of every model in a configuration, with what the user declares it to be (``memos.model_origin``)."""
    yield "llm", config["llm"].get("declared")
    yield "embedder", config["embedder"].get("declared")
    for place, given in {"answerer": config["answerer"], "judge": config["judge"], **config["also_judges"]}.items():
        yield f"{place}.{OWN}", (given.get(OWN) or {}).get("declared")


def is_none(llm: Spec) -> bool:
    """Whether a model's configuration stands for none."""
    return llm["name"] == "none"


def _equal(one: Part, other: Part) -> bool:
    """Whether two judges are one: the same fields, and the same model where they ask one."""
    fields = [{key: value for key, value in part.spec.items() if key != "name"} for part in (one, other)]
    return fields[0] == fields[1] and (one.llm == other.llm or not one.asks)
