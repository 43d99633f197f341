"""What a user wishes of memory is done, and said: forgotten, corrected, left out, asked back where it is not clear.

``MemOS.chat`` hands a message over with what the reader read in it (``memos.interface.intents``). No model is needed: a
memory is meant where its words cover those of the wish; where several are, or none says it outright, the user is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from memos.cube import MemCube
from memos.infrastructure.access import Caller
from memos.infrastructure.vault import Is, Vault, Where, readable_by
from memos.interface.intents import Wish
from memos.interface.intents.kinds import remembers
from memos.interface.intents.plain import plain
from memos.interface.reader import window
from memos.language.words import stem, surface
from memos.operation.inserted import Inserted
from memos.operation.operator import MemOperator

_SHOWN = 5
"""Memories a user is asked about at most."""
_OF_MEMORY = frozenset(
    map(
        stem,
        (
            "memory memories note notes entry entries record records thing things bit part fact facts story "
            "stories stuff data info information forget delete remove erase tell told say said mention "
            "mentioned know known save saved store stored keep kept remember remembered write wrote give "
            "gave please everything anything whatever detail details old wrong actually correct correction "
            "update change changed mean meant sorry mistake now anymore longer "
        ).split(),
    )
)
"""Words of a wish that no memory need hold."""
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|yup|sure|ok(?:ay)?|do (?:it|so|that)|go ahead|please do|correct|"
    r"right|exactly|confirm(?:ed)?|y)\b"
)
_ALL = re.compile(r"^\W*(?:all|both|all of (?:them|it|these)|each|every(?:thing| one)|the lot)\b")
_NONE = re.compile(
    r"^\W*(?:no(?:ne|pe)?|neither|nothing|never ?mind|cancel|stop|leave (?:it|them)|keep (?:it|them)|don't|n)\b"
)
_ORDINAL = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
}
_LASTS = re.compile(r"\b(?:the )?last(?: one)?\b")
_NOT_X = re.compile(
    r"\b(?:not|isn't|wasn't|aren't|weren't|(?:don't|doesn't) (?:live|work) (?:in|on|at|for)|instead of|"
    r"rather than|no longer(?: at| in| with)?|used to (?:be|live in|work at|have)|replace|any ?more at)\b "
    r"(?P<old>[^,.;!?]+)"
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a user was asked, until the next message."""

    options: tuple[tuple[str, ...], ...]
    """Ids of what each number stands for."""
    erase: bool
    whole: bool = False
    """Whether all of it was asked about, to be confirmed by a yes."""
    winner: str = ""
    """correct: the newer memory; empty where the wish is to forget."""


class Wishes:
    """Does what users wish of their memories in one vault."""

    def __init__(
        self,
        *,
        vault: Vault,
        operator: Callable[[str], MemOperator],
        forget: Callable[..., Sequence[str]],
    ) -> None:
        """
        Args:
            operator: gives the operator of a user's memories.
            forget: ``MemOS.forget``: takes memories out with what was made from them.
        """
        self.vault, self.operator, self._forget = vault, operator, forget
        self._asked: dict[str, _Asked] = {}

    # -- asked back --------------------------------------------------------------------------------------------
    def answered(self, user: str, message: str) -> str | None:
        """What follows from a user's reply to a question of ours; None where there is none, or it is no reply to it."""
        asked = self._asked.pop(user, None)
        if asked is None:
            return None
        said = plain(message)
        if _NONE.match(said):
            return "All right, nothing was changed."
        chosen = self._chosen(asked, said)
        if not chosen:
            return None
        ids = [cube_id for option in chosen for cube_id in option]
        there = self.vault.find(Is("cube_id", *ids), namespaces=[user])
        if asked.winner:
            return self._supersede(user, asked.winner, self.vault.get_many(there))
        return self._gone(user, self.vault.get_many(there), asked.erase)

    def _chosen(self, asked: _Asked, said: str) -> tuple[tuple[str, ...], ...]:
        if _YES.match(said):
            return asked.options if asked.whole or len(asked.options) == 1 else ()
        if asked.whole:
            return ()
        if _ALL.match(said):
            return asked.options
        numbers = [int(number) for number in re.findall(r"\b\d+\b", said)]
        spelt = re.findall(r"[a-z]+", re.sub(r"\b(\w+(?:st|nd|rd|th)) ones?\b", r"\1", said))
        numbers += [_ORDINAL[word] for word in spelt if word in _ORDINAL and not numbers]
        if not numbers and _LASTS.search(said):
            numbers = [len(asked.options)]
        if len(said.split()) > 8 or not all(1 <= number <= len(asked.options) for number in numbers):
            return ()
        return tuple(asked.options[number - 1] for number in dict.fromkeys(numbers))

    # -- forgetting --------------------------------------------------------------------------------------------
    def forget(self, user: str, message: str, wish: Wish, now: datetime) -> str:
        """Forget what is meant, or ask which; gives what was done in words."""
        if wish.reach == "all":
            rights = readable_by(self.vault, Caller(user), self.vault.clock())
            ids = self.vault.find(Is("owner", user) & rights, namespaces=[user])
            if not ids:
                return "There is nothing in memory to forget."
            self._asked[user] = _Asked((tuple(ids),), wish.erase, whole=True)
            how = "erase for good" if wish.erase else "forget"
            return f"Do you want me to {how} everything, {_count(len(ids))} in all? Answer yes or no."
        if wish.reach == "last":
            last = self._last(user)
            return "There is nothing in memory to forget." if last is None else self._gone(user, [last], wish.erase)
        words = _matter(wish.subject)
        span = window(message, now)
        if wish.reach == "many" and span is not None:
            cubes = self._said_in(user, span.start, span.end)
            words = {word for word in words if any(word in _words(cube) for cube in cubes)}
            return self._gone(user, [cube for cube in cubes if words <= _words(cube)], wish.erase)
        if not words:
            return "What should I forget? Name it in a word or two."
        cubes = self._candidates(user, wish.subject)
        full = [cube for cube in cubes if words <= _words(cube)]
        if wish.reach == "many" and full:
            return self._gone(user, full, wish.erase)
        if len(full) == 1:
            return self._gone(user, full, wish.erase)
        partly = [cube for cube in cubes if len(words & _words(cube)) * 2 >= len(words)]
        return self._ask(user, full or partly or cubes[:3], wish.erase, sure=bool(full))

    def _mine(self, user: str) -> Where:
        """The user's own texts, where they may be read in a chat."""
        return Is("owner", user) & Is("kind", "plaintext") & readable_by(self.vault, Caller(user), self.vault.clock())

    def _candidates(self, user: str, subject: str) -> list[MemCube]:
        """Live memories of the user that a subject may mean, best first; what was made from one goes with it."""
        mine = self._mine(user)
        hits = self.operator(user).search(subject, 20, caller=Caller(user), where=mine)
        ids = list(dict.fromkeys(unit.unit_id for hit in hits for unit in hit.units))
        ids += [one.cube_id for one in self.vault.keyword(subject, 50, where=mine, namespaces=[user])]
        return _heads(self.vault.get_many(list(dict.fromkeys(ids))))

    def _said_in(self, user: str, start: datetime | None, end: datetime | None) -> list[MemCube]:
        cubes = self.vault.get_many(self.vault.find(self._mine(user), namespaces=[user]))
        out = []
        for cube in cubes:
            stated = cube.descriptive.attributes.get("said_at")
            at = datetime.fromisoformat(str(stated)) if stated else cube.descriptive.created_at
            plain_at = at.replace(tzinfo=None)
            if (start is None or plain_at >= start) and (end is None or plain_at < end):
                out.append(cube)
        return _heads(out)

    def _last(self, user: str) -> MemCube | None:
        ids = self.vault.find(self._mine(user), namespaces=[user], order=("-id",), limit=20)
        return next((cube for cube in self.vault.get_many(ids) if not cube.parents), None)

    def _ask(self, user: str, cubes: Sequence[MemCube], erase: bool, sure: bool) -> str:
        shown = cubes[:_SHOWN]
        if not shown:
            return "I find nothing about that in memory."
        self._asked[user] = _Asked(tuple((cube.cube_id,) for cube in shown), erase)
        lines = "\n".join(f"{number}. {cube.text}" for number, cube in enumerate(shown, 1))
        head = "Which of these do you mean?" if sure else "I am not sure what you mean. One of these?"
        return f"{head} Answer with a number, all or none.\n{lines}"

    def _gone(self, user: str, cubes: Sequence[MemCube], erase: bool) -> str:
        if not cubes:
            return "I find nothing about that in memory."
        texts = [cube.text for cube in cubes[:_SHOWN]]
        gone = self._forget([cube.cube_id for cube in cubes], user=user, erase=erase)
        if erase:
            return f"Erased for good: {_count(len(gone))}."
        rest = f" and {len(cubes) - len(texts)} more" if len(cubes) > len(texts) else ""
        return "Forgotten (archived; it can be restored): " + "; ".join(f"“{text}”" for text in texts) + rest + "."

    # -- correcting --------------------------------------------------------------------------------------------
    def correct(self, user: str, message: str, stored: Inserted) -> str:
        """Let a correction that was stored take the place of what it corrects; gives what was done, or a question.

        Empty where nothing in memory says otherwise.
        """
        if stored.status == "replaced":
            return _corrected([self.vault.get(stored.other)])
        if stored.status != "added":
            return ""
        made = stored.cube_id
        old = _NOT_X.search(plain(message))
        wrong = _matter(old["old"]) if old else set()
        words = _matter(message) - wrong
        others = [cube for cube in self._candidates(user, message) if cube.cube_id != made]
        if wrong:
            meant = [cube for cube in others if wrong <= _words(cube)]
            near = [cube for cube in meant if words & _words(cube)]
            meant = near or meant
        else:
            shares = {cube.cube_id: len(words & _words(cube)) for cube in others}
            best = max(shares.values(), default=0)
            meant = [cube for cube in others if shares[cube.cube_id] == best >= 2]
        if not meant:
            return ""
        if len(meant) == 1:
            return self._supersede(user, made, meant)
        shown = meant[:_SHOWN]
        self._asked[user] = _Asked(tuple((cube.cube_id,) for cube in shown), False, winner=made)
        lines = "\n".join(f"{number}. {cube.text}" for number, cube in enumerate(shown, 1))
        return f"Which of these does that correct? Answer with a number, all or none.\n{lines}"

    def _supersede(self, user: str, winner: str, losers: Sequence[MemCube]) -> str:
        for loser in losers:
            self.operator(user).supersede(self.vault.get(winner), loser, actor=user)
        return _corrected(losers)

    # -- leaving out -------------------------------------------------------------------------------------------
    @staticmethod
    def still_told(message: str) -> list[str]:
        """Sentences of a message that is not to be stored which are to be remembered all the same, in so many words."""
        pieces = re.split(r"(?<=[.!?;])\s+|,?\s+\bbut\b\s+", message)
        return [
            one for one in pieces if remembers(plain(one)) and not re.search(r"\b(?:not|never|\w+n't)\b", plain(one))
        ]


def _corrected(losers: Sequence[MemCube]) -> str:
    return "Corrected; no longer held true: " + "; ".join(f"“{loser.text}”" for loser in losers) + "."


def _heads(cubes: Sequence[MemCube]) -> list[MemCube]:
    """Memories without those made from another one of the list: they follow it."""
    ids = {cube.cube_id for cube in cubes}
    return [cube for cube in cubes if not ids & set(cube.parents)]


def _matter(text: str) -> set[str]:
    return {stem(word) for word in surface(text)} - _OF_MEMORY


def _words(cube: MemCube) -> set[str]:
    head = cube.descriptive
    return {
        stem(word) for word in surface(" ".join((cube.text, head.key.replace("\x1f", " "), *head.tags, *head.entities)))
    }


def _count(number: int) -> str:
    return f"{number} {'memory' if number == 1 else 'memories'}"
