"""Preference memory: what somebody likes, said outright or shown by repetition (docs/memos.md C22).

A preference is a record (holder, topic, polarity). A repeat adds its source; the opposite replaces it, and the old one
is archived behind a ``contradicts`` edge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from memos.cube import MemCube, PlaintextPayload, Source, new_cube
from memos.cube.clock import Clock, Ids
from memos.language.words import stem, surface

_WHAT = r"(?:(?! (?:and|but|so|while|because) I\b)[^.,;!?])+"
"""A topic: up to the end of the clause, or to the next thing the speaker says of themselves."""
_NOT_SAID = re.compile(
    r"\b(?:if|whether|unless|until|says?|said|thinks?|thought|claims?|claimed|believes?)\s+(?:that\s+)?$", re.I
)
"""Before the "I": a condition, or somebody else's words."""
_NO_TOPIC = re.compile(
    r"(?:that|how|what|when|if|it when|who|to be honest|you to|you \w+ing)\b|"
    r"[\w' ]{1,30}\b(?:stored|saved|kept|remembered|recorded|memorised|noted|forgotten|deleted|erased)\b",
    re.I,
)
"""Beginnings of clauses that are no thing to like; what somebody wants kept or forgotten is none either."""
_FOR = r"(?:really |absolutely |generally |usually |always |now |still |just |do |also )*"
_LIKE = re.compile(
    rf"\bI {_FOR}(?:like|love|prefer|enjoy|adore)\b(?: to)? (?P<topic>{_WHAT})|"
    rf"\bI(?:'m| am) (?:really |so |totally )*(?:into|fond of|a (?:big |huge )?fan of) (?P<topic2>{_WHAT})|"
    rf"\b[Mm]y favou?rite (?P<slot>[\w ]+?) (?:is|are) (?P<topic3>{_WHAT})",
    re.I,
)
_DISLIKE = re.compile(
    rf"\bI {_FOR}(?:hate|dislike|can't stand|cannot stand|detest)\b(?: to)? (?P<topic>{_WHAT})|"
    rf"\bI (?:don't|do not|no longer|never) {_FOR}(?:like|love|enjoy|prefer|want)\b(?: to)? (?P<topic2>{_WHAT})|"
    rf"\bI(?:'m| am) (?:not|no longer) (?:really |so |that )*(?:into"
    rf"|fond of|a (?:big |huge )?fan of) (?P<topic3>{_WHAT})",
    re.I,
)
_CUT = re.compile(
    r"\b(?:because|since|when|but|and I|so I|anymore|any more|these days|now|too|as well|a lot|so much)\b.*$", re.I
)
_DID = re.compile(
    rf"\bI (?:went|go|played|play|cooked|cook|baked|bake|watched"
    rf"|watch|read|painted|paint|made|did|do)\b\s*(?P<topic>{_WHAT})",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Preference:
    """One preference found in a text."""

    holder: str
    topic: str
    likes: bool
    explicit: bool
    slot: str = ""
    """What it is the favourite of; one value a slot."""

    def text(self) -> str:
        """The preference as a sentence."""
        if self.slot:
            return f"{self.holder}'s favourite {self.slot} is {self.topic}."
        verb = "likes" if self.likes else "dislikes"
        return f"{self.holder} {verb if self.explicit else 'is often busy with'} {self.topic}."

    def key(self) -> str:
        """Equal for preferences on the same matter."""
        matter = self.slot or self.topic
        return f"{self.holder.lower()}\x1f{'slot' if self.slot else 'topic'}\x1f" + " ".join(
            sorted({stem(w) for w in surface(matter)})
        )


def explicit(text: str, holder: str) -> list[Preference]:
    """Preferences said outright in the first person."""
    if text.rstrip().endswith("?") and not re.search(r"[.!]", text):
        return []
    preferences = []
    taken: list[tuple[int, int]] = []
    for pattern, likes in ((_DISLIKE, False), (_LIKE, True)):
        for match in pattern.finditer(text):
            if any(a < match.end() and match.start() < b for a, b in taken) or _NOT_SAID.search(text[: match.start()]):
                continue
            groups = match.groupdict()
            topic = _CUT.sub("", next((groups[n] for n in ("topic", "topic2", "topic3") if groups.get(n)), "")).strip()
            if surface(topic) and not _NO_TOPIC.match(topic):
                taken.append(match.span())
                preferences.append(Preference(holder, topic, likes, True, (groups.get("slot") or "").strip().lower()))
    return preferences


def implicit(texts: Sequence[str], holder: str, least: int = 3) -> list[Preference]:
    """Things somebody mentions doing at least ``least`` times."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for text in texts:
        topics = {}
        for match in _DID.finditer(text):
            words = surface(_CUT.sub("", match["topic"]))
            if words:
                topics.setdefault(stem(words[0]), words[0])
        for term, word in topics.items():
            counts[term] += 1
            shown.setdefault(term, word)
    return [Preference(holder, shown[term], True, False) for term, count in sorted(counts.items()) if count >= least]


def cube_of(
    preference: Preference,
    *,
    owner: str,
    ids: Ids,
    clock: Clock,
    namespace: str = "default",
    sources: tuple[Source, ...] = (),
    said_at: str = "",
    derived_from: Sequence[str] = (),
) -> MemCube:
    """The preference as a cube of semantic type ``preference`` in the user tier."""
    record = {
        "holder": preference.holder,
        "topic": preference.topic,
        "likes": preference.likes,
        "explicit": preference.explicit,
        "slot": preference.slot,
        "key": preference.key(),
    }
    return new_cube(
        PlaintextPayload(preference.text(), form="record", record=record),
        owner=owner,
        ids=ids,
        clock=clock,
        governance={"namespace": namespace},
        derived_from=derived_from,
        tier="user",
        state="activated",
        origin="inference",
        semantic_type="preference",
        key=preference.key(),
        speaker=preference.holder,
        sources=sources,
        tags=("explicit" if preference.explicit else "implicit",),
        trigger="read:preference",
        attributes={"said_at": said_at} if said_at else {},
    )


def stands_to(old: MemCube, new: MemCube) -> str:
    """duplicate, contradiction or independent, from the two records."""
    a, b = getattr(old.payload, "record", {}), getattr(new.payload, "record", {})
    if not a or not b or a.get("key") != b.get("key"):
        return "independent"
    if a["slot"]:
        same = {stem(w) for w in surface(a["topic"])} == {stem(w) for w in surface(b["topic"])}
        return "duplicate" if same else "contradiction"
    return "duplicate" if a["likes"] == b["likes"] else "contradiction"
