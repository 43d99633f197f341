"""Fitting the weights of the offline judge. Needs scikit-learn (the extra ``train``);
nothing imports it but scripts."""
