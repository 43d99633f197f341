"""LightMem: turns wait in two buffers, are cut by topic, read in batches, and put in order after the conversation."""

from baselines.lightmem.system import LightMem

__all__ = ["LightMem"]
