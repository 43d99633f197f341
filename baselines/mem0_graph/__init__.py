"""mem0 with its graph memory beside the vectors."""

from baselines.mem0_graph.system import Mem0Graph

__all__ = ["Mem0Graph"]
