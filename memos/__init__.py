"""MemOS, a memory operating system for language models (arXiv 2507.03724),
and the model clients every method shares."""

__all__ = ["MemOS"]


def __getattr__(name: str):
    """``memos.MemOS``, loaded when it is first asked for, so that ``import memos`` stays light."""
    if name == "MemOS":
        from memos.mos import MemOS

        return MemOS
    raise AttributeError(f"module 'memos' has no attribute {name!r}")
