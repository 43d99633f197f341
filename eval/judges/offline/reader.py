"""Reads texts with MiniLM: the states of the tokens and the vector of the text from one forward pass, shared with the
semantic metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.judges.offline.semantic import Reading
from eval.metrics.encoders import MINILM, Remembering, token_encoder
from memos.embed.base import Embedder, TokenStates

MODEL = MINILM
"""The only model the weights were fitted to."""


def sentence_model(embedder: Embedder | None) -> Embedder:
    """The given embedder where MiniLM is what it asks (through any caches), else the MiniLM of the process's token
    encoder.
    """
    inner: Any = embedder
    while hasattr(inner, "inner"):
        inner = inner.inner
    if embedder is not None and inner.name == MODEL:
        return embedder
    own: Any = token_encoder(MODEL, "cpu", "float32").inner
    return own


class TokenReader:
    """Texts to :class:`Reading` by way of the process's token encoder, so that a text which BERTScore or similarity has
    met is not read again.

    Texts beyond the model's window (254 word pieces) are read in windows, none is cut.

    Args:
        encoder: another encoder than the process's own.
    """

    def __init__(self, encoder: Remembering | None = None) -> None:
        self._encoder = encoder

    def __call__(self, golds: Sequence[str], answers: Sequence[str]) -> Mapping[str, Reading]:
        encoder = self._encoder or token_encoder(MODEL, "cpu", "float32")
        return {text: _reading(states) for text, states in encoder.states(golds, answers).items()}


def _reading(states: TokenStates) -> Reading:
    """Without the special tokens."""
    pieces = tuple(piece for piece, own in zip(states.pieces, states.content, strict=True) if own)
    if states.sentence is None:
        raise ValueError(f"{MODEL} gave a text no sentence vector")
    return Reading(pieces, states.tokens[states.content], states.sentence)
