"""Fitting the weights of the offline judge. Needs scikit-learn (the extra ``train``); scripts and tests import it."""
