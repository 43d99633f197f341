"""mem0: memories of each speaker that are added, updated and deleted, with vectors."""

from baselines.mem0.system import Mem0

__all__ = ["Mem0"]
