"""Kinds of events: animals, trips, purchases, races."""

from __future__ import annotations

from eval.datasets.generated.kinds.schema import EventKind, Slot, Wording

PET = EventKind(
    "pet",
    "pets",
    "glad",
    (
        "<I> [adopted|took in|brought home] {a_species} [called|named] {o} {when}",
        "there is a new [face|creature] at <my> place: {a_species} [called|by the name of] {o}, who moved in {when}",
        "{when} <I> became the [proud|slightly nervous|very tired] owner of {a_species}, and the name is {o}",
        "<I> could not [say no|resist] {when} and [came home with|signed the papers for] {a_species}[. The name? "
        "{o}| called {o}]",
        "{when} {a_species} joined <my> household, and [everybody|the whole building] already calls it {o}",
        "<I> [finally|really] did it {when}: {a_species}, [all mine|mine for good|the real thing], and it answers to "
        "{o}",
    ),
    "adopted {o}",
    Wording("When did {who} adopt {o}?", "[Since what date|Since which day] has {o} been part of {whose} household?"),
    Wording("What is the name of the {nth} animal that {who} adopted?", "Which pet was {whose} {nth} one?"),
    Wording("Which pet did {who} adopt next after {o}?", "Who followed {o} as the next animal in {whose} home?"),
    Wording(
        "How many animals did {who} adopt?",
        "What is the number of pets that {who} has taken in altogether?",
    ),
    (
        Slot(
            "species",
            "species",
            Wording("What kind of animal is {whose} pet {o}?", "{o} lives with {who}. What sort of creature is that?"),
            reverse=Wording("What is {whose} {species} called?", "Which name does {whose} {species} go by?"),
        ),
        Slot(
            "origin",
            "origins",
            Wording("Where did {who} get {o} from?", "From where did {o} come into {whose} life?"),
            ask="[where|so where] did <you> [find|get] {o}?|who gives away [such|an animal like that]?|where does "
            "{o} come from?",
            answer="from {origin}, [believe it or not|of all places|would you believe it|as it happens]|"
            "{o} came from {origin}|<I> got {o} from {origin}[, long story|]",
            fix="{o} came from {right} and not from {wrong}",
        ),
    ),
    (
        (
            "how is {o} [doing|getting on]?",
            "[spoiled rotten|asleep on my feet right now|eats like a horse|a bit grumpy today]",
        ),
        (
            "does {o} still [wake you up|steal food] at [dawn|night]?",
            "[every single time|less than before|don't get me started]",
        ),
        ("[give|scratch] {o} [a cuddle|behind the ears] from me", "[will do|consider it done|{o} says thanks]"),
    ),
)
TRIP = EventKind(
    "trip",
    "trips",
    "glad",
    (
        "<I> [travelled|flew out] to {o} {when}",
        "{when} <I> [set off for|left for] {o}, [on a whim|with far too much luggage|with one small backpack|at last]",
        "<I> finally [saw|got to see] {o}: [the journey started|off <I> went] {when}",
        "guess where <I> went {when}: {o}[, of all places||, finally]",
        "{o} is [ticked off <my> list|no longer on the wish list]: <I> travelled there {when}",
        "{when} <I> [closed the front door and made for|boarded the train towards] {o}[, a trip long put off|, a "
        "dream for years|]",
    ),
    "travelled to {o}",
    Wording("When did {who} travel to {o}?", "On which date did {whose} journey to {o} begin?"),
    Wording(
        "What was the {nth} destination that {who} travelled to?",
        "Looking at {whose} journeys, which place came {nth}?",
    ),
    Wording(
        "Where did {who} travel next after {o}?", "After {o}, what was the following destination on {whose} travels?"
    ),
    Wording("How many trips did {who} make?", "To how many destinations has {who} been away?"),
    (
        Slot(
            "companion",
            "companions",
            Wording("Who did {who} travel to {o} with?", "Who came along when {who} was in {o}?"),
            ask="[did <you> go alone|all alone]?|who [came along|went <with you>]?|who was <your> travel company?",
            answer="with {companion}, [who snores|the best company there is|who had planned every hour]|"
            "{companion} came along|no, {companion} was there too",
            fix="it was {right} who came along to {o}, not {wrong}",
            reverse=Wording(
                "Which destination did {who} travel to with {companion}?",
                "Where have {who} and {companion} been together?",
            ),
            person="the companion of the trip to {o}",
        ),
        Slot(
            "souvenir",
            "souvenirs",
            Wording("What did {who} bring back from {o}?", "Which souvenir reminds {who} of {o}?"),
            ask="did <you> bring anything back?|any souvenirs?|what came home in <your> suitcase?",
            answer="just {souvenir}|{souvenir}[, slightly damaged|, wrapped in socks||, naturally]|"
            "<I> could not leave without {souvenir}",
            fix="the thing brought back from {o} was {right}, not {wrong}",
            reverse=Wording(
                "Where did {who} get {souvenir}?", "From which destination did {who} carry home {souvenir}?"
            ),
        ),
    ),
    (
        ("are you still dreaming of {o}?", "[every rainy morning|all the time|I keep looking at the photos]"),
        ("what did you like best about {o}?", "[just strolling around|the evenings|everything but the stairs]"),
        ("have you sorted your photos of {o}?", "[not even close|about half of them|who has the patience for that]"),
    ),
)
PURCHASE = EventKind(
    "purchase",
    "purchases",
    "glad",
    (
        "<I> [bought|treated <myself> to|ordered and got] {a_o} {when}",
        "{when} <I> [gave in and bought|walked out of a shop with|finally paid for] {a_o}",
        "<I'm> the owner of {a_o} [now|from now on]: <I> bought it {when}",
        "money well spent, <I> hope<s>: {when} <I> got {a_o}",
        "{a_o} [stands in|takes up half of] <my> hallway at the moment, because <I> bought one {when}",
        "<my> wallet is lighter: {when} <I> [went for|picked up] {a_o}",
    ),
    "bought the {o}",
    Wording("When did {who} buy the {o}?", "On what date did the {o} become {whose} property?"),
    Wording(
        "What was the {nth} thing that {who} bought, vehicles aside?",
        "Vehicles aside, of the things {who} spent money on, which was the {nth}?",
    ),
    Wording(
        "What did {who} buy next after the {o}, vehicles aside?",
        "Vehicles aside, which purchase of {whose} followed the {o}?",
    ),
    Wording("Vehicles aside, how many things did {who} buy?", "How many purchases has {who} made, vehicles aside?"),
    (
        Slot(
            "price",
            "#price",
            Wording("How much did {who} pay for the {o}?", "What was the price of {whose} {o}?"),
            ask="was it expensive?|what did [that|it] cost?|how much did <you> [pay|have to pay]?",
            answer="{price}[, after some haggling|, delivery included||, don't tell anyone]|it came to {price}|"
            "[well, |exactly ]{price}",
            fix="the {o} cost {right}, not {wrong}",
        ),
        Slot(
            "shop",
            "shops",
            Wording("In which shop did {who} buy the {o}?", "Who sold the {o} to {who}?"),
            ask="where did <you> [get it|find one]?|which shop was that?",
            answer="at {shop}[, the one with the long queue|, they had one left|]|{shop} had [it|one]",
            fix="the {o} came from {right}, not from {wrong}",
            reverse=Wording("What did {who} buy at {shop}?", "Which item of {whose} came from {shop}?"),
        ),
    ),
    (
        ("does the {o} get used?", "[every day, surprisingly|less than it should|it's still in its box, to be honest]"),
        ("are you still happy with the {o}?", "[very|it has its moods|more than with anything else this year]"),
        ("was the {o} worth it?", "[every cent|ask me again in a year|I think so, yes]"),
    ),
)
RACE = EventKind(
    "race",
    "races",
    "proud",
    (
        "<I> [ran|took part in|finished] the {o} {when}",
        "{when} <I> pinned on a number for the {o}",
        "<my> legs are [dead|made of jelly]: the {o} was {when} and <I> was in it",
        "<I> crossed the finish line of the {o} {when}[, grinning|, crying a little|, not even last]",
        "the {o} is [done|behind <me>]! <I> took part {when}",
        "{when} <I> stood at the start of the {o}[ with shaking knees| in the pouring rain|], and <I> made it to the "
        "end",
    ),
    "took part in the {o}",
    Wording("When did {who} take part in the {o}?", "On which day was {who} at the start of the {o}?"),
    Wording("Which race was the {nth} one that {who} took part in?", "What is the name of {whose} {nth} competition?"),
    Wording(
        "Which race did {who} take part in next after the {o}?", "After the {o}, what was {whose} following start?"
    ),
    Wording("How many races did {who} take part in?", "At how many starting lines has {who} stood?"),
    (
        Slot(
            "place",
            "#place",
            Wording("In which place did {who} finish in the {o}?", "How far up the results of the {o} was {who}?"),
            ask="and [where|how far up] did <you> finish?|how did it go, any medal?|what was <your> place?",
            answer="<I> came in {place}|{place} place[, far from a medal||, and proud of it]|{place}, [believe it or "
            "not|no joke]",
            fix="<my> place in the {o} was {right}, not {wrong}",
        ),
        Slot(
            "companion",
            "companions",
            Wording("Who ran the {o} together with {who}?", "Who was at {whose} side in the {o}?"),
            ask="did <you> [run|do it] alone?|was anybody <with you>?",
            answer="{companion} ran with <me>|no, side by side with {companion}|with {companion}[, who talked all "
            "the way|]",
            fix="the one who ran the {o} with <me> was {right}, not {wrong}",
            reverse=Wording(
                "Which race did {who} run with {companion}?", "In which competition did {companion} join {who}?"
            ),
            person="the running mate of the {o}",
        ),
    ),
    (
        (
            "have your legs recovered from the {o}?",
            "[barely|mostly, stairs are still an enemy|yes, I feel ready for more]",
        ),
        ("will you do the {o} again?", "[never again|perhaps|ask my knees]"),
    ),
)
