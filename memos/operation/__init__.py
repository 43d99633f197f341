"""The operation layer (paper section 5.4): MemOperator, MemScheduler, MemLifecycle."""
