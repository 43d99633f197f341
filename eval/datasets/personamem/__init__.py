"""PersonaMem: what to say to a person one knows, as multiple choice (docs/datasets_more.md#personamem)."""
