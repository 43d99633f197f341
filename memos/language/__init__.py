"""One reading of language for MemOS, the baselines and the embedded reader: dates, words, names, numerals, polarity,
rewriting.

All of them see the same text in the same way, so that a difference between two systems never comes from two date
parsers. The offline judge keeps code of its own, on purpose: what judges an answer must not share the faults of what
gave it.
"""
