"""Closed-class words and common verb forms of general English that the rules rest on."""

from __future__ import annotations

import re
from functools import lru_cache

STOPWORDS = frozenset(
    """a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each even ever
    every few for from further get gets getting got had hadn't has hasn't have haven't having he he's her here hers
    herself him himself his how i i'd i'll i'm i've if in into is isn't it it's its itself just let let's like lot lots
    made make makes many may maybe me might mine more most much must my myself never no nor not now of off on once one
    only or other our ours ourselves out over own quite rather really said same say she she's should so some
    something soon still such sure than that that's the their theirs them themselves then there there's these they
    they're thing things this those though through to too under until up upon us very was wasn't we we're we've
    well were weren't what what's when where which while who whom why will with won't would wouldn't yeah yes yet you
    you'd you'll you're you've your yours yourself""".split()
)
"""Words that carry no content of their own."""

DETERMINERS = frozenset(
    "a an the my your his her its our their this that these those some any another each every".split()
)
PREPOSITIONS = frozenset(
    """about across after against along around as at before behind between by during for from in inside into near of off
    on onto out over since through to toward towards under until up with within without""".split()
)
CONJUNCTIONS = frozenset(
    "and but or so because if when while which who that though although where than then since until as whether".split()
)
AUXILIARIES = frozenset(
    """am is are was were be been being have has had do does did will would can could should may might must
    'm 's 're 've 'll 'd not never""".split()
)
MODALS = frozenset("will would can could should may might must shall can't cannot couldn't won't wouldn't shouldn't".split())
ADVERBS = frozenset(
    """also always already almost actually definitely even ever finally hardly just kinda never now often once only
    probably quite rarely really recently seriously simply sometimes soon still then totally truly usually very currently
    certainly especially honestly lately mostly nearly""".split()
)
IRREGULAR_PAST = frozenset(
    """ate became began bent bet bit blew bought bound bred broke brought built burnt came caught chose clung crept cut
    dealt did drank drew drove dug dreamt fed fell felt fled flew forgave forgot fought found froze gave got grew had
    heard held hid hit hung hurt kept knew laid lay learnt led left lent let lit lost made meant met misled mistook
    overcame paid put quit ran rang read rode rose said sang sank sat saw sent set shook shone shot shrank slept slid
    sold sought spent spoke spread sprang stole stood stuck stung struck swam swore swung taught thought threw told took
    tore understood upset was went wept withdrew woke won wore wound wrote were""".split()
)
INTERJECTIONS = frozenset(
    """ah aw aww awesome absolutely agreed amazing bye cool congrats congratulations cheers definitely exactly fantastic
    glad good goodbye great haha hello hey hi hmm lol nice no nah oh ok okay perfect please right same see sounds sorry
    sure thanks thank true totally ugh welcome whoa woah woohoo wow yay yeah yep yes yup""".split()
)
"""Words that open sentences without adding a fact."""

NUMBER_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'&\-]*")


def words(text: str) -> list[str]:
    """Words of a text with inner apostrophes, hyphens and ampersands, in order and case."""
    return [word.rstrip("'-") for word in WORD.findall(text)]


def stem(word: str) -> str:
    """A light stem: plural and common verb endings cut, so that "paints", "painted" and "painting" meet."""
    word = word.lower().removesuffix("'s")
    for ending, shortest in (("ing", 6), ("ies", 5), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= shortest and not word.endswith("ss"):
            word = word[: -len(ending)]
            if ending == "ies":
                return word + "y"
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word


def content(text: str) -> list[str]:
    """Stems of the content words of a text, in order, with repeats."""
    return [stem(word) for word in words(text) if word.lower() not in STOPWORDS and len(word) > 1]


@lru_cache(maxsize=16384)
def stems(text: str) -> frozenset[str]:
    """The distinct content stems of a text."""
    return frozenset(content(text))
