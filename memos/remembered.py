"""What was made of an object, kept by the object itself, for objects whose equality is dear or that have no hash."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Source = TypeVar("Source")
Made = TypeVar("Made")


class Remembered(Generic[Source, Made]):
    """A function of objects that nobody changes, which is not computed again for the latest of them.

    Two objects count as one only where they are the same object. Threads may share it.

    Args:
        make: the function.
        most: objects that are kept, each with what was made of it.
    """

    def __init__(self, make: Callable[[Source], Made], most: int) -> None:
        self._make, self._most = make, most
        self._known: OrderedDict[int, tuple[Source, Made]] = OrderedDict()
        """The object lies beside the result, so that its number is no other object's meanwhile."""
        self._lock = Lock()

    def __call__(self, source: Source) -> Made:
        with self._lock:
            known = self._known.get(id(source))
        if known is not None:
            return known[1]
        made = self._make(source)
        with self._lock:
            self._known[id(source)] = (source, made)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return made
