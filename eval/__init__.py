"""The harness: datasets, stages, answering, judging, metrics, statistics, store and report."""
