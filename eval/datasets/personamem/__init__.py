"""PersonaMem: what an assistant should say to a person it knows, as multiple choice (docs/datasets_more.md#personamem)."""
