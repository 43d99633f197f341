"""A fact changes: the old one is archived, not lost. python scripts/examples/contradiction.py"""

from datetime import datetime

from memos import MemOS

with MemOS() as memory:
    old = memory.add("Ben works at the harbour office.", user="ben", at=datetime(2024, 3, 1))[0]
    new = memory.add("Ben works at the city library.", user="ben", at=datetime(2025, 2, 1))[0]
    print(new.status, "->", memory.search("Where does Ben work?", user="ben", k=1)[0].text)
    print("before:", memory.vault.get(old.cube_id).state, memory.vault.get(old.cube_id).text)
    then = memory.search("Where does Ben work?", user="ben", k=1, as_of=datetime(2024, 6, 1))
    print("in June 2024:", then[0].text)
    memory.restore(old.cube_id, 1, user="ben")
    print("restored:", [hit.text for hit in memory.search("harbour office", user="ben", k=1)])
