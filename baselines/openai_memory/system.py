"""A simulation of ChatGPT's memory (docs/systems.md#openai-memory): dated entries from each session, all of them in the
prompt.

There is no ranking and no search: this is the optimistic bound the paper's row stands for. Entries come from a language
model (one call a session, optionally revising the running list as the bio tool does), from rules, or from recorded
memory dumps (``memories_dir``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from baselines.backbone import Backbone, check_extractor, check_positive
from baselines.memories import STATE_VERSION, read_json, write_json
from baselines.openai_memory.dumps import Said, read_dump, sources
from baselines.openai_memory.model import ModelWriter
from baselines.openai_memory.rules import RuleWriter
from baselines.openai_memory.writer import EntryWriter, MemoryEntry
from memos.errors import ConfigError
from memos.llm.base import LLM
from memos.llm.losses import Losses
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage


class OpenAIMemory:
    """Every entry of the conversation, in order, in every prompt."""

    @dataclass
    class Config:
        extractor: str = field(
            default="rules", metadata={"help": "rules (no model) or llm (the shared language model)"}
        )
        memories_dir: str | None = field(
            default=None, metadata={"help": "folder of recorded dumps (<sample id>.txt or <index>.txt); null: extract"}
        )
        session_words: int = field(default=100, metadata={"help": "rules: words of entries kept of each session"})
        max_fact_words: int = field(default=40, metadata={"help": "rules: longest run of sentences in one entry"})
        revise: bool = field(default=False, metadata={"help": "llm: show the running list and let the model change it"})
        retries: int = field(default=3, metadata={"help": "llm: how often a malformed reply is asked for again"})

        def __post_init__(self) -> None:
            check_extractor("openai_memory", self.extractor)
            check_positive("openai_memory", session_words=self.session_words, max_fact_words=self.max_fact_words)
            if self.memories_dir is not None and not Path(self.memories_dir).is_dir():
                raise ConfigError(f"openai_memory: memories_dir={self.memories_dir!r} is no folder")

    part_id = "openai_memory"
    version = "1"
    sees_gold = False
    at_once = True
    prompt = "openai_memory"

    def __init__(self, config: Config, *, llm: LLM | None = None) -> None:
        self.config = config
        recorded = config.memories_dir is not None
        self._backbone = Backbone(llm, self.prompt, "rules" if recorded else config.extractor, config.retries)
        self._writer: EntryWriter = (
            ModelWriter(self._backbone, config.revise)
            if config.extractor == "llm" and not recorded
            else RuleWriter(config.session_words, config.max_fact_words)
        )
        self._sample_id = ""
        self._speakers: tuple[str, ...] = ("", "")
        self._entries: list[MemoryEntry] = []
        self._said: list[Said] = []
        self._next = 0

    def start(self, conversation: Conversation) -> None:
        self._sample_id, self._speakers = conversation.sample_id, conversation.speakers

    def expect(self, sessions: Sequence[Session]) -> None:
        """Begin to write the entries of sessions to come."""
        if self._backbone.at_once and self.config.memories_dir is None:
            for session in sessions:
                self._writer.expect(session, self._speakers)

    def add(self, session: Session) -> None:
        if self.config.memories_dir is not None:
            self._said += [Said(turn.turn_id, turn.speaker, turn.said) for turn in session.turns]
            return
        change = self._writer.write(session, self._speakers, self._entries)
        known = {entry.id: index for index, entry in enumerate(self._entries)}
        for old_id, text in change.updates:
            if old_id in known and text:
                old = self._entries[known[old_id]]
                turns = tuple(dict.fromkeys([*old.turn_ids, *(turn.turn_id for turn in session.turns)]))
                self._entries[known[old_id]] = replace(old, text=text, time=session.time_text, turn_ids=turns)
        self._entries = [entry for entry in self._entries if entry.id not in change.deletes]
        for entry in change.adds:
            self._entries.append(replace(entry, id=f"e{self._next}"))
            self._next += 1

    def finish(self) -> None:
        """Reads the recorded dump where one is used, and finds the turns its entries came from."""
        if self.config.memories_dir is None or self._entries:
            return
        texts = read_dump(Path(self.config.memories_dir), self._sample_id, self._speakers)
        origins = sources(texts, self._said)
        self._entries = [
            MemoryEntry(f"e{index}", text, "", turns)
            for index, (text, turns) in enumerate(zip(texts, origins, strict=True))
        ]

    def search(self, query: Query) -> Retrieved:
        """All entries in order; the first ``query.depth`` of them as hits."""
        hits = tuple(Hit(entry.shown(), entry.turn_ids, 0.0, entry.id) for entry in self._entries[: query.depth])
        separator = "\n\n" if self.config.memories_dir is not None else "\n"
        return Retrieved(hits, len(hits), separator.join(entry.shown() for entry in self._entries))

    @property
    def losses(self) -> Losses:
        """Extractions asked of the model, and those that came to nothing."""
        return self._backbone.losses

    def stats(self) -> Mapping[str, int | float]:
        return {
            "items": len(self._entries),
            "bytes": sum(len(entry.shown().encode()) for entry in self._entries),
            "malformed": self._backbone.malformed,
            "without_source": sum(not entry.turn_ids for entry in self._entries),
        }

    def usage(self) -> Mapping[str, Usage]:
        return {"ingest": Usage(), "organise": Usage(), **self._backbone.usage}

    def save(self, folder: Path) -> None:
        state = {
            "version": STATE_VERSION,
            "sample_id": self._sample_id,
            "speakers": self._speakers,
            "next": self._next,
            "entries": [asdict(entry) for entry in self._entries],
            "said": [asdict(said) for said in self._said],
            "backbone": self._backbone.state(),
        }
        write_json(folder / "openai_memory.json", state)

    def load(self, folder: Path) -> None:
        state = read_json(folder / "openai_memory.json")
        self._sample_id, self._speakers = state["sample_id"], tuple(state["speakers"])
        self._next = state["next"]
        self._entries = [MemoryEntry(**{**entry, "turn_ids": tuple(entry["turn_ids"])}) for entry in state["entries"]]
        self._said = [Said(**said) for said in state["said"]]
        self._backbone.restore(state["backbone"])

    def close(self) -> None:
        """Ask no more of what was begun early."""
        self._backbone.drop()
