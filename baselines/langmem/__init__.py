"""LangMem: a background manager over a flat store, or an agent with memory tools."""

from baselines.langmem.system import LangMem

__all__ = ["LangMem"]
