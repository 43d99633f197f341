"""What ``run.py`` can do: a package an experiment, each with ``experiment.py`` (see ``eval.experiments.protocol``)."""
