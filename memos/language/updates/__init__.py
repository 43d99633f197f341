"""How a new statement stands to an old one: who it is about, what it says, when it holds and how it is said.

``words_of`` (closed lists), ``reading`` (one statement), ``owners`` (whose it is), ``pairs`` (features of two
statements), ``judge`` (the verdict). docs/updates.md gives the method, its data and its figures.
"""
