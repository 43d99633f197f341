"""Adapters to the vendors' own packages (extra ``vendors``), so that their current versions stand in the same table.

Each drives the package through an OpenAI-compatible ``base_url`` and our embedder. Nothing of a vendor is imported
before a system is made.
"""
