"""Infrastructure layer (paper section 5.5): MemGovernance, MemVault, MemLoader, MemDumper, MemStore."""
