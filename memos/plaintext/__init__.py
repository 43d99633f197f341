"""Plaintext memory kinds of their own: preferences, skills and tools (paper section 4.1; memos.md C22, C23)."""
