"""MemScheduler (paper section 5.4.2): the task queue, the policies that choose memories, preloading and promotion."""

from memos.operation.scheduler.policy import (
    POLICIES,
    Candidate,
    HeatPolicy,
    LabelPolicy,
    LruPolicy,
    Policy,
    Ranked,
    Scene,
    SemanticPolicy,
)
from memos.operation.scheduler.preload import NextScenePolicy
from memos.operation.scheduler.promotion import Promotion
from memos.operation.scheduler.queue import Counters, DeadLetter, MemQueue, Task
from memos.operation.scheduler.replay import Replayed, replay

__all__ = [
    "POLICIES",
    "Candidate",
    "Counters",
    "DeadLetter",
    "HeatPolicy",
    "LabelPolicy",
    "LruPolicy",
    "MemQueue",
    "NextScenePolicy",
    "Policy",
    "Promotion",
    "Ranked",
    "Replayed",
    "Scene",
    "SemanticPolicy",
    "Task",
    "replay",
]
