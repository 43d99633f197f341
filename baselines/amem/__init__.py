"""A-MEM: a note of every turn, linked with its neighbours, whose descriptions it may rewrite."""

from baselines.amem.system import AMem

__all__ = ["AMem"]
