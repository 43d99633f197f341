"""Plaintext memory kinds of their own: preferences, skills and tools (paper section 4.1; docs/memos.md C22, C23)."""
