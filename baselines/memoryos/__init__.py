"""MemoryOS (BAI-LAB): pages of dialogue in topic sessions, of which the hottest are analysed for lasting knowledge."""

from baselines.memoryos.system import MemoryOS

__all__ = ["MemoryOS"]
