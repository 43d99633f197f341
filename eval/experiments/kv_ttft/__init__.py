"""Time to first token with an injected key-value cache (paper section 6.3): models, texts, arms, limits, reports."""
