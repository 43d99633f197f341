"""Packages of the wheel. All else is in pyproject.toml; only the two folders below lie outside the packages they belong
to.
"""

from setuptools import find_namespace_packages, setup

BESIDE = {"eval.conf": "conf", "eval.paper": "results/reference"}
"""Packages of data in the wheel, and where the repository keeps them; ``eval/core/places.py`` finds them in both."""

setup(
    packages=[*find_namespace_packages(include=["memos*", "baselines*", "eval*"]), *BESIDE],
    package_dir=BESIDE,
)
