"""Parts of ``scripts/bench_flow.py``: the conversations, the scripted model and the chains of calls that must wait."""
