"""Invented memories and questions, and unit vectors in place of an embedding; everything follows from the seed."""

from __future__ import annotations

import random
import zlib

import numpy as np

DIM, K = 384, 10
COMMON = """the i to a and you it that of in is my for was so me with on we have but are be just they this at like your
really what do had did about how not can been all would there out has when from more one if will up or as an \
some them"""
"""Function words by falling frequency."""


class Fixed:
    """An embedder whose vectors are random, fixed by the batch of texts."""

    name, dim, max_tokens, pooled = "bench", DIM, 10_000, 0

    def encode(self, texts):
        seed = zlib.crc32("\0".join(texts).encode())
        matrix = np.random.default_rng(seed).standard_normal((len(texts), DIM), dtype=np.float32)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def vocabulary(rng: np.random.Generator, count: int = 20_000) -> tuple[list[str], np.ndarray]:
    """Invented content words with the probabilities of a natural text (Zipf-Mandelbrot)."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, size=size)) for size in rng.integers(4, 10, size=count)]
    weights = 1.0 / (np.arange(count) + 3.7)
    return words, weights / weights.sum()


def sentences(count: int, seed: int = 0) -> list[str]:
    """Utterances of 6 to 24 words, half of them English function words, as half of a conversation's words are."""
    rng = np.random.default_rng(seed)
    words, weights = vocabulary(rng)
    common = np.array(COMMON.split())
    often = 1.0 / (np.arange(len(common)) + 3.7)
    sizes = rng.integers(3, 13, size=count).tolist()
    content = iter(rng.choice(len(words), size=sum(sizes), p=weights).tolist())
    small = iter(rng.choice(common, size=sum(sizes), p=often / often.sum()).tolist())
    return [" ".join(f"{next(small)} {words[next(content)]}" for _ in range(size)) for size in sizes]


def questions(texts: list[str], count: int, seed: int = 1) -> list[str]:
    """Questions as long as people ask them: up to four content words of some memory amid function words."""
    rng = random.Random(seed)
    out = []
    for text in rng.sample(texts, min(count, len(texts))):
        content = text.split()[1::2]
        out.append("What did they do with the " + " and the ".join(rng.sample(content, min(4, len(content)))) + "?")
    return out
