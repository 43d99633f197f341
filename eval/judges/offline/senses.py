"""What single words do to a claim: deny it, call it false, turn to something else, vouch for it, hedge it, mock it."""

from __future__ import annotations

import re
from functools import lru_cache

_SENSES = {
    "no": (
        r"not|.*n't|never|no|nope|nah|naw|none|nobody|nothing|neither|nor|cannot|cant|dont"
        r"|isnt|wasnt|aint|without|hardly|scarcely|barely|nowhere|noone|negative|≠|✗|✘|❌"
    ),
    "false": r"false\w*|untrue|untruths?|incorrect\w*|wrong\w*|mistak\w+|err|errs?|error\w*|"
    r"erroneous\w*|inaccura\w+|invalid|mislead\w*|misled|mis[a-z]{4,}|myths?|"
    r"fabricat\w+|nonsense|bogus|hoax|lies?|lying|liars?|rumou?rs?|"
    r"fallac\w+|fake|rubbish|hogwash|baloney|invented|invention|fairy|"
    r"imaginary|herring|trap|blunder|slip|typo|impossible|implausible|"
    r"absurd|ridiculous|ludicrous|laughable|crazy|silly|unfounded|"
    r"faulty|flawed|dud|counterfeit|improbable|inconsistent|incompatible|unrelated|irrelevant|zero|nil|"
    r"baseless|unsupported|unheard|unthinkable",
    "deny": r"den(?:y|ies|ied|ying)|denials?|reject\w*|refut\w+|rebut\w*|disprov\w+|"
    r"contradict\w*|disagree\w*|disput\w+|dismiss\w*|discount\w*|debunk\w*|negat\w+|"
    r"rul(?:e|es|ed|ing)|exclud\w+|eliminat\w+|doubt\w*|retract\w*|withdr\w+|"
    r"overrul\w+|overturn\w*|contest\w*|challeng\w*|scratch\w*|scrap|strike|struck|"
    r"cross\w*|toss\w*|discard\w*|disregard\w*|forget|ignore|avoid|delete|"
    r"remove\w*|unlikely|fail\w*|lacks?|absent|absence|against|beg|disown\w*|"
    r"disavow\w*|cancel\w*|unsay|unsaid|recant\w*|revoke\w*|disqualif\w+"
    r"|disallow\w*|shook|object\w*|protest\w*|correct(?:ed|ion|ing)",
    "other": r"else|elsewhere|other|another|instead|differ\w*|opposite|reverse|contrary|"
    r"anything|everything|anyone|anywhere|apart|aside|besides|except\w*|unlike|"
    r"rather|than|far|beyond|off|away|out|least|last",
    "sure": r"sure|surely|positive|certain\w*|confident\w*|doubtless|definit\w+|"
    r"undoubtedly|clear\w*|obvious\w*|evident\w*|plain\w*|absolutely|indeed|really|"
    r"actually|truly|honest\w*|exactly|precisely|simply|just",
    "right": r"right|correct|correctly|true|truth|answer|answers|yes|yep|yeah|aye|bingo|"
    r"spot|fact|confirm\w*|verif\w*|match\w*|fits?|agree\w*|found|proof|prov\w+|"
    r"establish\w*|evidence",
    "think": r"think|thinks|thought|believe\w*|guess\w*|remember\w*|recall\w*|suppose\w*|"
    r"assume\w*|imagine\w*|reckon|say|says|said|tell|tells|told|claim\w*|"
    r"mention\w*|suggest\w*|expect\w*|hear|heard|know\w*|knew|read|swear|swore|bet|hope\w*",
    "would": r"if|would|wouldn't|had|were|weren't|could|couldn't|might|may|should|unless|as",
    "only": r"only|solely|but|all|always|every",
    "mocks": (
        r"please|sooner|queen|freeze|freezes|fairies|comedian|penny|break|pull|million|lol|haha"
        r"|lmao|kidding|joke|joking|dream|dreams|sure|wish|pigs|hell|foot|hat|moon|santa|unicorn\w*"
    ),
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _SENSES.items()}


@lru_cache(maxsize=16384)
def senses(token: str) -> tuple[str, ...]:
    """The senses of a lower-case word, the strongest first; most words have none."""
    return tuple(name for name, pattern in _PATTERNS.items() if pattern.fullmatch(token))
