"""Fitting the weights of the offline judge. Needs scikit-learn (the extra ``train``); only scripts and tests import it."""
