"""Zep: a temporal knowledge graph of episodes, entities and facts."""

from baselines.zep.system import Zep

__all__ = ["Zep"]
