"""Errors a user can act on. Each message is one line that names the thing, the value and the way out."""

from __future__ import annotations

import unicodedata
from typing import Any


class MemosError(Exception):
    """Base of every error this project raises on purpose."""


class ConfigError(MemosError):
    """A configuration value is unknown or of the wrong kind."""


class DataError(MemosError):
    """A data file is missing, damaged or foreign."""


class AbsentData(DataError):
    """A data set is not on this machine and cannot be fetched; whoever asks for several goes on without it."""


class MissingDependency(MemosError):
    """An optional package or resource is not installed; the message carries the exact command to install it."""


class LLMError(MemosError):
    """A language-model call failed for good."""

    usage: Any = None
    """Tokens that its attempts took (``memos.types.Usage``), where the server says so."""


class PromptTooLong(LLMError):
    """A prompt exceeds the model's context window and may not be cut."""


class MalformedOutput(LLMError):
    """A model's structured output could not be repaired."""


class BudgetExceeded(MemosError):
    """The run's token or money budget is used up; the run can be resumed with a larger one."""


def on_one_line(text: str) -> str:
    """A foreign text (of a server, a package, a file) for a message: one line, fit for any file and any terminal.

    White space becomes single blanks; control characters, terminal codes and halves of surrogate pairs become ``?``.
    """
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    return "".join("?" if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in line)


def require(module: str, extra: str, *, package: str | None = None) -> Any:
    """Import an optional module lazily.

    Args:
        module: import name, such as ``torch``.
        extra: extra of this project that brings it.
        package: name on PyPI where it differs from ``module``.

    Raises:
        MissingDependency: with the command that installs it.
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingDependency(f"{package or module} is not installed; run: pip install -e '.[{extra}]'") from error
