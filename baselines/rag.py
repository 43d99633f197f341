"""Retrieval over fixed token chunks, exactly as the paper's RAG rows were made (docs/systems.md#rag)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from baselines.transcript import TranscriptLine, line, load_lines, save_lines
from memos import tokens
from memos.embed.base import Embedder
from memos.errors import ConfigError
from memos.infrastructure.vault.kernels import products
from memos.types import Conversation, Hit, Query, Retrieved, Session, Usage

SEPARATOR = "\n<->\n"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of the document and the turns whose text overlaps it."""

    text: str
    turn_ids: tuple[str, ...]


def chunk(lines: list[TranscriptLine], size: int) -> list[Chunk]:
    """Consecutive, non-overlapping slices of ``size`` cl100k tokens of the whole document.

    Boundaries ignore turns, so a chunk may begin in the middle of a line, without its timestamp. A slice may even cut
    a multi-byte character; its halves are then shown as replacement characters, as the paper's code did.
    """
    ids = tokens.cl100k_encode("".join(item.text + "\n" for item in lines))
    ends, position = [], 0
    for item in lines:
        position += len((item.text + "\n").encode())
        ends.append(position)
    chunks, byte, first = [], 0, 0
    for start in range(0, len(ids), size):
        raw = tokens.cl100k_decode_bytes(ids[start : start + size])
        stop = byte + len(raw)
        while ends[first] <= byte:
            first += 1
        last = first
        while last + 1 < len(ends) and ends[last] < stop:
            last += 1
        turns = tuple(item.turn_id for item in lines[first : last + 1])
        chunks.append(Chunk(raw.decode("utf-8", errors="replace"), turns))
        byte = stop
    return chunks


class Rag:
    """Dense retrieval of the ``top_k`` chunks nearest to the question, the most similar first."""

    @dataclass
    class Config:
        chunk_size: int = field(default=256, metadata={"help": "tokens of cl100k_base a chunk; the paper: 128 to 8192"})
        top_k: int = field(default=2, metadata={"help": "chunks in the context; the paper: 1 or 2", "stage": "search"})

        def __post_init__(self) -> None:
            for name in ("chunk_size", "top_k"):
                if getattr(self, name) < 1:
                    raise ConfigError(f"system.{name}: must be at least 1, found {getattr(self, name)}")

    part_id = "rag"
    version = "1"
    sees_gold = False
    prompt = "rag"

    def __init__(self, config: Config, *, embedder: Embedder) -> None:
        self.config = config
        self.embedder = embedder
        self.lines: list[TranscriptLine] = []
        self.chunks: list[Chunk] = []
        self.vectors = np.zeros((0, embedder.dim), dtype=np.float32)

    def start(self, conversation: Conversation) -> None:
        self.lines = []

    def add(self, session: Session) -> None:
        self.lines += [line(session, turn) for turn in session.turns]

    def finish(self) -> None:
        """Cut and embed the document. Chunks longer than the embedder's window are pooled, never cut."""
        self.chunks = chunk(self.lines, self.config.chunk_size)
        self.vectors = self.embedder.encode([item.text for item in self.chunks])

    def search(self, query: Query) -> Retrieved:
        scores = products(self.vectors, self.embedder.encode([query.text])[0])
        order = np.argsort(-scores, kind="stable")[: max(query.depth, self.config.top_k)]
        hits = tuple(
            Hit(self.chunks[i].text, self.chunks[i].turn_ids, float(scores[i]), str(i)) for i in order.tolist()
        )
        used = min(self.config.top_k, len(hits))
        return Retrieved(hits, used, SEPARATOR.join(hit.text for hit in hits[:used]))

    def stats(self) -> Mapping[str, int]:
        return {"items": len(self.chunks)}

    def usage(self) -> Mapping[str, Usage]:
        return {}

    def save(self, folder: Path) -> None:
        save_lines(self.lines, folder / "lines.json")
        chunks = [[item.text, item.turn_ids] for item in self.chunks]
        (folder / "chunks.json").write_text(json.dumps(chunks, ensure_ascii=False), encoding="utf-8")
        np.save(folder / "vectors.npy", self.vectors)

    def load(self, folder: Path) -> None:
        self.lines = load_lines(folder / "lines.json")
        chunks = json.loads((folder / "chunks.json").read_text(encoding="utf-8"))
        self.chunks = [Chunk(text, tuple(turns)) for text, turns in chunks]
        self.vectors = np.load(folder / "vectors.npy")

    def close(self) -> None:
        """Nothing is open."""
