"""A long text in chunks of whole sentences, as the benchmark feeds it."""

from __future__ import annotations

from memos import tokens


def chunks(text: str, size: int) -> list[str]:
    """The text cut at sentences into pieces of at most ``size`` tokens (cl100k); a longer sentence stands alone.

    Nothing is lost: the pieces joined are the text, but for white space at their ends.
    """
    starts, at = [], 0
    sentences = tokens.sentences(text)
    for sentence in sentences:
        at = text.index(sentence, at)
        starts.append(at)
        at += len(sentence)
    cuts, held = [0], 0
    for start, length in zip(starts, tokens.count_tokens_batch(sentences), strict=True):
        if held and held + length > size:
            cuts.append(start)
            held = 0
        held += length
    ends = [*cuts[1:], len(text)]
    return [piece for start, end in zip(cuts, ends, strict=True) if (piece := text[start:end].strip())]
