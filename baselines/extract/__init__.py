"""Extraction without a language model: sentence-level facts, entities, triples and contradictions by general English
rules.

Every memory method of this package can run on it (``extractor: rules``), so that a table of architectures can be made
without a key. It knows no data set: the word lists are function words, common verbs and the calendar.
"""

from baselines.extract.entities import entities, question_entities
from baselines.extract.facts import Fact, session_facts, turn_facts
from baselines.extract.relation import contradicts
from baselines.extract.triples import Triple, triples

__all__ = [
    "Fact",
    "Triple",
    "contradicts",
    "entities",
    "question_entities",
    "session_facts",
    "triples",
    "turn_facts",
]
