"""SimpleMem: windows of dialogue rewritten as sentences that stand alone, with a planned search over three views."""

from baselines.simplemem.system import SimpleMem

__all__ = ["SimpleMem"]
