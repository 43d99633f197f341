"""The point of comparison: scoring one pair at a time with the reference libraries, as public harnesses do.

Used by ``scripts/bench_scoring.py`` and by the tests that hold our batched values against the libraries'. Definitions:
docs/protocol.md#metrics; the public MemOS evaluation tokenises both sides, then calls nltk and rouge_score once a pair,
encodes two texts a pair for the similarity, and runs BERTScore on one pair a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, cast

from eval.core.resources import wordnet
from eval.metrics.encoders import MINILM

BLEU_WEIGHTS = ((1, 0, 0, 0), (0.5, 0.5, 0, 0), (0.33, 0.33, 0.33, 0), (0.25, 0.25, 0.25, 0.25))
LEXICAL = ("f1_memos", "rouge1", "rouge2", "rougeL", "bleu1", "bleu2", "bleu3", "bleu4", "meteor")


@lru_cache(maxsize=1)
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)


def lexical_pair(gold: str, answer: str) -> dict[str, float]:
    """The nine lexical values of one pair from nltk and rouge_score."""
    from nltk import word_tokenize
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    from nltk.translate.meteor_score import meteor_score

    from memos.resources import add_nltk_root

    add_nltk_root()
    want, have = word_tokenize(gold.lower()), word_tokenize(answer.lower())
    common = len(set(want) & set(have))
    out = {"f1_memos": 0.0}
    if common:
        precision, recall = common / len(set(have)), common / len(set(want))
        out["f1_memos"] = 2 * precision * recall / (precision + recall)
    out.update((name, float(score.fmeasure)) for name, score in _rouge().score(gold, answer).items())
    smooth = SmoothingFunction().method1
    for n, weights in enumerate(BLEU_WEIGHTS, start=1):
        out[f"bleu{n}"] = float(cast(float, sentence_bleu([want], have, weights=weights, smoothing_function=smooth)))
    out["meteor"] = float(meteor_score([want], have, wordnet=wordnet()))
    return out


class SemanticPeer:
    """Similarity with two encodes a pair and BERTScore with one pair a call, both on MiniLM, models kept in memory."""

    def __init__(self) -> None:
        import torch

        from memos.embed.minilm import _model_folder

        transformers: Any = import_module("transformers")
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        self._torch = torch
        self._tokenizer = transformers.BertTokenizerFast.from_pretrained(str(_model_folder()))
        self._model = transformers.BertModel.from_pretrained(str(_model_folder()), add_pooling_layer=False).eval()
        self.name = MINILM

    def _states(self, texts: list[str]) -> tuple[Any, Mapping[str, Any]]:
        batch = self._tokenizer(texts, padding=True, return_tensors="pt")
        with self._torch.inference_mode():
            return self._model(**batch).last_hidden_state, batch

    def similarity(self, gold: str, answer: str) -> float:
        """Cosine of two separately encoded texts."""
        vectors = [self._states([text])[0][0].mean(0) for text in (gold, answer)]
        return float(self._torch.nn.functional.cosine_similarity(vectors[0], vectors[1], dim=0))

    def bertscore(self, gold: str, answer: str) -> float:
        """``bert_score``'s F1 of one pair: no idf, special tokens weigh 0, last layer, not rescaled."""
        torch = self._torch
        sides = []
        for text in (gold, answer):
            hidden, batch = self._states([text.strip()])
            weights = torch.ones(hidden.shape[1])
            ids = batch["input_ids"][0]
            weights[(ids == self._tokenizer.cls_token_id) | (ids == self._tokenizer.sep_token_id)] = 0
            sides.append((hidden[0] / hidden[0].norm(dim=-1, keepdim=True), weights))
        (want, want_weights), (have, have_weights) = sides
        if not want_weights.any() or not have_weights.any():
            return 0.0
        cosines = have @ want.T
        precision = (cosines.max(1).values * have_weights / have_weights.sum()).sum()
        recall = (cosines.max(0).values * want_weights / want_weights.sum()).sum()
        return float(2 * precision * recall / (precision + recall))
