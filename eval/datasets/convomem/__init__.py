"""ConvoMem: one question over many short chats, evidence given as texts (docs/datasets_more.md#convomem)."""
