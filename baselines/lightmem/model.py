"""What LightMem asks of its language model (docs/systems.md#lightmem)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.lightmem.brain import DialogueLine, Revision
from memos.language.calendar import DAY_NAMES

EXTRACTION_PROMPT = """You turn a dialogue into single facts for a memory. The lines are grouped by topic; each has a \
time, a number, its speaker and what was said.

- Go through every line and write down every fact it holds. Nothing is too small; leave out only lines that say nothing.
- One fact is one sentence that can be understood alone: names instead of pronouns, with all numbers, titles and places.
- What a line implies beyond its words is a further fact of its own.
- Keep a relative time such as "yesterday" and add the date of the line that it counts from.
- source_id is the number of the line that the fact comes from.

Reply with JSON: {"data": [{"source_id": number, "fact": text}, …]}; an empty list where there is nothing."""

UPDATE_PROMPT = """A memory holds an older entry and newer ones that resemble it. Decide what becomes of the older one:
- update: the newer ones make it more complete or more exact. Give the whole new text as new_memory.
- delete: a newer one contradicts it, so that it no longer holds.
- ignore: they are about different matters, or it needs no change.

Older entry:
{target}

Newer entries:
{sources}

Reply with JSON: {{"action": "update" | "delete" | "ignore", "new_memory": text, empty unless updated}}"""

FACTS = record(data=listed(record(source_id={"type": "integer"}, fact=TEXT)))
REVISION = record(action={"type": "string", "enum": ["update", "delete", "ignore"]}, new_memory=TEXT)


class ModelLightMemBrain:
    """One call a batch, one an older entry with near later ones."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone

    def expect(self, lines: Sequence[DialogueLine]) -> None:
        self._backbone.begin_json(EXTRACTION_PROMPT, shown(lines), FACTS)

    def facts(self, lines: Sequence[DialogueLine]) -> list[tuple[int, str]]:
        reply = self._backbone.json("ingest", EXTRACTION_PROMPT, shown(lines), FACTS) or {"data": []}
        return [(item["source_id"], item["fact"].strip()) for item in reply["data"] if item["fact"].strip()]

    def revise(self, target: str, sources: Sequence[str], cosines: Sequence[float]) -> Revision:
        prompt = UPDATE_PROMPT.format(target=target, sources="\n".join(f"- {text}" for text in sources))
        reply = self._backbone.json("organise", "You keep a memory up to date.", prompt, REVISION)
        text = reply["new_memory"].strip() if reply else ""
        if reply is None or (reply["action"] == "update" and not text):
            return Revision("ignore")
        return Revision(reply["action"], text)


def shown(lines: Sequence[DialogueLine]) -> str:
    """A batch as the model reads it: a heading a topic, then its lines."""
    blocks = []
    for topic, group in groupby(lines, key=lambda line: line.topic):
        said = [f"[{_when(line)}] {line.number}.{line.turn.turn.speaker}: {line.turn.turn.said}" for line in group]
        blocks.append("\n".join([f"Topic {topic}", *said]))
    return "\n\n".join(blocks)


def _when(line: DialogueLine) -> str:
    if line.time is None:
        return line.turn.time_text or "time unknown"
    return f"{line.time.isoformat()}, {DAY_NAMES[line.time.weekday()]}"
