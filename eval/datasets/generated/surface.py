"""From planned tellings to turns: each telling becomes an exchange, with reactions, questions and answers around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eval.datasets.generated import chatter, talk
from eval.datasets.generated.colour import COLOUR
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.grammar import fill, in_person, sentence
from eval.datasets.generated.kinds.schema import Slot
from eval.datasets.generated.pools import with_article
from eval.datasets.generated.records import GeneratedSession, GeneratedTurn, Person, Telling
from eval.datasets.generated.strangers import stranger_tellings
from eval.datasets.generated.world import EVENT, STATE, TASTE, TRAIT, World, slots_of

Evidence = dict[tuple[int, str], tuple[str, ...]]
"""Fact id and slot (``o``, further slots, ``when``) to the turns that say it."""

_WHOLE = ("guess", "don't laugh", "what a", "look at", "there's one", "it had to")
"""Tellings that open a turn by themselves."""


@dataclass
class Scene:
    """The session that is being written."""

    number: int
    draw: Draw
    turns: list[GeneratedTurn] = field(default_factory=list)
    recalled: list[int] = field(default_factory=list)
    """Facts that were asked after in this session."""
    weather: bool = False
    """Whether the weather has been talked about."""

    def say(self, speaker: str, text: str) -> str:
        """Add a turn; returns its id."""
        turn_id = f"D{self.number}:{len(self.turns) + 1}"
        self.turns.append(GeneratedTurn(turn_id, speaker, text))
        return turn_id

    def line(self, templates: Sequence[str], slots: dict[str, str] | None = None, end: str = ".") -> str:
        """A sentence from one of some templates."""
        return sentence(in_person(fill(self.draw.pick(templates), slots or {}, self.draw)), end)


class Writer:
    """Writes the sessions of a world one after the other and keeps which turns say what."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.evidence: Evidence = {}
        self._name = name
        self._planned: dict[int, list[Telling]] = {}
        for telling in world.tellings:
            self._planned.setdefault(telling.session, []).append(telling)
        self._known: list[tuple[Telling, int]] = []
        self._recent: list[int] = []

    def session(self, index: int) -> GeneratedSession:
        """Write session ``index`` (from 0). Sessions must be asked for in their order."""
        draw = Draw(self._name, "session", index)
        scene = Scene(index + 1, draw)
        tellings = draw.shuffled(self._planned.get(index, []) + stranger_tellings(self.world, index, draw))
        tellings.sort(key=lambda telling: telling.act != "introduce")
        first, second = draw.sample([speaker.name for speaker in self.world.speakers], 2)
        greetings, returns = draw.pick(talk.GREETINGS)
        scene.say(first, scene.line(greetings, {"other": second}))
        scene.say(second, scene.line(returns, {"other": first}))
        for telling in self._with_chatter(scene, tellings, (first, second)):
            self._tell(scene, telling)
        first, second = draw.sample((first, second), 2)
        scene.say(first, scene.line(talk.FAREWELLS, {"other": second}))
        scene.say(second, scene.line(talk.LAST_WORDS, {"other": first}))
        self._known += [(telling, index) for telling in tellings if telling.fact.fact_id >= 0]
        return GeneratedSession(index + 1, self.world.times[index], tuple(scene.turns))

    def _with_chatter(self, scene: Scene, tellings: list[Telling], pair: tuple[str, str]):
        """The tellings in order, with chatter written before, between and after them."""
        noise = self.world.knobs.noise
        amount = noise / (1 - noise) * max(1, len(tellings))
        count = int(amount) + scene.draw.chance(amount - int(amount))
        gaps = [scene.draw.below(len(tellings) + 1) for _ in range(count)]
        for place in range(len(tellings) + 1):
            for _ in range(gaps.count(place)):
                self._chat(scene, pair)
            if place < len(tellings):
                yield tellings[place]

    def _chat(self, scene: Scene, pair: tuple[str, str]) -> None:
        draw = scene.draw
        one, other = draw.sample(pair, 2)
        if scene.turns[-1].speaker == one and draw.chance(0.85):
            one, other = other, one
        current = [t for t, _ in self._known[-80:] if t.fact.subject.name == other and self._goes_on(t)]
        current = [t for t in current if t.fact.fact_id not in scene.recalled]
        if current and len(scene.recalled) < 2 and draw.chance(0.3):
            telling = draw.pick(current)
            scene.recalled.append(telling.fact.fact_id)
            kind = EVENT.get(telling.fact.kind) or STATE[telling.fact.kind]
            ask, answer = draw.pick(kind.callbacks)
            scene.say(one, scene.line((ask,), slots_of(telling.fact)))
            scene.say(other, self._padded(scene, scene.line((answer,), slots_of(telling.fact)), 0.2, chatter.FILLERS))
            return
        weather = chatter.WEATHER[chatter.season(self.world.times[scene.number - 1].date())]
        outside = not scene.weather and draw.chance(0.1)
        scene.weather |= outside
        opening, reply, last = weather if outside else self._topic(draw)
        scene.say(one, self._padded(scene, scene.line((opening,)), 0.25, chatter.FILLERS))
        scene.say(other, self._padded(scene, scene.line((reply,)), 0.2, chatter.ANSWERS, before=True))
        if draw.chance(0.7):
            scene.say(one, self._padded(scene, scene.line((last,)), 0.15, chatter.FILLERS))

    def _topic(self, draw: Draw) -> tuple[str, str, str]:
        """A topic that has not come up lately."""
        fresh = [index for index in range(len(chatter.TOPICS)) if index not in self._recent]
        index = draw.pick(fresh)
        self._recent = [*self._recent[-20:], index]
        return chatter.TOPICS[index]

    def _goes_on(self, telling: Telling) -> bool:
        """Whether one may ask how it is going: told already, and still so."""
        kind = EVENT.get(telling.fact.kind) or STATE.get(telling.fact.kind)
        ended = telling.fact.end is not None or (telling.wrong or ("", ""))[0] == "o"
        return kind is not None and bool(kind.callbacks) and not ended

    def _padded(self, scene: Scene, text: str, share: float, pads: Sequence[str], *, before: bool = False) -> str:
        if not scene.draw.chance(share):
            return text
        pad = scene.line(pads)
        return f"{pad} {text}" if before else f"{text} {pad}"

    def _tell(self, scene: Scene, telling: Telling) -> None:
        if telling.act == "introduce":
            self._introduce(scene, telling)
        elif telling.act == "correct":
            self._correct(scene, telling)
        else:
            self._tell_fact(scene, telling)

    def _introduce(self, scene: Scene, telling: Telling) -> None:
        person = telling.fact.subject
        slots = {"relation": person.relation, "full": person.full, "short": person.name}
        slots["them"], slots["they"] = ("her", "she") if person.gender == "f" else ("him", "he")
        text = scene.line(talk.INTRODUCTIONS, slots)
        if person.full != person.name:
            text += " " + scene.line(talk.NICKNAMES, slots)
        turn_id = scene.say(telling.teller, text)
        self.evidence[telling.fact.fact_id, "o"] = (turn_id,)
        scene.say(telling.listener, scene.line(talk.REACTIONS["plain"]))

    def _correct(self, scene: Scene, telling: Telling) -> None:
        fact = telling.fact
        slot, wrong = telling.wrong or ("", "")
        kind = EVENT.get(fact.kind) or STATE[fact.kind]
        template = getattr(kind, "fix", "") if slot == "o" else next(s.fix for s in kind.slots if s.name == slot)
        right = fact[slot]
        slots = {"right": right, "wrong": wrong, "a_right": with_article(right), "a_wrong": with_article(wrong)}
        fix = in_person(template.format_map({**slots_of(fact), **slots}))
        turn_id = scene.say(telling.teller, scene.line(talk.CORRECTIONS, {"fix": fix}))
        self.evidence[fact.fact_id, slot] = (turn_id,)
        scene.say(telling.listener, scene.line(talk.FORGIVEN))

    def _tell_fact(self, scene: Scene, telling: Telling) -> None:
        draw = scene.draw
        fact, mood, templates = telling.fact, *_texts(telling)
        about = None if fact.subject.name == telling.teller else fact.subject
        slots = slots_of(fact) | {"when": telling.when}
        if telling.wrong:
            slots["old" if telling.act == "switch" else telling.wrong[0]] = telling.wrong[1]
            slots |= {f"a_{slot}": with_article(slots[slot]) for slot, _ in fact.slots}
        if scene.turns[-1].speaker == telling.teller and draw.chance(0.7):
            scene.say(telling.listener, scene.line(talk.PROMPTS))
        turn_id = scene.say(telling.teller, self._telling_turn(scene, telling, about, mood, templates, slots))
        self._note(telling, (turn_id,), [s for s, _ in fact.slots if s not in telling.followups])
        for slot in _asked(telling):
            reaction = self._reaction(scene, mood, about, telling) if draw.chance(0.7) else ""
            ask = sentence(in_person(fill(slot.ask, slots, draw), *_who(about), named=True), "?")
            scene.say(telling.listener, f"{reaction} {ask}".strip())
            answer = sentence(in_person(fill(slot.answer, slots, draw), *_who(about), named=True))
            answer_id = scene.say(telling.teller, answer)
            self._note(telling, (turn_id, answer_id), [slot.name])
        self._round_off(scene, telling, mood, about)

    def _telling_turn(
        self, scene: Scene, telling: Telling, about: Person | None, mood: str, templates: Sequence[str], slots: dict[str, str]
    ) -> str:
        draw = scene.draw
        core = fill(draw.pick(templates), slots, draw)
        if about is None:
            opener = "" if core.startswith(_WHOLE) else fill(draw.pick(talk.OPENERS[talk.MOODS.get(mood, mood)]), slots, draw)
        else:
            opener = fill(draw.pick(_frames(telling, about)), {"short": about.name, "relation": about.relation}, draw)
        if opener.endswith(": ") and ": " in core:
            opener = ""
        guests = [slot.name for slot in getattr(EVENT.get(telling.fact.kind), "slots", ()) if slot.person and not slot.ask]
        mentioned = about is not None and about.name in opener and not guests
        text = sentence(opener + in_person(core, *_who(about), named=mentioned), "!" if mood in ("glad", "proud") and draw.chance(0.3) else ".")
        colours = COLOUR.get(telling.fact.kind) or COLOUR.get(telling.act)
        if colours and draw.chance(0.75):
            name, gender = _who(about)
            first = name.split()[0] if name else None
            text += " " + sentence(in_person(fill(draw.pick(colours), slots, draw), first, gender, named=not guests))
        if about is None and draw.chance(0.3):
            text += " " + scene.line(talk.TAILS[talk.MOODS.get(mood, mood)])
        return text

    def _round_off(self, scene: Scene, telling: Telling, mood: str, about: Person | None) -> None:
        draw = scene.draw
        if not telling.followups or draw.chance(0.5):
            reaction = self._reaction(scene, mood, about, telling)
            if about is None and telling.act in ("event", "change") and draw.chance(0.4):
                question, answer = draw.pick(talk.SORROWS if mood == "sorry" else talk.AFTERTHOUGHTS)
                scene.say(telling.listener, f"{reaction} {scene.line((question,))}")
                scene.say(telling.teller, scene.line((answer,)))
            else:
                scene.say(telling.listener, reaction)

    def _reaction(self, scene: Scene, mood: str, about: Person | None, telling: Telling) -> str:
        if about is None:
            return scene.line(talk.REACTIONS[mood])
        text = fill(scene.draw.pick(talk.REACTIONS_OTHERS[mood]), {}, scene.draw)
        return sentence(in_person(text, about.name, about.gender, named=True))

    def _note(self, telling: Telling, turn_ids: tuple[str, ...], slots: Sequence[str]) -> None:
        fact_id = telling.fact.fact_id
        if fact_id < 0:
            return
        for slot in slots:
            if not telling.wrong or telling.act == "switch" or slot != telling.wrong[0]:
                self.evidence[fact_id, slot] = turn_ids
        if telling.when and slots and (fact_id, "when") not in self.evidence:
            leaning = () if telling.anchor is None else self.evidence[telling.anchor, "when"]
            self.evidence[fact_id, "when"] = (*leaning, *turn_ids)


def _who(about: Person | None) -> tuple[str | None, str]:
    return (None, "f") if about is None else (about.name, about.gender)


def _frames(telling: Telling, about: Person) -> Sequence[str]:
    if telling.hearsay:
        return talk.HEARSAY
    return talk.STRANGERS if telling.fact.fact_id < 0 else talk.ABOUT_OTHERS


def _asked(telling: Telling) -> list[Slot]:
    kind = EVENT.get(telling.fact.kind) or STATE.get(telling.fact.kind)
    return [slot for slot in kind.slots if slot.name in telling.followups] if kind else []


def _texts(telling: Telling) -> tuple[str, Sequence[str]]:
    """Mood and templates of a telling."""
    name = telling.fact.kind
    if telling.act == "event":
        return EVENT[name].mood, EVENT[name].tell
    if telling.act in ("still", "change"):
        return STATE[name].mood if telling.act == "change" else "calm", getattr(STATE[name], telling.act)
    if telling.act == "trait":
        return "calm", TRAIT[name].tell
    return "calm", getattr(TASTE[name.split(":")[0]], telling.act)
