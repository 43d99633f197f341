"""In which order steps run that need what others give (paper section 5.3: the scheduler orders a pipeline)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from memos.errors import ConfigError


def in_order(needs: Sequence[Collection[str]], gives: Sequence[str], what: str = "steps") -> list[int]:
    """Places of steps so that each comes after those that give what it needs; else as they stand.

    Args:
        needs: names that each step needs; one that no step gives is there from the beginning.
        gives: the name that each step gives; empty where it gives none. Of several that give one name, a step rests on
            the last before it, or on the first where all come after it.

    Raises:
        ConfigError: naming the steps that wait for one another.
    """
    before: list[set[int]] = []
    for place, names in enumerate(needs):
        rests_on: set[int] = set()
        for name in names:
            givers = [other for other, given in enumerate(gives) if given == name and other != place]
            earlier = [other for other in givers if other < place]
            rests_on |= {earlier[-1]} if earlier else set(givers[:1])
        before.append(rests_on)
    out: list[int] = []
    while len(out) < len(needs):
        ready = next((place for place in range(len(needs)) if place not in out and before[place] <= {*out}), None)
        if ready is None:
            stuck = ", ".join(str(place + 1) for place in range(len(needs)) if place not in out)
            raise ConfigError(f"{what}: steps {stuck} wait for one another")
        out.append(ready)
    return out
