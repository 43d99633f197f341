"""A dialogue with relative dates, and the plan behind a question: python scripts/examples/dialogue.py"""

from datetime import datetime

from memos import MemOS

TURNS = [
    ("Mara", "Guess what, I finished the marathon yesterday!"),
    ("Tom", "Wow, how long did it take you?"),
    ("Mara", "Just under four hours. My brother Leo waited at the finish."),
]
with MemOS() as memory:
    memory.add_dialogue(TURNS, user="mara", session="s1", at=datetime(2024, 10, 7, 9, 30))
    for hit in memory.search("When did Mara run the marathon?", user="mara", k=1):
        cube = memory.vault.get(hit.cube_ids[0])
        print(hit.text)
        print("said", cube.descriptive.attributes["said_at"], "about", cube.descriptive.attributes.get("event"))
    print(memory.explain("What did Mara tell me in October 2024?", user="mara"))
