"""Fitting the extractive reader's weights, which derive from LOCOMO (CC BY-NC 4.0); scripts and tests import it."""
