"""Whose model a part asks: maker and name, as far as the server's address, or the user's word, tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from memos.errors import ConfigError
from memos.servers import is_loopback

IDENTIFIES_ONLY = True
"""What is here computes no outcome: the digests of code (``eval.core.code``) do not follow it."""
SYNTHETIC = "synthetic"
"""Maker of scripted replies."""
MAKERS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "google",
    "api.mistral.ai": "mistralai",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
}
"""Hosts at which a maker serves its own models."""
_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")
_DECLARED = re.compile(r"([A-Za-z0-9][\w.-]*)/([A-Za-z0-9][\w.:-]*)")


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """Whose model replies, and how that is known."""

    model: str
    """The model's name without its maker, such as ``gpt-4o-mini-2024-07-18``."""
    maker: str | None = None
    """Such as ``openai``; ``synthetic`` of scripted replies; None where neither address nor user says."""
    place: str = ""
    """Where it is served, for messages; empty in this process."""
    declared: bool = False
    """Whether the maker is the user's word, not the address's."""

    @property
    def base(self) -> str:
        """The name without the date of a snapshot."""
        return base_name(self.model)

    @property
    def synthetic(self) -> bool:
        """Whether the replies are scripted."""
        return self.maker == SYNTHETIC

    def is_model(self, wanted: str) -> bool:
        """Whether it is the model ``MAKER/MODEL``; dated snapshots of one model are that model."""
        maker, _, model = wanted.partition("/")
        return self.maker == maker and self.base == base_name(model)

    def record(self) -> dict[str, str | bool | None]:
        """The origin as JSON."""
        return {"model": self.model, "maker": self.maker, "place": self.place, "declared": self.declared}


def base_name(model: str) -> str:
    """A model's name without the date of a snapshot (``-2024-07-18`` or ``-20240718``) and without its maker."""
    return _DATED.sub("", model.rpartition("/")[2])


def split_declared(text: str, where: str) -> tuple[str, str]:
    """Maker and model of a declaration.

    Raises:
        ConfigError: it is not of the form MAKER/MODEL.
    """
    match = _DECLARED.fullmatch(text)
    if match is None:
        raise ConfigError(f"{where}={text!r} is not of the form MAKER/MODEL, such as openai/gpt-4o-mini")
    return match[1].lower(), match[2]


def served_origin(model: str, base_url: str, served_as: str | None, declared: str | None) -> ModelOrigin:
    """The origin of a model behind a URL.

    ``declared`` holds whatever the address is; ``served_as`` where it reads MAKER/MODEL and the server is not on this
    machine. Without either the address must be the maker's own. A server on this machine that says it serves a model
    which its maker alone serves is a stand-in: scripted replies under another's name.
    """
    place = urlsplit(base_url).hostname or base_url
    if not declared and served_as and _DECLARED.fullmatch(served_as) and not is_loopback(base_url):
        declared = served_as
    if declared:
        maker, name = split_declared(declared, "declared")
        return ModelOrigin(name, maker, place, declared=True)
    maker = MAKERS.get(place.lower())
    if maker is None and is_loopback(base_url) and base_name(model).startswith(_HOSTED):
        maker = SYNTHETIC
    return ModelOrigin(model.rpartition("/")[2] if maker else model, maker, place)


_HOSTED = ("gpt-3", "gpt-4", "gpt-5", "o1", "o3", "o4-", "text-embedding-", "claude-", "gemini-")
"""Beginnings of names of models whose weights their makers keep: no server on this machine has them."""
