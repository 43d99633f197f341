"""Signs that an answer denies the gold and puts nothing in its place, told by rules.

Two of them: a word that denies, beside the gold and little else; or the gold quoted in a sentence about the answer
itself ("you would lose points for ...") that is not one of those which affirm. Alone they take "not hard to find: ..."
for a denial too; where an answer quotes its gold they are weighed together with what stands around it (``frames``).
"""

from __future__ import annotations

import re

from eval.judges.offline import readings
from eval.judges.offline.discourse import DISCOURSE, MOST_LEFT, left, without, words
from eval.judges.offline.pair import Pair
from eval.judges.offline.text import content, found, tokens

_DENIAL = re.compile(
    r"\b(?:not|never|no|nope|nah|none|nobody|nothing|neither|nor|cannot|without|"
    r"false|falsely|untrue|untruth|incorrect\w*|wrong\w*|mistak\w+|mistook|"
    r"err|erred|errs|error|errors|erroneous\w*|inaccura\w+|invalid|mislead\w*|"
    r"misled|misremember\w*|misunderst\w+|misread\w*|mix(?:ed|ing)? up|"
    r"myths?|fabricat\w+|nonsense|bogus|den(?:y|ies|ied|ying)|denials?|"
    r"reject\w*|refut\w+|rebut\w*|disprov\w+|contradict\w*|disagree\w*|disput\w+|"
    r"dismiss\w*|discount(?:s|ed)?|debunk\w*|negat\w+|rul(?:e|es|ed|ing) (?:\S+ )?out|"
    r"exclud\w+|eliminat\w+|doubt\w*|unlikely|implausib\w+|"
    r"impossib\w+|hardly|scarcely|barely|far from|anything but|"
    r"anything except|everything but|opposite|reverse|contrary|"
    r"other than|off the mark|off base|wide of|miss(?:es|ed)? the mark|"
    r"unrelated|unfounded|baseless|unsupported|unheard|last thing|"
    r"far cry|pipe dream|guess again|try again|hogwash|rubbish|"
    r"absence|absent|counter to|at odds|nil|zero chance|remote\w* from|nix\w*|"
    r"hoax|rumou?rs?|differ(?:s|ed|ent|ently)? (?:from|than|to)|against|apart from|pulling (?:your|my|our) leg"
    r"|my (?:foot|eye|ass)|yeah,? right|in your dreams|dream on|nice try|misconception\w*|misstat\w+"
    r"|misreport\w*|misattribut\w+|misnomer|fallac\w+|falsehoods?|overrul\w+|beg to differ)\b|n['’]t\b|~~|[≠✗✘❌]",
    re.IGNORECASE,
)
"""Wider than the negations of ``values``, which the weights are fitted to: it meets only answers that hold the gold."""
_HINT = re.compile(
    r"\b(?:else|elsewhere|otherwise|another|instead|lies?|lying|liars?|"
    r"backwards?|upside down|scratch|strike|forget|apart from|aside from|"
    r"except|excluding|least|fails?|failed|lacks?|absent|confus\w+|swap\w*|"
    r"imagin\w+|invent\w*|made up|make believe|pretend\w*|joke|kidding|as if|"
    r"if only|would have|had it been|were it|about as|more like|less like"
    r"|out of the question|off the (?:list|table|cards)|ruled)\b",
    re.IGNORECASE,
)
"""Words that deny where an answer quotes the gold in a frame that has nothing of the question."""
PLAIN = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|unlikely)\b|n['’]t\b", re.IGNORECASE
)
"""Plain negations."""
_CONTRAST = re.compile(r"\W*(?:and |but )?(?:not|never|rather than|instead of|unlike)\b", re.IGNORECASE)
_ABOUT = frozenset(
    "anyone anybody someone somebody everyone everybody nobody people folks who whoever would could should must answer "
    "answers answering guess guesses option choice response claim say says said saying tell tells told think thinks "
    "thought believe believes believed chat conversation dialogue transcript".split()
)
"""Words that show a sentence about the answer, where it is not about a person."""
_CLAIM = re.compile(
    r"^\W*(?:is|was|are|were|has|have|had|does|do|did|sounds?|sounded|seems?|seemed|looks?"
    r"|looked|may|might|can|could|would|will|should|must|fails?|gets?|got|goes|makes?)\b",
    re.IGNORECASE,
)
"""What follows a gold that a sentence is about."""
_ADDRESS = re.compile(
    r"\b(?:i|you|we)(?:['’](?:d|ll|re|m)| would| might| may| could| should| must| will| can| have to| used to)\b"
    r"|\bif (?:you|i|we)\b|\btold you\b",
    re.IGNORECASE,
)
"""The same, of sentences in the first and second person; what "I" did may be the answer."""
_PERSONS = frozenset("he she him her his hers they them their theirs".split())
_TALKERS = frozenset("you anyone anybody someone somebody everyone everybody nobody whoever".split())
_AFFIRMING = frozenset(
    "a an the and or in on at to of for by from with as so that this it its there they i we you me my our your one he "
    "she his her their them who what when where which how is are was were be been being am has have had do does did "
    "will would could should might may must can answer answers right correct true truth yes yeah yep sure surely "
    "certain certainly definitely indeed likely probably possibly perhaps maybe most very quite pretty fairly really "
    "actually exactly precisely simply just only clearly obviously apparently evidently presumably specifically also "
    "both all think thinks believe believes believed know knows remember remembers recall recalls recalled understand "
    "understood guess say says said tell tells told mention mentions mentioned state states stated note notes noted "
    "indicate indicates indicated suggest suggests suggested show shows shown according based conversation "
    "conversations chat chats dialogue memory memories record records context messages message text information info "
    "question asked turned turns out seems seem appears appear about around approximately roughly course fact final "
    "short summary called named known referred best better confident confirm confirms confirmed if remembering "
    "correctly far can tell would like settled went speaking speaker speakers discussed talked talking shared above "
    "given here found see found explicitly directly described but though however although well ok okay oh hmm now then "
    "still since because while including includes plus particular after before going go through looking look looked "
    "want wants wanted thing things comes came up hope helps help happy glad own knowledge best evidence points point "
    "pointed therefore thus hence conclusion conclude concludes result results sum bet gather gathers gathered "
    "transcript log logs session sessions exchange data details detail notes history past time day date year month "
    "place person name names number type kind item items reason way case total list listed let lets see check checked "
    "asking ask response reply d s m re ve ll t full complete actual real main primary particular good great nice "
    "thanks recorded reported explained described specified confirmed provided gave give given back earlier later once "
    "ago over between during".split()
)
"""Words of sentences that hand over the answer they speak about."""


def signs(pair: Pair) -> dict[str, float]:
    """What the rules find around a quoted gold, by name: denying words, how much is said besides,
    what sentence it is."""
    bare = readings.plainly(without(pair.answer, pair.gold))
    remains = left(bare, pair)
    cues, hints = (_cues(bare, pattern) - _cues(pair.question, pattern) for pattern in (_DENIAL, _HINT))
    odd = sum(word not in _AFFIRMING and not word.isdigit() for word in set(tokens(bare)))
    held = {
        f"left {min(remains, 5)}": 1.0,
        "left": min(remains, 6) / 3,
        f"unusual {min(odd, 4)}": 1.0,
        "cue": float(bool(cues)),
        "cue odd": float(len(cues) % 2),
        f"cue left {min(remains, 3)}": float(bool(cues)),
        "hint": float(bool(hints)),
        f"hint left {min(remains, 3)}": float(bool(hints)),
        "against": float(_speaks_against(bare, pair)),
        "ruled": float(ruled(pair)),
        "address": float(bool(_ADDRESS.search(bare))),
    }
    return {name: value for name, value in held.items() if value}


def ruled(pair: Pair) -> bool:
    """Whether the answer holds the gold, denies something that the gold does not, and says nothing else."""
    if readings.polarity(pair.gold):
        return False
    bare = readings.plainly(without(pair.answer, pair.gold))
    quoted = without(pair.answer, pair.gold) != pair.answer
    if not quoted and (
        PLAIN.search(pair.gold) or sum(found(w, pair.given) > 0 for w in pair.wanted) < 0.75 * len(pair.wanted)
    ):
        return False
    if denies_other(pair):
        return False
    said = frozenset(content(bare))
    framed = quoted and len(tokens(bare)) >= 2 and not any(found(word, said) for word in pair.asked)
    if readings.refuses(pair.question) and not framed:
        return False
    remains = left(bare, pair)
    if framed and remains <= MOST_LEFT and _speaks_against(bare, pair):
        return True
    cues, hints = (_cues(bare, pattern) - _cues(pair.question, pattern) for pattern in (_DENIAL, _HINT))
    if not (cues or hints):
        return False
    if cues and remains <= 1:
        return not _asserts(pair)
    return framed and remains <= MOST_LEFT


def _speaks_against(bare: str, pair: Pair) -> bool:
    """Whether what frames the gold is a sentence about the answer with a word that no affirming sentence has."""
    frame, gold = frozenset(tokens(bare)), words(pair.gold)
    place = pair.answer.lower().find(pair.gold.strip().rstrip(".").lower())
    claimed = _CLAIM.match(pair.answer[place + len(pair.gold.strip().rstrip(".")) :].lstrip("\"'”’ "))
    if not (frame & _ABOUT or claimed or _ADDRESS.search(bare)) or (frame & _PERSONS and not frame & _TALKERS):
        return False
    return any(word not in _AFFIRMING and not word.isdigit() and not found(word, gold) for word in frame)


def denies_other(pair: Pair) -> bool:
    """Whether the gold comes first and what is denied right after it is something else ("the red one, not the blue
    one").
    """
    text = pair.gold.strip().rstrip(".").lower()
    place = pair.answer.lower().find(text)
    denial = _CONTRAST.match(pair.answer, place + len(text)) if text and place >= 0 else None
    return denial is not None and any(word not in DISCOURSE for word in content(pair.answer[denial.end() :]))


def _cues(text: str, pattern: re.Pattern[str]) -> set[str]:
    return {cue.lower() for cue in pattern.findall(text)}


def _asserts(pair: Pair) -> bool:
    """Whether a sentence answers with the gold in the question's own words and denies nothing up to there."""
    for sentence in re.split(r"(?<=[.!?;])\s+", pair.answer):
        said, held_words = frozenset(content(sentence)), words(sentence)
        if sentence.endswith("?") or not all(found(word, held_words) for word in pair.wanted):
            continue
        echo = sum(found(word, said) > 0 for word in pair.asked) / max(len(pair.asked), 1)
        denial = _DENIAL.search(sentence)
        held = words(sentence[: denial.start()]) if denial else held_words
        if echo >= 0.5 and all(found(word, held) for word in pair.wanted):
            return True
    return False
