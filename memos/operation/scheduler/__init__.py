"""MemScheduler (paper section 5.4.2): the task queue, the policies that choose memories, preloading and promotion."""

from memos.operation.scheduler.policy import (
    POLICIES,
    HeatPolicy,
    LabelPolicy,
    LruPolicy,
    Policy,
    PolicyCandidate,
    PolicyScene,
    Ranked,
    SemanticPolicy,
)
from memos.operation.scheduler.preload import NextScenePolicy
from memos.operation.scheduler.promotion import Promotion
from memos.operation.scheduler.queue import Counters, DeadLetter, MemQueue, Task
from memos.operation.scheduler.replay import Replayed, replay

__all__ = [
    "POLICIES",
    "Counters",
    "DeadLetter",
    "HeatPolicy",
    "LabelPolicy",
    "LruPolicy",
    "MemQueue",
    "NextScenePolicy",
    "Policy",
    "PolicyCandidate",
    "PolicyScene",
    "Promotion",
    "Ranked",
    "Replayed",
    "SemanticPolicy",
    "Task",
    "replay",
]
