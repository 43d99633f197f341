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
from eval.judges.offline.text import content, found, stem, tokens

VERSION = 2
"""Raised by hand when an outcome changes."""
CEILING = 0.2
"""Probability left to an answer that gives none."""

_DENIAL = re.compile(
    r"\b(?:not|never|no|nope|nah|none|nobody|nothing|neither|nor|cannot|without|false|falsely|untrue|untruth|incorrect\w*|wrong\w*|mistak\w+|mistook|"
    r"err|erred|errs|error|errors|erroneous\w*|inaccura\w+|invalid|mislead\w*|misled|misremember\w*|misunderst\w+|misread\w*|mix(?:ed|ing)? up|"
    r"myths?|fabricat\w+|nonsense|bogus|den(?:y|ies|ied|ying)|denials?|reject\w*|refut\w+|rebut\w*|disprov\w+|contradict\w*|disagree\w*|disput\w+|"
    r"dismiss\w*|discount(?:s|ed)?|debunk\w*|negat\w+|rul(?:e|es|ed|ing) (?:it |that |this |\w+ )?out|exclud\w+|eliminat\w+|doubt\w*|unlikely|implausib\w+|"
    r"impossib\w+|hardly|scarcely|barely|far from|anything but|anything except|everything but|opposite|reverse|contrary|"
    r"other than|off the mark|off base|wide of|miss(?:es|ed)? the mark|"
    r"unrelated|unfounded|baseless|unsupported|unheard|last thing|far cry|pipe dream|guess again|try again|hogwash|rubbish|"
    r"absence|absent|counter to|at odds|nil|zero chance|remote\w* from|nix\w*|"
    r"hoax|rumou?rs?|misconception\w*|misstat\w+|misreport\w*|misattribut\w+|misnomer|fallac\w+|falsehoods?|overrul\w+|beg to differ)\b|n['’]t\b",
    re.IGNORECASE,
)  # fmt: skip
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
DISCOURSE = frozenset(
    stem(word)
    for word in (
        "agree appear argue assert assume aware base believe bet call case certain chance choice clear complete confident confirm consider consist contend could "
        "day deal decide declare definite describe detail direct discover doubt end entire especial even ever every evidence exact example expect explain expect "
        "explicit express extent fact fair fall false far feel figure find fine firm fit folk full genuine get give glad go going gone good great guess hand happen hard hear heart "
        "held hint hold honest hope however idea imagine imply include indeed indicate insist instance intend interest interpret issue judge just keep kind know known label "
        "last later lead least leave less let level lie like likely line list little live long look lot made main make many mark matter may maybe mean might mind "
        "minute moment much name near need next note notion now obvious occur offer often okay old open opinion option otherwise own part particular past people "
        "perhaps person pick picture piece place plain play plenty plus point portion position possible precise prefer presume pretty probable problem proof proper propose prove provide "
        "put quick quite raise rather read ready real reality reason recall recollect reckon recognise record refer regard relate relevant remain remark remember reply report represent "
        "require respect respond response rest result reveal review right round rule safe scene second see seem seen sense serious set settle several show side sign simple "
        "sit situation slight small sort sound speak specific spoke start state statement still stop story straight strict strong stuff suggest suit support suppose sure surprise "
        "suspect swear take taken talk tell term test thank think thought throw time today together told took topic total touch toward true truth try turn type "
        "understand use usual valid various view want way whatever whenever wherever whoever whole wish within wonder word work worth write yes yet "
        "aspect bring came come concern detail dig happy help lot message over step went "
        "absolutely actually apparently basically certainly clearly completely entirely evidently frankly fully honestly literally obviously "
        "plainly positively really simply surely totally truly utterly answer answers correct correctly accurate accurately anyone anybody someone somebody everyone everybody "
        "anything something everything conversation conversations dialogue chat chats exchange message messages memory memories note notes log logs transcript history question ask asked "
        "asking inquire query prompt curious mention mentioned discuss discussed discussion speaker speakers said say saying claim claimed ah hm hmm well oh so um"
    ).split()
) | TALK | DENYING
"""Stems that speak about talk, knowledge and certainty; beside the gold's and the question's words they answer nothing."""


def evades(pair: Pair) -> str:
    """Why an answer is none; empty where it may be one."""
    if _denies(pair):
        return "guard: the gold is denied and nothing is put in its place"
    if _hands_back(pair):
        return "guard: the question is handed back"
    return ""


def _left(answer: str, pair: Pair, gold: frozenset[str]) -> list[str]:
    """Stems of an answer that neither the question nor the gold holds and that say something."""
    return [word for word in dict.fromkeys(content(answer))
            if word not in DISCOURSE and not found(word, pair.asked) and not found(word, gold)]  # fmt: skip


def _denies(pair: Pair) -> bool:
    """Whether the answer holds the gold, denies something that the gold does not, and says nothing else."""
    if values.polarity(pair.gold) or values.refuses(pair.question):
        return False
    gold = frozenset(content(pair.gold)) | frozenset(tokens(pair.gold))
    bare = _without(pair.answer, pair.gold)
    if bare == pair.answer and (_PLAIN.search(pair.gold) or sum(found(w, pair.given) > 0 for w in pair.wanted) < 0.75 * len(pair.wanted)):
        return False
    cues = _cues(bare, _DENIAL) - _cues(pair.question, _DENIAL)
    left = len(_left(bare, pair, gold))
    if _denies_other(pair):
        return False
    if cues and left <= 1:
        return not _asserts(pair)
    foreign = not any(found(word, frozenset(content(bare))) for word in pair.asked)
    hints = cues | (_cues(bare, _HINT) - _cues(pair.question, _HINT))
    return bool(hints) and bare != pair.answer and foreign and 2 <= len(tokens(bare)) and left <= MOST_LEFT


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
        said = frozenset(content(sentence))
        words = said | frozenset(tokens(sentence))
        if sentence.endswith("?") or not all(found(word, words) for word in pair.wanted):
            continue
        echo = sum(found(word, said) > 0 for word in pair.asked) / max(len(pair.asked), 1)
        denial = _DENIAL.search(sentence)
        held = frozenset(content(sentence[: denial.start()])) | frozenset(tokens(sentence[: denial.start()])) if denial else words
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
    gold = frozenset(content(pair.gold)) | frozenset(tokens(pair.gold))
    left = len(_left(pair.answer, pair, gold))
    return left == 0 or left <= MOST_LEFT and _verbatim(pair)


def _verbatim(pair: Pair) -> bool:
    """Whether the question stands in the answer word for word, the question word and its verb apart."""
    asked = tokens(statement(pair.question))
    return len(asked) >= 5 and f" {' '.join(asked)} " in f" {' '.join(tokens(pair.answer))} "
