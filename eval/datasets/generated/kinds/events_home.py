"""Kinds of events at home: dinners, courses, the garden, repairs; and the list of all kinds."""

from __future__ import annotations

from eval.datasets.generated.kinds.events import PET, PURCHASE, RACE, TRIP
from eval.datasets.generated.kinds.events_personal import CONCERT, GIFT, INJURY, LOSS
from eval.datasets.generated.kinds.schema import EventKind, Slot, Wording

DINNER = EventKind(
    "dinner",
    "dishes",
    "proud",
    (
        "<I> [cooked|made] {o} for {guest} {when}",
        "{when} {guest} came over and <I> [served|dished up] {o}",
        "<I> tried [a recipe for|<my> hand at] {o} {when}, with {guest} as the [test person|first taster|judge]",
        "{guest} asked for seconds {when}: <I> had made {o}",
        "the kitchen [looked like a battlefield|was a mess] {when}, but <my> {o} for {guest} [turned out "
        "superbly|came out all right]",
        "{when} <I> finally [dared to make|managed] {o}. {guest} [ate everything|was the guest and survived]",
    ),
    "cooked {o}",
    Wording("When did {who} cook {o}?", "On which date was {o} on {whose} table?"),
    Wording(
        "What was the {nth} dish that {who} cooked for a guest?", "Of the meals that {who} served, which was the {nth}?"
    ),
    Wording("Which dish did {who} cook next after the {o}?", "What did {who} put on the table the time after {o}?"),
    Wording("How many times did {who} cook for a guest?", "How many different dishes has {who} served to visitors?"),
    (
        Slot(
            "guest",
            "companions",
            Wording("For whom did {who} cook {o}?", "Who was the guest when {who} served {o}?"),
            fix="the guest who got the {o} was {right}, not {wrong}",
            reverse=Wording("What did {who} cook for {guest}?", "Which dish did {guest} get at {whose} table?"),
            person="the guest who was served {o}",
        ),
    ),
    (
        ("I'd love to try your {o} one day", "[come over any time|you're invited|only if you do the dishes]"),
        ("have you made {o} again?", "[not yet|no, the pan is still soaking|soon, I have all the ingredients]"),
    ),
)
COURSE = EventKind(
    "course",
    "subjects",
    "proud",
    (
        "<I> passed <my> {o} exam {when}",
        "{when} <I> got <my> certificate in {o}",
        "<I'm> officially certified in {o}[ now||, can you believe it]: the exam was {when}",
        "<I> sat the [final|big] exam in {o} {when} and [passed|got through|it went well]",
        "all those evenings of {o} [paid off|were worth it]: {when} <I> passed the exam",
        "{when} <I> had <my> exam in {o}, and <I> [passed|did not fail|made it]",
    ),
    "passed the {o} exam",
    Wording("When did {who} pass the {o} exam?", "On which day did {who} get certified in {o}?"),
    Wording("In which subject was {whose} {nth} exam?", "What did {who} get the {nth} certificate in?"),
    Wording(
        "Which exam did {who} pass next after {o}?", "In what was {whose} following certificate after the one in {o}?"
    ),
    Wording("How many exams did {who} pass?", "How many certificates does {who} hold by the end?"),
    (
        Slot(
            "score",
            "#score",
            Wording("What score did {who} get in the {o} exam?", "How many points did {who} reach in {o}?"),
            ask="with a good [result|mark]?|how many points?|what did <you> score?",
            answer="{score}[, one short of what I'd hoped||, more than I dared hope]|they gave <me> {score}|"
            "<I> got {score}",
            fix="the {o} exam gave <me> {right}, not {wrong}",
        ),
    ),
    (
        ("what will you do with your certificate in {o}?", "[show off|we'll see|hang it up]"),
        ("do you still practise {o}?", "[now and then|not as much as I should|it gets rusty fast]"),
    ),
)
GARDEN = EventKind(
    "garden",
    "plants",
    "plain",
    (
        "<I> planted {o} {when}",
        "{when} <I> [got <my> hands dirty and|spent hours outside and] put {o} in the ground",
        "there's earth under <my> fingernails, since <I> planted {o} {when}",
        "behind <my> house there's room for {o} at last, and <I> did the planting {when}",
        "{when} <I> dug up half of the lawn to plant {o}",
        "<I> started {when} with {o} in the garden[. Wish <me> luck|, let's see what the slugs say|]",
    ),
    "planted {o}",
    Wording("When did {who} plant {o}?", "On which day did {o} go into {whose} ground?"),
    Wording("What was the {nth} thing that {who} planted?", "Which plant was the {nth} to go into {whose} garden?"),
    Wording("What did {who} plant next after {o}?", "After {o}, what did {who} put into the ground next?"),
    Wording("How many kinds of plants did {who} put in the garden?", "How many different things has {who} planted?"),
    (),
    (
        ("any luck with {o} in the garden?", "[a little|a lot of leaves|I refuse to give up]"),
        ("what's happening with your {o}?", "[growing like mad|the slugs won|too early to tell|a first sign of life]"),
    ),
)
REPAIR = EventKind(
    "repair",
    "repairs",
    "proud",
    (
        "<I> [fixed|repaired|mended] the {o} {when}",
        "{when} <I> [took the {o} apart|lay on the floor with a torch], and the {o} works again",
        "the {o} had been broken for ages; {when} <I> got it going again",
        "no more calling for help: {when} <I> repaired the {o} without anybody",
        "guess who [fixed|mended] the {o} {when}. That's right, <I> did",
        "<I> won <my> battle against the {o} {when}: it works again",
    ),
    "repaired the {o}",
    Wording("When did {who} repair the {o}?", "On which date did {who} get the {o} going again?"),
    Wording("What was the {nth} thing that {who} repaired?", "Of the things {who} fixed, what was the {nth}?"),
    Wording("What did {who} repair next after the {o}?", "Once the {o} worked, what did {who} fix the next time?"),
    Wording("How many things did {who} repair?", "How many broken things has {who} got working again?"),
    (
        Slot(
            "fault",
            "faults",
            Wording("What was wrong with the {o} that {who} repaired?", "Which fault did {who} find in the {o}?"),
            ask="what was wrong with it?|what was the [trouble|culprit]?",
            answer="{fault}[, can you imagine|, as simple as that|]|just {fault}|it turned out to be {fault}",
            fix="the trouble with the {o} was {right}, not {wrong}",
            reverse=Wording(
                "Which thing had {fault}, as {who} found out?", "What did {who} repair that suffered from {fault}?"
            ),
        ),
    ),
    (
        ("does the {o} behave?", "[like a lamb|it knows who is boss|for the time being]"),
        ("does the {o} still work?", "[knock on wood, yes|it makes a funny noise, but yes|like new]"),
    ),
)
EVENTS: tuple[EventKind, ...] = (
    PET,
    TRIP,
    PURCHASE,
    RACE,
    DINNER,
    COURSE,
    INJURY,
    CONCERT,
    GIFT,
    LOSS,
    GARDEN,
    REPAIR,
)
"""All kinds of events."""
