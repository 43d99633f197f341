"""The interface layer (paper section 5.3): MemReader, Memory API, pipelines."""
