"""The command line: what Hydra composes and sweeps, checked before anything starts."""
