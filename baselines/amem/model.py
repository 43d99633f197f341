"""What A-MEM asks of its language model (docs/systems.md#a-mem)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from baselines.amem.brain import Analysis, Neighbour
from baselines.amem.notes import Evolution, Note
from baselines.backbone import TEXT, Backbone, listed, record

ANALYSIS_PROMPT = """You file notes. Describe the message below for an index and reply with JSON only:
- keywords: three or more, the most telling first; nouns, verbs and ideas of the message. No speakers' names, no times.
- context: one sentence with its topic, its main points, and for whom or what it is said.
- tags: three or more broad labels, such as the field, the form and the kind of message.

{"keywords": [text, …], "context": text, "tags": [text, …]}"""

EVOLUTION_PROMPT = """A collection of notes develops as notes arrive. Look at a new note and its nearest neighbours \
and decide whether the collection should change. Reply with JSON only.

New note
context: {context}
content: {content}
keywords: {keywords}

Its {number} nearest notes, each with its memory index
{neighbours}

- should_evolve: whether anything changes.
- actions: "strengthen" links the new note with others, "update_neighbor" rewrites what describes its neighbours. Any \
of them, in the order in which they are to be done.
- suggested_connections: memory indexes of the notes to link with.
- tags_to_update: the new note's tags after strengthening.
- new_context_neighborhood: a context for each neighbour, in the order above; repeat the old one where it stays.
- new_tags_neighborhood: a list of tags for each neighbour, likewise."""

QUERY_PROMPT = """Name the words by which notes that answer the question would be found, the most telling first, \
separated by commas. Reply with JSON: {"keywords": text}"""

TEXTS = listed(TEXT)
ANALYSIS = record(keywords=TEXTS, context=TEXT, tags=TEXTS)
EVOLUTION = record(
    should_evolve={"type": "boolean"},
    actions=listed({"type": "string", "enum": ["strengthen", "update_neighbor"]}),
    suggested_connections=listed({"type": "integer"}),
    tags_to_update=TEXTS,
    new_context_neighborhood=TEXTS,
    new_tags_neighborhood=listed(TEXTS),
)
KEYWORDS = record(keywords=TEXT)


class ModelAMemBrain:
    """Two calls a turn, one a question."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def expect(self, content: str) -> None:
        self._backbone.begin_json(ANALYSIS_PROMPT, content, ANALYSIS)

    def analyse(self, content: str) -> Analysis:
        reply = self._backbone.json("ingest", ANALYSIS_PROMPT, content, ANALYSIS)
        if reply is None:
            return Analysis()
        return Analysis(tuple(reply["keywords"]), reply["context"], tuple(reply["tags"]))

    def evolve(self, note: Note, neighbours: Sequence[Neighbour]) -> Evolution:
        prompt = EVOLUTION_PROMPT.format(
            context=note.context,
            content=note.content,
            keywords=_list(note.keywords),
            number=len(neighbours),
            neighbours="\n".join(_shown(item) for item in neighbours) or "(none yet)",
        )
        reply = self._backbone.json("organise", "You look after a collection of notes.", prompt, EVOLUTION)
        if reply is None:
            return Evolution()
        return Evolution(
            reply["should_evolve"],
            tuple(reply["actions"]),
            tuple(reply["suggested_connections"]),
            tuple(reply["tags_to_update"]),
            tuple(reply["new_context_neighborhood"]),
            tuple(tuple(tags) for tags in reply["new_tags_neighborhood"]),
        )

    def query(self, question: str, backbone: Backbone) -> str:
        reply = backbone.json("search", QUERY_PROMPT, question, KEYWORDS)
        return reply["keywords"].strip() if reply and reply["keywords"].strip() else question


def _shown(item: Neighbour) -> str:
    note = item.note
    fields = [f"content: {note.content}", f"context: {note.context}", f"keywords: {_list(note.keywords)}"]
    head = f"memory index: {item.index}, talk start time: {note.time}"
    return ", ".join([head, *fields, f"tags: {_list(note.tags)}"])


def _list(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
