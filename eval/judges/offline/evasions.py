"""Answers that give no answer: the gold denied and nothing put in its place, the question handed back.

A logistic model over recall and overlap is drawn to both, since they hold the right words. What is left of an answer once the
question's, the gold's and the words of talk are taken away tells them apart from answers, whatever their wording; it
holds at both operating points. A gate caps the probability.
"""

from __future__ import annotations

import re

from eval.judges.offline import dates, values
from eval.judges.offline.features import DENYING, TALK, Pair
from eval.judges.offline.guards import statement
from eval.judges.offline.text import content, found, tokens

VERSION = 2
"""Raised by hand when an outcome changes."""
CEILING = 0.2
"""Probability left to an answer that gives none."""

_DENIAL = re.compile(
    r"\b(?:not|never|no|nope|nah|none|nobody|nothing|neither|nor|cannot|without|false|falsely|untrue|untruth|incorrect\w*|wrong\w*|mistak\w+|mistook|"
    r"err|erred|errs|error|errors|erroneous\w*|inaccura\w+|invalid|mislead\w*|misled|misremember\w*|misunderst\w+|misread\w*|mix(?:ed|ing)? up|"
    r"myths?|fabricat\w+|nonsense|bogus|den(?:y|ies|ied|ying)|denials?|reject\w*|refut\w+|rebut\w*|disprov\w+|contradict\w*|disagree\w*|disput\w+|"
    r"dismiss\w*|discount(?:s|ed)?|debunk\w*|negat\w+|rul(?:e|es|ed|ing) (?:\w+ )?out|exclud\w+|eliminat\w+|doubt\w*|unlikely|implausib\w+|"
    r"impossib\w+|hardly|scarcely|barely|far from|anything but|anything except|everything but|opposite|reverse|contrary|"
    r"other than|off the mark|off base|wide of|miss(?:es|ed)? the mark|"
    r"unrelated|unfounded|baseless|unsupported|unheard|last thing|far cry|pipe dream|guess again|try again|hogwash|rubbish|"
    r"absence|absent|counter to|at odds|nil|zero chance|remote\w* from|nix\w*|"
    r"hoax|rumou?rs?|misconception\w*|misstat\w+|misreport\w*|misattribut\w+|misnomer|fallac\w+|falsehoods?|overrul\w+|beg to differ)\b|n['’]t\b",
    re.IGNORECASE,
)  # fmt: skip
"""Wider than the negations of ``values``, which the weights are fitted to: it meets only answers that hold the gold."""
_HINT = re.compile(
    r"\b(?:else|elsewhere|otherwise|another|instead|lies?|lying|liars?|backwards?|upside down|scratch|strike|forget|apart from|aside from|"
    r"except|excluding|least|fails?|failed|lacks?|absent|confus\w+|swap\w*|imagin\w+|invent\w*|made up|make believe|pretend\w*|joke|kidding|as if|"
    r"if only|would have|had it been|were it|about as|more like|less like|out of the question|off the (?:list|table|cards)|ruled)\b",
    re.IGNORECASE,
)
"""Words that deny where an answer quotes the gold in a frame that has nothing of the question."""
MOST_LEFT = 3
"""Words of its own that a frame around the gold or the question may have."""
_PLAIN = re.compile(r"\b(?:not|never|no|none|nobody|nothing|neither|nor|without|cannot|unlikely)\b|n['’]t\b", re.IGNORECASE)
_CONTRAST = re.compile(r"\W*(?:and |but )?(?:not|never|rather than|instead of|unlike)\b", re.IGNORECASE)
DISCOURSE = TALK | DENYING | frozenset(
    "accur agre ah anybodi anyon appar appear argu aspect assert awar base basic bet call certain chanc choic clear clearli complet confid confirm "
    "consid consist contend correctli could curiou day deal decid declar describ detail dig direct discov end entir especi even ever everi "
    "everybodi everyon everyth evid exact exampl exchang expect explain explicit express extent fair fall feel figur find fine firm fit folk "
    "frankli full fulli genuin get give glad go gone good great guess hand happen happi hard hear heart held help hint histori hm hmm hold honest "
    "honestli hope howev idea imagin impli includ inde indic inquir insist instanc intend interest interpret issu judg just keep kind known label "
    "last later lead least leav less let level lie like line list liter littl live log long look lot made main make mani mark may mayb mean might "
    "mind minut moment much name near need next note notion now obviou obvious occur offer often oh okay old open opinion option otherwis over own "
    "part particular past peopl perhap person pick pictur piec place plain plainli play plenti plu point portion posit possibl precis prefer "
    "presum pretti probabl problem prompt proof proper propos prove provid put queri quick quit rais read readi real realiti reason recal reckon "
    "recognis recollect refer relev remain remark rememb repli report repres requir respect respond respons rest result reveal review round safe "
    "scene second seem seen sens seriou set settl sever show side sign simpl sit situat slight small so somebodi someon someth sort sound speak "
    "speaker specif spoke start state statement step still stop stori straight strict strong stuff suggest suit support sure surpris suspect swear "
    "take taken tell term test thank throw time today togeth told took total touch toward transcript truli truth try turn type um understand use "
    "usual utterli valid variou view want went whatev whenev wherev whoever whole wish within word work worth write yes yet".split()
)
"""Stems that speak about talk, knowledge and certainty; beside the gold's and the question's words they answer nothing."""


def evades(pair: Pair) -> str:
    """Why an answer is none; empty where it may be one."""
    if _denies(pair):
        return "guard: the gold is denied and nothing is put in its place"
    if _hands_back(pair):
        return "guard: the question is handed back"
    return ""


def _words(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning, and every word as it stands."""
    return frozenset(content(text)) | frozenset(tokens(text))


def _left(answer: str, pair: Pair) -> int:
    """How many stems of an answer say something that neither the question nor the gold holds."""
    gold = _words(pair.gold)
    return sum(word not in DISCOURSE and not found(word, pair.asked) and not found(word, gold) for word in set(content(answer)))


def _denies(pair: Pair) -> bool:
    """Whether the answer holds the gold, denies something that the gold does not, and says nothing else."""
    if values.polarity(pair.gold) or values.refuses(pair.question):
        return False
    bare = _without(pair.answer, pair.gold)
    quoted = bare != pair.answer
    if not quoted and (_PLAIN.search(pair.gold) or sum(found(w, pair.given) > 0 for w in pair.wanted) < 0.75 * len(pair.wanted)):
        return False
    cues, hints = (_cues(bare, pattern) - _cues(pair.question, pattern) for pattern in (_DENIAL, _HINT))
    if not (cues or hints) or _denies_other(pair):
        return False
    left = _left(bare, pair)
    if cues and left <= 1:
        return not _asserts(pair)
    said = frozenset(content(bare))
    return quoted and left <= MOST_LEFT and len(tokens(bare)) >= 2 and not any(found(word, said) for word in pair.asked)


def _denies_other(pair: Pair) -> bool:
    """Whether the gold comes first and what is denied right after it is something else ("the red one, not the blue one")."""
    text = pair.gold.strip().rstrip(".").lower()
    place = pair.answer.lower().find(text)
    denial = _CONTRAST.match(pair.answer, place + len(text)) if text and place >= 0 else None
    return denial is not None and any(word not in DISCOURSE for word in content(pair.answer[denial.end() :]))


def _cues(text: str, pattern: re.Pattern[str]) -> set[str]:
    return {cue.lower() for cue in pattern.findall(text)}


def _asserts(pair: Pair) -> bool:
    """Whether a sentence answers with the gold in the question's own words and denies nothing up to there."""
    for sentence in re.split(r"(?<=[.!?;])\s+", pair.answer):
        said, words = frozenset(content(sentence)), _words(sentence)
        if sentence.endswith("?") or not all(found(word, words) for word in pair.wanted):
            continue
        echo = sum(found(word, said) > 0 for word in pair.asked) / max(len(pair.asked), 1)
        denial = _DENIAL.search(sentence)
        held = _words(sentence[: denial.start()]) if denial else words
        if echo >= 0.5 and all(found(word, held) for word in pair.wanted):
            return True
    return False


def _without(answer: str, gold: str) -> str:
    """An answer without the gold's wording where it stands in it literally, so that the gold's own words deny nothing."""
    text = gold.strip().rstrip(".")
    if not text or text.lower() not in answer.lower():
        return answer
    return " ".join(re.sub(re.escape(text), " ", answer, flags=re.IGNORECASE).split())


def _both_sides(question: str, said: frozenset[str]) -> bool:
    """Whether both sides of a question that asks to choose are said again."""
    first, second = (set(content(side)) for side in values.options(question) or ("", ""))
    return all(own and any(found(word, said) for word in own) for own in (first - second, second - first))


def _hands_back(pair: Pair) -> bool:
    """Whether the answer repeats the question and adds nothing of the gold nor of its own."""
    if values.polarity(pair.answer) or not pair.asked:
        return False
    said = frozenset(content(pair.answer))
    back = sum(found(word, said) > 0 for word in pair.asked) / len(pair.asked)
    if back < 0.6:
        return False
    new = [word for word in pair.wanted if not found(word, pair.asked)]
    if any(found(word, pair.given) for word in new):
        return False
    if len(dates.find(pair.answer)) > len(dates.find(pair.question)) or values.numbers(pair.answer) - values.numbers(pair.question) - {1.0}:
        return False
    if len(_PLAIN.findall(pair.answer)) != len(_PLAIN.findall(pair.question)) or (new and all(word in DISCOURSE for word in new)):
        return False
    if not new and not (pair.answer.count("?") or _both_sides(pair.question, said)):
        return False
    left = _left(pair.answer, pair)
    return left == 0 or left <= MOST_LEFT and _verbatim(pair)


def _verbatim(pair: Pair) -> bool:
    """Whether the question stands in the answer word for word, the question word and its verb apart."""
    asked = tokens(statement(pair.question))
    return len(asked) >= 5 and f" {' '.join(asked)} " in f" {' '.join(tokens(pair.answer))} "
