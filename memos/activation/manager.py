"""Plaintext to activation and back (paper section 5.4.2; docs/memos.md#transformations): hot, stable memories become
one cache a user.

The scheduler's ``Promotion`` decides; this module builds, drops and accounts. A cache is good for one generation of the
vault: in another one, each memory in it is looked up before the cache is read, and what was changed, archived, erased,
has expired or may not be read any more is dropped with the states and files that hold it.
 Each user has windows, caches and times
of their own (docs/memos.md defect 10), and an unchanged hot set is built once (defect 9). Importing this module loads
torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos.activation import cache_files
from memos.activation.compose import Composer
from memos.activation.identity import predicted_bytes
from memos.activation.memory import KVMemory
from memos.activation.model import INSTRUCTIONS, ActivationModel
from memos.activation.pool import CachePool, Tier
from memos.cube import ActivationPayload, MemCube
from memos.errors import ConfigError
from memos.infrastructure.access import Caller, licensed_to
from memos.infrastructure.audit import AuditEntry
from memos.infrastructure.inheritance import end_of
from memos.infrastructure.licence import licence_of
from memos.infrastructure.vault import Is, readable_by
from memos.operation.scheduler import Promotion
from memos.operation.scheduler.promotion import HeatReading

if TYPE_CHECKING:
    from memos.infrastructure.vault import Vault


@dataclass(frozen=True, slots=True)
class CacheSource:
    """A memory as the manager needs it."""

    cube_id: str
    text: str
    heat: float
    """Decayed number of uses as of now."""
    digest: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What one step did."""

    promoted: tuple[str, ...] = ()
    demoted: tuple[tuple[str, str], ...] = ()
    """With the reason: cold, changed, gone or budget."""
    built_tokens: int = 0
    freed_bytes: int = 0
    """Measured bytes of caches dropped because of demotions."""


def source_of(cube: MemCube, now: datetime, half_life: float, text: str) -> CacheSource:
    """A plaintext cube's state as of now; its heat halves every ``half_life`` seconds after the last use."""
    use = cube.behavioural
    age = max((now - use.last_access).total_seconds(), 0.0) if use.last_access else 0.0
    return CacheSource(
        cube.cube_id, text, use.heat * 0.5 ** (age / half_life), use.content_digest, cube.descriptive.updated_at
    )


class ActivationManager:
    """Keeps each user's hot memories as one composed cache.

    Args:
        model: builds and reads the caches.
        vault: where decisions are logged, an entry a cube; None: nowhere.
        folder: where caches that no longer fit are kept; None: they are built anew.
    """

    @dataclass
    class Config:
        promotion: Promotion.Config = field(
            default_factory=Promotion.Config, metadata={"help": "when a memory is promoted"}
        )
        composer: Composer.Config = field(default_factory=Composer.Config, metadata={"help": "how memories are joined"})
        pool_bytes: int = field(default=1 << 30, metadata={"help": "bytes of all users' ready caches together"})
        heat_half_life: float = field(default=86_400.0, metadata={"help": "seconds in which heat halves"})

        def __post_init__(self) -> None:
            if self.pool_bytes <= 0 or self.heat_half_life <= 0:
                raise ConfigError("activation: pool_bytes and heat_half_life must be positive")

    def __init__(
        self,
        config: Config | None = None,
        *,
        model: ActivationModel,
        vault: Vault | None = None,
        folder: Path | None = None,
    ) -> None:
        self.config, self.model, self.vault = config or self.Config(), model, vault
        self.composer = Composer(self.config.composer, model=model)
        self.pool = CachePool([Tier(str(model.model.device), self.config.pool_bytes)], folder=folder)
        self._promotion: dict[str, Promotion] = {}
        self._hot: dict[str, dict[str, CacheSource]] = {}
        self._good: dict[str, tuple[int, float]] = {}
        """By user: the generation of the vault that the cache was last held against, and when its first memory ends."""
        self.builds: dict[str, int] = {}
        """Caches built for each user so far."""

    def hot(self, user: str) -> tuple[str, ...]:
        """Ids of the memories a user's cache holds, in its order; none that the vault has changed since."""
        self._check(user)
        return tuple(self._hot.get(user, {}))

    def _check(self, user: str) -> None:
        """Drop what a user's cache holds of memories that are not as they were, or not the user's to read."""
        hot = self._hot.get(user)
        if self.vault is None or not hot:
            return
        generation, now = self.vault.generation(user), self.vault.clock()
        if self._good.get(user) is not None:
            known, end = self._good[user]
            if generation == known and now.timestamp() < end:
                return
        caller = Caller(user)
        asked = self.vault.get_many(self.vault.find(Is("cube_id", *hot) & readable_by(self.vault, caller, now)))
        cubes = {cube.cube_id: cube for cube in asked if not licensed_to(caller, cube)}
        stale = [
            cube_id
            for cube_id, source in hot.items()
            if cube_id not in cubes or cubes[cube_id].behavioural.content_digest != source.digest
        ]
        if stale:
            self._drop(user, stale, now)
        ends = [end for cube in cubes.values() if (end := end_of(cube)) is not None]
        licences = [licence_of(cube.governance.licence) for cube in cubes.values() if cube.governance.owner != user]
        ends += [one.expires_at.timestamp() for one in licences if one.expires_at is not None]
        self._good[user] = (generation, min(ends, default=float("inf")))

    def _drop(self, user: str, cube_ids: Sequence[str], now: datetime) -> None:
        """Memories leave a user's cache at once; the rest is built again when it is read."""
        for cube_id in cube_ids:
            self._hot[user].pop(cube_id, None)
        if user in self._promotion:
            self._promotion[user].release(cube_ids)
        self.pool.drop(user)
        self.composer.forget()
        self._log(user, (), [(cube_id, "stale") for cube_id in cube_ids], now)

    def step(self, user: str, sources: Sequence[CacheSource], now: datetime) -> Changes:
        """One window: decide, drop what was demoted, build what changed.

        A promoted memory goes to the end, so that the states of those before it are used again.
        """
        promotion = self._promotion.setdefault(user, Promotion(self.config.promotion))
        known = {source.cube_id: source for source in sources}
        decided = promotion.step([self._reading(source) for source in sources], now)
        hot = self._hot.setdefault(user, {})
        if not decided.promote and not decided.demote:
            return Changes()
        for cube_id, _ in decided.demote:
            hot.pop(cube_id, None)
        hot.update({cube_id: known[cube_id] for cube_id in decided.promote})
        self._good.pop(user, None)
        if any(reason in ("changed", "gone") for _, reason in decided.demote):
            self.composer.forget()
        before = self.pool.drop(user)
        built = self._build(user) if hot else 0
        freed = max(0, before - (self._bytes(user) if hot else 0))
        self._log(user, decided.promote, decided.demote, now)
        return Changes(decided.promote, decided.demote, built, freed)

    def observe(
        self, user: str, cubes: Sequence[MemCube], now: datetime, text: Callable[[MemCube], str] | None = None
    ) -> Changes:
        """``step`` over plaintext cubes; other kinds are passed over. ``text`` renders a cube as the model reads it."""
        half = self.config.heat_half_life
        sources = [source_of(c, now, half, text(c) if text else c.text) for c in cubes if c.kind == "plaintext"]
        return self.step(user, sources, now)

    def memory(self, user: str) -> KVMemory | None:
        """A user's cache, ready to be read; None where nothing is hot. Rebuilt if it was evicted for good, or if a
        memory in it is not any more what it was."""
        self._check(user)
        if not self._hot.get(user):
            return None
        cache = self.pool.get(user, self.model.identity)
        if cache is None:
            self._build(user)
            cache = self.pool.get(user, self.model.identity)
        return cache

    def reply(self, user: str, message: str, lines: str = "", max_new: int = 256) -> str:
        """Answer on the user's cache.

        Args:
            message: what the user says.
            lines: further memories, none of which may be in the cache; they go before the message.
        """
        memory = self.memory(user)
        if memory is None:
            raise ConfigError(f"activation: user {user!r} has no cache; step() promotes memories first")
        query = f"Further notes from memory:\n{lines}\n\n{message}" if lines else message
        return self.model.decode(self.model.generate(memory, [query], max_new)[0])

    def payload(self, user: str, folder: Path, form: str = "bf16") -> ActivationPayload:
        """Write a user's cache and describe it as the payload of an activation cube (lineage: ``hot(user)``)."""
        memory = self.memory(user)
        if memory is None:
            raise ConfigError(f"activation: user {user!r} has no cache to store")
        stored, who = cache_files.save(memory, folder, form), memory.identity
        composition: Any = memory.composition
        return ActivationPayload(
            model=who.model,
            revision=who.revision,
            weights_digest=who.weights,
            dtype=who.dtype,
            tokenizer_digest=who.tokenizer,
            template_digest=who.template,
            file=stored.path.name,
            file_digest=stored.sha256,
            bytes=stored.file_bytes,
            token_ids=memory.states.ids,
            layers=len(memory.states.keys),
            composition=composition,
        )

    def forget(self, user: str) -> int:
        """Drop all of a user's caches and windows (erasure); returns the bytes freed."""
        self._promotion.pop(user, None)
        self._hot.pop(user, None)
        self._good.pop(user, None)
        self.composer.forget()
        return self.pool.drop(user)

    def _reading(self, source: CacheSource) -> HeatReading:
        tokens = len(self.model.tokenizer(source.text, add_special_tokens=False)["input_ids"]) + 1
        size = predicted_bytes(self.model.model.config, tokens, self.model.model.dtype.itemsize)
        return HeatReading(source.cube_id, source.heat, size, source.digest, source.changed_at)

    def _build(self, user: str) -> int:
        texts = [source.text for source in self._hot[user].values()]
        made = self.composer.compose(texts, instructions=INSTRUCTIONS)
        self.pool.put(user, made.memory)
        self.builds[user] = self.builds.get(user, 0) + 1
        return made.encoded

    def _bytes(self, user: str) -> int:
        cache = self.pool.get(user, self.model.identity)
        return 0 if cache is None else cache.nbytes

    def _log(self, user: str, promoted: Sequence[str], demoted: Sequence[tuple[str, str]], now: datetime) -> None:
        if self.vault is None:
            return
        moves = [(cube_id, "promote", "hot") for cube_id in promoted] + [(c, "demote", reason) for c, reason in demoted]
        for cube_id, operation, cause in moves:
            details = {"user": user, "form": "activation", "model": self.model.identity.model}
            self.vault.append_audit(
                AuditEntry(now, "scheduler", operation, cube_id, "plaintext", cause, details=details)
            )
