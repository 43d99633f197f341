"""RealTalk: chats of real people in LOCOMO's shape, with categories of its own (docs/datasets_more.md#realtalk)."""
