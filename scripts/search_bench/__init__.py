"""Parts of ``scripts/bench_search.py``: texts and vectors, timing, our own store, the peers' stores."""
