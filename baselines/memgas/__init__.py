"""MemGAS: sessions at four granularities, weighed by how sure each is, on a graph of likeness."""

from baselines.memgas.system import MemGAS

__all__ = ["MemGAS"]
