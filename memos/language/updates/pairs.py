"""Features of two statements, each with a meaning a reader can check; the judge weighs them."""

from __future__ import annotations

from memos.language.updates.owners import agree
from memos.language.updates.reading import Statement, other_kind
from memos.language.updates.slots import AttributeValue
from memos.language.updates.words_of import GROUPS

UPDATE_FEATURES = (
    "bias",
    "cosine",
    "old_kept",
    "topic_shared",
    "ends_topic",
    "ends_other",
    "ends_field",
    "leaves_field",
    "changes_field",
    "changes_topic",
    "changes_other",
    "slot_differs",
    "sure_slot_differs",
    "slot_and_change",
    "corrects_shared",
    "denies_now",
    "denies_all",
    "now_true",
    "liking_flips",
    "number_changes",
    "plan_dropped",
    "adds",
    "past",
    "brief",
    "happened",
)
LONGEST_OLD, LONGEST_NEW = 12, 16
"""Distinct words of sentences that may be an attribute and its update; longer ones are talk and say much at once."""
SAME_FEATURES = (
    "bias",
    "cosine",
    "new_known",
    "old_kept",
    "difference",
    "same_owner",
    "slot_same",
    "fresh_number",
    "cue",
)


def barred(old: Statement, new: Statement) -> str:
    """Why a new statement cannot outdate an old one, whatever else they share; empty where it may."""
    if not agree(old.owners, new.owners, old.words):
        return "owner"
    if len(old.words) > LONGEST_OLD or len(new.words) > LONGEST_NEW:
        return "talk"
    if new.asks or old.asks:
        return "question"
    if new.quotes or old.quotes:
        return "quotation"
    if new.agrees and not new.changes:
        return "agrees"
    if new.wishes and not old.plans and not new.corrects:
        return "plan"
    if old.denies and new.ends and not old.liking:
        return "agrees"
    if _still_so(old, new):
        return "agrees"
    if _other_attribute(old, new) and not new.ends:
        return "attribute"
    if other_kind(old, new, old.topics & new.topics):
        return "object"
    if new.past and not (new.ends and (old.topics & new.topics or _named(old, new))) and not new.corrects:
        return "past"
    if old.happened and not new.corrects and not old.plans and not _sure(old, new):
        return "event"
    return ""


def _differing(old: Statement, new: Statement) -> list[AttributeValue]:
    """Slots of the new statement to which the old one gives another value of the same kind."""
    return [
        b
        for a in old.slots
        for b in new.slots
        if (a.name <= b.name or b.name <= a.name)
        and a.kind == b.kind
        and (a.sure or a.kind != "word")
        and a.value - b.value
        and b.value - a.value
    ]


def _still_so(old: Statement, new: Statement) -> bool:
    """Whether the new statement names all that the old one speaks of and ends none of it: ``moved to Ghent``, ``live in
    Ghent now``."""
    against = new.ends or new.leaves or new.denies or new.corrects or old.denies or old.plans or old.asks
    other = old.numbers - new.numbers or _differing(old, new) or old.liking * new.liking < 0
    return bool(old.topics) and old.topics <= new.topics and not (against or other)


def _other_attribute(old: Statement, new: Statement) -> bool:
    """Whether each gives a value to an attribute that the other does not name: locker code, bike lock code."""
    return any(
        a.kind == b.kind and a.name & b.name and a.name - b.name and b.name - a.name
        for a in old.slots
        for b in new.slots
    )


def _named(old: Statement, new: Statement) -> frozenset[str]:
    """Who is the subject of the new statement and only mentioned in the old one: ``a cat called Nero``, ``Nero``."""
    heads = {path[0] for path in new.owners} - {path[0] for path in old.owners}
    return frozenset(head for head in heads if head in old.words)


def _sure(old: Statement, new: Statement) -> bool:
    return any(slot.sure for slot in _differing(old, new))


def update_features(old: Statement, new: Statement, cosine: float) -> dict[str, float]:
    """What speaks for and against the new statement outdating the old one; see ``UPDATE_FEATURES``."""
    topics = (old.topics & new.topics) | _named(old, new)
    fields = old.fields & new.fields
    differing = _differing(old, new)
    kept = len(old.stems & new.stems) / max(len(old.stems), 1)
    shared = float(bool(topics))
    flipped = new.denies != old.denies and not new.agrees and not old.liking == new.liking == -1
    grouped = bool(fields & {"home", "job", "relationship"}) or any(GROUPS.search(topic) for topic in topics)
    return {
        "bias": 1.0,
        "cosine": cosine,
        "old_kept": kept,
        "topic_shared": shared,
        "ends_topic": float((new.ends_all and bool(topics)) or bool(new.ended & topics)),
        "ends_other": float(new.ends and not new.ends_all and bool(topics) and not new.ended & topics),
        "ends_field": float(bool(new.ended_fields & fields)),
        "leaves_field": float(new.leaves and grouped and bool(topics | fields)),
        "changes_field": float(bool(new.changed_fields & fields)),
        "changes_topic": float((new.changes_all and bool(topics)) or bool(new.changed & topics)),
        "changes_other": float(new.changes and not new.changes_all and bool(topics) and not new.changed & topics),
        "slot_differs": float(bool(differing)),
        "sure_slot_differs": float(any(slot.sure for slot in differing)),
        "slot_and_change": float(bool(differing) and (new.changes or new.corrects)),
        "corrects_shared": float(new.corrects and (kept >= 0.3 or bool(topics))),
        "denies_now": float(flipped and kept >= 0.5),
        "denies_all": float(flipped and kept >= 0.99 and len(new.stems - old.stems) <= 1),
        "now_true": float(old.denies and not new.denies and bool(topics) and (new.changes or new.adds)),
        "liking_flips": float(old.liking * new.liking < 0 and bool(topics) and not new.agrees),
        "number_changes": float(
            bool(old.numbers - new.numbers) and bool(new.numbers - old.numbers) and bool(topics) and new.changes
        ),
        "plan_dropped": float(old.plans and (new.ends or new.denies or new.corrects) and bool(topics)),
        "adds": float(new.adds),
        "past": float(new.past),
        "brief": float(new.brief),
        "happened": float(new.happened),
    }


def same_features(old: Statement, new: Statement, cosine: float) -> dict[str, float]:
    """What speaks for and against the new statement saying the same; see ``SAME_FEATURES``."""
    both, either = old.stems & new.stems, old.stems | new.stems
    agreeing = any(a.name == b.name and a.value == b.value for a in old.slots for b in new.slots)
    return {
        "bias": 1.0,
        "cosine": cosine,
        "new_known": len(both) / max(len(new.stems), 1),
        "old_kept": len(both) / max(len(old.stems), 1),
        "difference": float(len(either) - len(both)),
        "same_owner": float(bool(set(old.owners) & set(new.owners)) or old.owners == new.owners),
        "slot_same": float(agreeing),
        "fresh_number": float(bool(new.numbers - old.numbers)),
        "cue": float(new.ends or new.changes or new.corrects or new.adds or new.past),
    }


def unlike(old: Statement, new: Statement) -> bool:
    """Whether two statements cannot say the same: another owner, mood, polarity, time or number."""
    return (
        not agree(old.owners, new.owners, old.words)
        or not agree(new.owners, old.owners, new.words)
        or (old.asks, old.quotes, old.plans, old.past) != (new.asks, new.quotes, new.plans, new.past)
        or bool(new.numbers - old.numbers and old.numbers - new.numbers)
        or new.agrees
        or old.denies != new.denies
        and not old.liking == new.liking == -1
        and "vegetarian" not in (old.words | new.words)
        or old.liking * new.liking < 0
        or new.ends
        and not old.ends
    )
