"""HyMem: key sentences that point to their sessions; a question is answered from the ones or from the others."""

from baselines.hymem.system import HyMem

__all__ = ["HyMem"]
