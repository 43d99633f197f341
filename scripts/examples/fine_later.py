"""Fast now, fine later: a dialogue is findable at once, a model reads it when the queue is drained.

python scripts/examples/fine_later.py

The model here is a script, so that the example runs without a key; any client of ``memos.llm`` takes its place.
"""

from datetime import datetime

from memos import MemOS
from memos.llm.mock import MockLLM

TURNS = [
    ("Mara", "I finished the marathon yesterday!"),
    ("Tom", "How long did it take?"),
    ("Mara", "Under four hours."),
]
READ = {
    "memories": [
        {
            "text": "Mara finished a marathon in under four hours.",
            "kind": "fact",
            "about": "Mara",
            "lines": [1, 3],
            "when": "6 October 2024",
        },
    ]
}
with MemOS(llm=MockLLM(function=lambda request: READ)) as memory:
    memory.add_dialogue(TURNS, user="mara", at=datetime(2024, 10, 7), fine=True)
    memory.organise(user="mara", later=True)
    print("at once: ", memory.search("marathon", user="mara", k=1)[0].text.splitlines()[0])
    print("waiting: ", memory.stats()["tasks"]["pending"], "tasks")
    print("drained: ", memory.drain(timeout=60))
    hit = memory.search("How long did Mara's marathon take?", user="mara", k=1)[0]
    print("then:    ", hit.text.splitlines()[0], "from", hit.turn_ids)
