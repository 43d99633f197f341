"""An utterance in plain form: lower case, straight quotes, whole words for what is typed short, no politeness."""

from __future__ import annotations

import re
from functools import lru_cache

_SHORT = {
    "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "cant": "can't", "cannot": "can't", "wont": "won't",
    "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "shouldnt": "shouldn't", "wouldnt": "wouldn't",
    "couldnt": "couldn't", "mustnt": "mustn't", "neednt": "needn't", "havent": "haven't", "hasnt": "hasn't",
    "im": "i'm", "ive": "i've", "pls": "please", "plz": "please", "plss": "please", "u": "you", "ur": "your",
    "r": "are", "4get": "forget", "luv": "love", "thx": "thanks", "ty": "thanks", "rember": "remember",
    "memorize": "memorise", "summarize": "summarise", "favorite": "favourite", "gonna": "going to", "wanna": "want to",
    "em": "them", "tmrw": "tomorrow", "abt": "about", "smth": "something", "wat": "what", "wut": "what",
}  # fmt: skip
_TARGETS = ("remember", "forget", "delete", "please")
_OTHERS = frozenset(
    "forgot forgets forges forged forger deleted deletes dilute remembers remembered member pleased pleases pleas "
    "lease pleasure delegate forge forgetting forgotten relate elite deplete".split()
)
"""Words near a target that are words of their own."""
_WORD = re.compile(r"[\w'’]+")


def plain(text: str) -> str:
    """The utterance in plain form; punctuation stays, it parts clauses."""
    text = " ".join(text.translate(_QUOTES).lower().split())
    text = re.sub(r"\b(do|does|did|is|was|are|should|would|could|must|need|have|has) n['o]?t\b", r"\1n't", text)
    text = re.sub(r"\b(do|does|did|is|was|should|would|could|must) not\b", r"\1n't", text)
    return _WORD.sub(lambda match: _whole(match.group()), text)


_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


@lru_cache(maxsize=4096)
def _whole(word: str) -> str:
    if word in _SHORT:
        return _SHORT[word]
    if word in _OTHERS or len(word) < 5:
        return word
    return next((target for target in _TARGETS if abs(len(word) - len(target)) < 2 and _near(word, target)), word)


def _near(word: str, target: str) -> bool:
    """Whether one letter too many, missing, wrong or swapped with its neighbour makes the word of the target."""
    if word == target or word[0] != target[0]:
        return word == target
    at = next((n for n, (a, b) in enumerate(zip(word, target, strict=False)) if a != b), min(len(word), len(target)))
    rest, other = word[at:], target[at:]
    swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    return rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or swapped


_LEADS = (
    r"would you mind|do you mind|could i ask you to|can i ask you to|may i ask you to|do you think you could|"
    r"(?:would|could) you be so kind as to|could you be a dear and|please|kindly|"
    r"pretty please|just|actually|honestly|hey|hi|ok|okay|so|oops|whoops|oh no|oh|erm|um|uh|"
    r"well|now|then|"
    r"and|but|also|right|wait no|wait|no|yes|yeah|hm|hmm|sorry|look|listen|memo|in fact|do me a favour and|"
    r"do me a favor and|be so kind as to|if you (?:would|could) be so kind as to|if (?:it is|"
    r"it's) possible|if possible|"
    r"(?:can|could|would|will|may|might) (?:you|we|i)(?: please| kindly| also| just| perhaps| maybe)*|"
    r"i(?:'d| would) (?:like|love|prefer)(?: it)?(?: for)? you to|i(?:'d| would) like to|"
    r"i(?:'d| would) be grateful if you|"
    r"i (?:want|need|ask|urge|beg|expect)(?: for)? you to|i(?:'m| am) asking you to|i (?:just )?(?:want|need|wish) to|"
    r"it(?:'s| is) time (?:for you )?to|time to|let's|let us|let me|you (?:can|should|may|"
    r"must|could|might|need to|have to)|"
    r"is it possible to|would it be possible to|"
    r"is there (?:a|any) way (?:for you )?to|is it possible for you to|go ahead and|"
    r"feel free to|try to|make sure (?:to|you)|"
    r"be sure to|see that you|i hope you|do|under gdpr i request|i request|i demand|i(?:'m| am) begging you to|"
    r"my request is to|permanently|completely|irreversibly|irrevocably|entirely|fully|totally|really|simply|ever"
)
LEAD = re.compile(rf"^[\s,:\"'-]*(?:(?:{_LEADS})\b[\s,:-]*)+")
"""What stands before a command without changing it."""
_CLAUSE = re.compile(r"[.!?;:,()\n]+\s*|\s-\s|\s(?:and|but|so|then|because)\s(?=\S)")


def clauses(text: str) -> list[str]:
    """The clauses of a plain text, each without what leads it in."""
    whole = re.sub(r"\b(each) and (every)\b|\b(any) and (all)\b", r"\1\3 \2\4", text)
    return [clause for part in _CLAUSE.split(whole) if (clause := bare(part))]


def bare(clause: str) -> str:
    """A clause without its lead."""
    return LEAD.sub("", clause.strip(), count=1).strip()
