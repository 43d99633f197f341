"""From planned tellings to turns: each telling becomes an exchange, with reactions, questions and answers around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eval.datasets.generated import chatter, talk
from eval.datasets.generated.colour import COLOUR
from eval.datasets.generated.draw import Draw
from eval.datasets.generated.grammar import fill, in_person, sentence
from eval.datasets.generated.pools import with_article
from eval.datasets.generated.records import GeneratedSession, Person, Telling
from eval.datasets.generated.scene import (
    Scene,
    asked_slots,
    frames,
    grouped,
    person_of,
    subject_of,
    told_slots,
    wordings,
)
from eval.datasets.generated.strangers import stranger_tellings
from eval.datasets.generated.world import EVENT, STATE, World, slots_of

Evidence = dict[tuple[int, str], tuple[str, ...]]
"""Fact id and slot (``o``, further slots, ``when``) to the turns that say it."""

_WHOLE = ("guess", "don't laugh", "what a", "look at", "there's one", "it had to")
"""Tellings that open a turn by themselves."""


class Writer:
    """Writes the sessions of a world one after the other and keeps which turns say what."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.evidence: Evidence = {}
        self._name = name
        self._planned: dict[int, list[Telling]] = {}
        for telling in world.tellings:
            self._planned.setdefault(telling.session, []).append(telling)
        self._known: list[Telling] = []
        self._recent: list[int] = []

    def session(self, index: int) -> GeneratedSession:
        """Write session ``index`` (from 0). Sessions must be asked for in their order."""
        draw = Draw(self._name, "session", index)
        scene = Scene(index + 1, draw)
        planned = self._planned.get(index, [])
        tellings = draw.shuffled(planned + stranger_tellings(self.world, index, len(planned), draw))
        tellings.sort(key=lambda telling: telling.act != "introduce")
        first, second = draw.sample([speaker.name for speaker in self.world.speakers], 2)
        greetings, returns = draw.pick(talk.GREETINGS)
        scene.say(first, scene.line(greetings, {"other": second}))
        scene.say(second, scene.line(returns, {"other": first}))
        for news in self._with_chatter(scene, grouped(draw, tellings), (first, second)):
            self._tell(scene, news)
        first, second = draw.sample((first, second), 2)
        scene.say(first, scene.line(talk.FAREWELLS, {"other": second}))
        scene.say(second, scene.line(talk.LAST_WORDS, {"other": first}))
        self._known = [*self._known, *(telling for telling in tellings if telling.fact.fact_id >= 0)][-80:]
        return GeneratedSession(index + 1, self.world.times[index], tuple(scene.turns))

    def _with_chatter(
        self, scene: Scene, tellings: list[tuple[Telling, ...]], pair: tuple[str, str]
    ) -> Iterator[tuple[Telling, ...]]:
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
        current = [t for t in self._known if t.fact.subject.name == other and self._goes_on(t)]
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

    def _tell(self, scene: Scene, news: tuple[Telling, ...]) -> None:
        telling = news[0]
        if telling.act == "introduce":
            self._introduce(scene, telling)
        elif telling.act == "correct":
            self._correct(scene, telling)
        else:
            self._tell_fact(scene, news)

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

    def _tell_fact(self, scene: Scene, news: tuple[Telling, ...]) -> None:
        """One turn with one or two facts, the questions that bring out further slots of the last one, a reaction."""
        draw = scene.draw
        telling = news[-1]
        about, mood, slots = subject_of(telling), wordings(telling)[0], told_slots(telling)
        if scene.turns[-1].speaker == telling.teller and draw.chance(0.7):
            scene.say(telling.listener, scene.line(talk.PROMPTS))
        said = [self._telling_turn(scene, each, links=number > 0) for number, each in enumerate(news)]
        turn_id = scene.say(telling.teller, " ".join(said))
        for each in news:
            self._note(each, (turn_id,), [slot for slot, _ in each.fact.slots if slot not in each.followups])
        for slot in asked_slots(telling):
            reaction = self._reaction(scene, mood, about, telling) if draw.chance(0.7) else ""
            ask = sentence(in_person(fill(slot.ask, slots, draw), *person_of(about), named=True), "?")
            scene.say(telling.listener, f"{reaction} {ask}".strip())
            answer = sentence(in_person(fill(slot.answer, slots, draw), *person_of(about), named=True))
            answer_id = scene.say(telling.teller, answer)
            self._note(telling, (turn_id, answer_id), [slot.name])
        self._round_off(scene, telling, mood, about)

    def _telling_turn(self, scene: Scene, telling: Telling, *, links: bool) -> str:
        """The sentences that say a fact; with ``links`` they go on after another one."""
        draw = scene.draw
        about, (mood, templates), slots = subject_of(telling), wordings(telling), told_slots(telling)
        core = fill(draw.pick(templates), slots, draw)
        if about is None:
            openers = talk.LINKS if links else talk.OPENERS[talk.MOODS.get(mood, mood)]
            opener = "" if core.startswith(_WHOLE) and not links else fill(draw.pick(openers), slots, draw)
        else:
            opener = fill(draw.pick(frames(telling, about)), {"short": about.name, "relation": about.relation}, draw)
        if opener.endswith(": ") and ": " in core:
            opener = opener[:-2] + ". " if links else ""
        guests = [
            slot.name for slot in getattr(EVENT.get(telling.fact.kind), "slots", ()) if slot.person and not slot.ask
        ]
        mentioned = about is not None and about.name in opener and not guests
        text = sentence(
            opener + in_person(core, *person_of(about), named=mentioned),
            "!" if mood in ("glad", "proud") and draw.chance(0.3) else ".",
        )
        colours = COLOUR.get(telling.fact.kind) or COLOUR.get(telling.act)
        if colours and draw.chance(0.75):
            name, gender = person_of(about)
            first = name.split()[0] if name else None
            text += " " + sentence(in_person(fill(draw.pick(colours), slots, draw), first, gender, named=not guests))
        elif about is None and draw.chance(0.6):
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
