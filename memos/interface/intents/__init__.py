"""What somebody wishes of memory itself: to forget, to keep, to leave something out (docs/memos.md#intents)."""

from memos.interface.intents.wishes import Wish, wish_of

__all__ = ["Wish", "wish_of"]
