"""D-Mem: mem0's store drafts an answer; where a grade of it is bad the whole history is read."""

from baselines.dmem.system import DMem

__all__ = ["DMem"]
