"""Experiments that are not the main benchmark: each module gives ``check``, ``run`` and ``finish``, as ``eval.experiments.benchmark.experiment`` does."""
