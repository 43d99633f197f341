"""LongMemEval: a benchmark run with the report of its authors beside the tables of every benchmark."""
