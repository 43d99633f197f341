"""MemoryAgentBench: long texts fed in chunks, then many questions on each (docs/datasets_more.md#memoryagentbench)."""
