"""MemSifter without its training: whole sessions ranked for each question, by a model or by rules."""

from baselines.memsifter.system import MemSifter

__all__ = ["MemSifter"]
