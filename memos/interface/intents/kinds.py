"""What an utterance is, apart from wishes to forget or leave out: small talk, a correction, a taste, a summary asked
for, something to be remembered, a question. Each is one test over the plain form (``plain.plain``)."""

from __future__ import annotations

import re

from memos.interface.intents.plain import clauses

_SMALL = (
    r"(?:hi|hiya|hello|hey|heya|howdy|yo|good (?:morning|afternoon|evening|night|day)|"
    r"(?:top of the )?morning|evening|greetings|"
    r"thanks?(?: you)?(?: so much| a lot| a million| for .*)?|thank you.*|many thanks|cheers|"
    r"ta|much appreciated|appreciate it|"
    r"bye|goodbye|good ?night|see (?:you|ya).*|talk (?:to you )?(?:later|soon)|take care|"
    r"so long|farewell|ok(?:ay)?|k|cool|great|nice|"
    r"awesome|brilliant|lovely|fantastic|wonderful|amazing|excellent|super|sure|yes|yeah|yep|"
    r"yup|no|nope|nah|lol|lmao|ha(?:ha)+.*|hehe.*|wow|"
    r"got it|understood|makes sense|fair enough|sounds (?:good|great)|perfect|welcome|"
    r"you're (?:welcome|the best|great|funny|so kind|amazing|a star|a "
    r"star)|no (?:problem|worries)|never ?mind|all good|alright|all right|right then|"
    r"well done|good job|good point|congrats|congratulations|"
    r"happy \w+(?: \w+)?|merry christmas|have a (?:\w+ )+|nice (?:to meet you|one|"
    r"talking to you)|pleased to meet you|how do you do|"
    r"same here|me too|i see|i'm fine|fine|not bad|good|pretty good|long time no see|"
    r"nothing much|not much|i'm (?:doing |feeling )?(?:well|fine|good|great|ok|okay)|"
    r"good to (?:hear|know)|good luck|sweet dreams|sleep well|oh|hmm+|huh|really)"
)
_GREETING = re.compile(rf"^\W*{_SMALL}\b[\w\s,'!.:)-]{{0,24}}$")
_GREETED = re.compile(
    rf"^\W*{_SMALL}\b[\s,!.]+(?:how|hope|what'?s up|nice|good|thanks|thank|long time|have|see|"
    rf"bye|talk|then|thx|all)\b[^?]{{0,32}}$"
)
_OF_SELF = re.compile(r"(?<!^)\b(?:i|i'm|i've|my|we|our|remember|forget|note|is|was|are|not)\b(?! see\b)")
_PHATIC = re.compile(
    r"^\W*(?:(?:hi|hiya|hello|hey|so|well|morning|good morning|good evening|"
    r"yo)\W+)*(?:how(?: are| is|'?s| have| has)? (?:you|it going|it been|"
    r"everything|things|life|your day|you doing|you been|are you)|how are things|"
    r"how did you sleep|how goes it|how do you do|what'?s up|what is up|what'?s new|sup|"
    r"who are "
    r"you|what are you|what(?:'s| is) your name|what can you (?:do|help(?: me)? with)|"
    r"how was your (?:day|night|weekend)|really|are you (?:there|sure|ok|okay|human|"
    r"real|an ai|a (?:bot|robot|human|machine|person))|is that so|you know what|guess what|"
    r"can you (?:hear|help) me|do you (?:sleep|dream|like jokes|have "
    r"feelings)|who made you|nice weather(?:,? isn't it)?|lovely (?:day|"
    r"weather)(?:,? isn't it)?)(?: doing| going| today| then| lately| feeling)*\W*$"
)
_CORRECT = tuple(
    re.compile(rule)
    for rule in (
        r"\b(?:actually|correction|erratum|scratch that|strike that|my mistake|my bad|"
        r"i stand corrected|in fact it's)\b",
        r"^\W*(?:no|nope|nah|wait|wait,? no|hm+,? no|oops|whoops|sorry|ah|oh|not quite|"
        r"rather)\b[\s,.!-]+(?:no\b[\s,.!-]+)?"
        r"(?:i |it|the |my |that|we |she |he |her |his |they |you |its )(?!you|love|think so|just wanted)",
        r"\b(?:that|this|it|what|you|your|memory|notes?|records?|which|the \w+|"
        r"my \w+)\b[^.?!]{0,45}?(?:'s|'re|\bis|\bare|\bwas|\bwere|\bhave|\bgot|\bhad|"
        r"\bhas)\b[^.?!]{0,25}?\b(?:wrong|incorrect|outdated|out of date|mistaken|false|"
        r"inaccurate|stale|not (?:right|true|correct|up to date)|off,|"
        r"mixed up|messed up|no longer (?:true|right|correct|valid)|obsolete)\b",
        r"\b(?:isn't|wasn't|aren't|ain't) (?:right|true|correct|accurate|up to date)\b",
        r"\bi (?:meant|misspoke|mistyped|was (?:wrong|mistaken)|made (?:a|an) (?:mistake|error|"
        r"typo)|got (?:it|that|this|my \w+) (?:wrong|mixed up)|gave you the wrong|"
        r"told you the wrong|should(?:'ve| have) (?:said|told)|meant to say|mixed (?:up|that up)|confused)\b",
        r"\bi (?:told you|said|wrote|mentioned|claimed)\b[^.?!]*\bbut\b",
        r"\b(?:it's|it is|that's|he's|she's|they're|we're|i'm|is|are|was|were|at|on|in|have|live|"
        r"means?|make it|called|for|starts?|be|takes?|born)\b[^.?!]*?(?:,| and|"
        r" -) ?(?:and )?not\b[^.?!]{1,40}[.!]*$",
        r"\binstead of\b|\brather than\b",
        r"\b(?:\w+n't|not)\b[^.?!]{1,35}[,;.-]+ ?(?:but |it's|it is|he's|she's|they're|i'm|we're|"
        r"it was|that's|we moved|i moved|but)\b",
        r"^\W*not (?:(?:on|in|at|the|a|my) )?[\w']+[,;]? (?:but )?(?:(?:on|in|at|the|a|my) )?[\w']+\W*$",
        r"\b(?:no longer|not anymore|not any more|\w+n't\b[^.?!]*\bany ?(?:more|longer))\b",
        r"\b(?:used to|formerly|previously)\b[^.?!]*\b(?:now|but|these days)\b",
        r"\bchanged my mind\b|\bhas changed\b|\bhave changed\b|\bhas moved to\b|\bturns out\b|"
        r"\bit turned out\b|\bmake (?:that|it) (?:a |the )?\w+",
        r"\bmy [\w' ]{2,30} (?:is|are) now\b|\b(?:is|are) now\b|\b(?:i'm|i|we|he|she|they) now\b|"
        r"\bmy [\w' ]{2,25} (?:has |have )?changed\b|\bnow (?:it's|he's|she's|they're)\b",
        r"\b(?:spelled|spelt|pronounced)\b|\byou keep (?:saying|calling|writing)\b|"
        r"\bit should (?:be|say|read)\b|\bshould be\b[^.?!]*\bnot\b",
        r"\b(?:let me|i need to|i have to|i must|allow me to|i want to|i'd like to) (?:correct|"
        r"rectify|amend|update|revise|clarify|fix)\b",
    )
)
_WRONG = 2
"""Which of them says that something is wrong."""
_AMEND = re.compile(
    r"^(?:update|change|correct|amend|fix|replace|edit|revise|adjust|rectify|overwrite|modify|"
    r"swap|put right|set right)\b"
    r"[^.?!]*?(?:\b(?:my|the|that|this|it|what|your|his|her|our)\b|:)"
)
_TASTE = (
    r"(?:like|likes|love|loved|loves|prefer|preferred|hate|hated|dislike|enjoy|enjoyed|adore|"
    r"detest|loathe|despise|favour|liked|cherish|crave)"
)
_OFTEN = (
    r"(?:(?:\w+ly|do|still|just|also|much|never|always|tend to|would|'d|most|quite|rather|now|"
    r"only|no longer|don't|didn't|do n't|kind of|sort of|generally|so|too|all) )*"
)
_PREFER = tuple(
    re.compile(rule)
    for rule in (
        rf"\b(?:i|we)(?:'d)? {_OFTEN}{_TASTE}\b(?! to know| it if you| you to| for you|"
        rf" my [\w ]+ (?:removed|deleted|erased))",
        r"\bi(?:'m| am) (?:\w+ )*(?:into|fond of|partial to|keen on|crazy about|mad about|sick of|"
        r"obsessed with|a sucker for|fan of|(?:a )?(?:\w+ )?fan\b|allergic to small)",
        r"\b(?:can't|cannot|couldn't) (?:stand|bear|abide|get enough of)\b|"
        r"\bi don't care (?:much )?for\b|\bnot (?:my thing|my cup of tea|a fan)\b|"
        r"\bmy cup of tea\b",
        r"\bmy (?:\w+ )*favourites?\b|\bis (?:one of )?my favourite|\bnothing beats\b|"
        r"\bwhat i (?:like|love|enjoy|hate) (?:best|most|is)\b|\bmy (?:preference|pet peeve)\b",
        r"\b(?:call|address) me\b|\brefer to me\b|\bi go by\b|\bi(?:'d| would) (?:much |"
        r"far )?(?:rather|sooner)\b(?! you)|\bgives me the creeps\b|\bdrives me (?:mad|crazy|"
        r"nuts)\b",
        r"^(?:really |absolutely |honestly )*(?:love|hate|prefer|adore|enjoy|dislike) (?!you\b)\w+",
    )
)
_SUMMARY = re.compile(
    r"\b(?:summar(?:y|ies|ise|ize)\w*|recap\w*|overview|gist|digest|synopsis|rundown|run-down|"
    r"tl;?dr|key points|main (?:points|things|ideas|topics|takeaways)|takeaways|"
    r"highlights|in (?:brief|short|summary|a nutshell)|in a few (?:words|sentences|lines)|"
    r"bring me up to (?:speed|date)|get me up to (?:speed|date)|catch me up|fill me "
    r"in|(?:short|brief|quick) (?:account|outline|report)|brief me|condense|boil down|"
    r"round up|pull together|outline|wrap up|state of play|"
    r"what(?:'s| has| have) (?:been )?(?:going on|happening|happened) with me|take stock|"
    r"big picture|essentials)\b|\bsum\b[^.?!]*\bup\b|\bsum up\b|"
    r"\b(?:walk|run|talk|take) me through (?:what|everything|all|the (?:important|main|"
    r"key))\b|\b(?:go|run) (?:over|through) (?:what|everything|all|the (?:main|key|"
    r"important))\b|"
    r"\bwhat (?:have|did) (?:we|i) (?:talk(?:ed)?|discuss(?:ed)?|been|cover(?:ed)?)\b(?! you)|"
    r"\brefresh my memory (?:with|on)\b"
)
_TELLS = re.compile(
    r"^(?:i|we|he|she|they|it|my \w+|the \w+)\b(?!'d| need| want| would| could| wish| have been)(?:'(?:m|ve|re|s))?\b"
)
_REMEMBER = re.compile(
    r"^(?:remember(?:ing)?(?! (?:when|how|what|who|where)\b.*\?)|don't just|memo\b|"
    r"(?:note|noting|jot|jotting|log|logging|record|recording|memorise|memorising|register|bookmark)\b(?!s\b)|"
    r"(?:write|writing|put|putting|mark|marking|take|taking|set|get|"
    r"type)\b[^.?!]{0,30}?\b(?:down|on record|in(?:to)? (?:your |the )?(?:memory|notes|"
    r"records|profile))\b|"
    r"(?:make|making|take|taking|leave)\b (?:a |another |mental |quick |yourself )*notes?\b|"
    r"(?:save|saving|store|storing|keep|keeping|file|filing|add|adding|commit|retain|preserve|"
    r"hold on to|hang on to|hold onto|hang onto|put)\b"
    r"(?! (?:calm|going|quiet|me company|up the)))"
)
_KEEPS = re.compile(
    r"\b(?:keep|bear|hold) (?:\w+ )?in mind\b|\bfor the record\b|\bfor (?:your|"
    r"future) (?:notes|records?|reference|memory)\b|\blet the record show\b|"
    r"\bto be remembered\b|\bremember (?:that|this|it|i|my|we)\b(?!.*\?)|\bremember:|"
    r"\bmake sure (?:that )?you (?:remember|know|note)\b|\byou should (?:know|remember)\b|"
    r"\bjust so you know\b|\bfyi\b|"
    r"\b(?:save|store|remember|write|note|keep) (?:this|that|it) (?:down|for (?:me|later|"
    r"next time|the future)|somewhere|in (?:your )?(?:memory|notes))\b|\bon record\b|"
    r"\bremind (?:me|yourself) to\b|\bcommit (?:this|that|it) to memory\b|\bput (?:this|that|"
    r"it) (?:in|on) (?:your )?(?:memory|notes|record)\b"
)
_WH = r"(?:what(?! (?:i|you|we|he|she)\b)|who|whom|whose|when|where|why|how|which)(?:'s|'re|'d|'ll)?"
_AUX = (
    r"(?:did|do|does|is|are|was|were|has|have|had|can|could|will|would|should|shall|am|may|"
    r"might|must|isn't|aren't|wasn't|weren't|don't|"
    r"doesn't|didn't|haven't|hasn't|can't|couldn't|won't|wouldn't|shouldn't)"
)
_ASK = re.compile(
    rf"\?\W*$|^\W*(?:(?:and|but|so|well|hey|ok|okay|then|now|please|sorry|um|erm|"
    rf"quick question|also)\b[\s,:]+)*(?:{_WH}\b|"
    rf"(?!don't|do (?:remember|note|keep|not|make|save|forget)|can't (?:stand|bear|"
    rf"wait))(?:{_AUX}) (?:i|you|we|they|he|she|it|my|the|your|our|his|her|their|there|this|"
    rf"that|any|[a-z]+)\b|any idea|tell me\b|"
    r"(?:give|show|find|get|send|read|fetch|list|look up|remind) me\b(?! (?:to|that i (?:have|"
    r"need|must))\b)|remind me (?:what|where|when|who|of|how|which)|look up\b|"
    r"i(?:'d like| want| need| would like) (?:to know|you to tell me)|i need (?:my|"
    r"the) [\w' ]*(?:number|code|name|address|password|pin|date|email|id)\b|"
    r"i wonder|i(?:'m| am) wondering|do tell|let me know (?:what|when|where|who|how|if|which))"
)


def chats(said: str) -> bool:
    """Whether it is small talk: greetings, thanks, a word in between."""
    if _PHATIC.match(said):
        return True
    return bool((_GREETING.match(said) or _GREETED.match(said)) and not _OF_SELF.search(said))


def corrects(said: str) -> bool:
    """Whether it says that something told before is otherwise."""
    return any(rule.search(said) for rule in _CORRECT) or any(_AMEND.match(clause) for clause in clauses(said))


def mistaken(said: str) -> bool:
    """Whether it says outright, and asks nothing, that what is remembered is wrong."""
    return not said.rstrip().endswith("?") and bool(_CORRECT[_WRONG].search(said))


def prefers(said: str) -> bool:
    """Whether it tells a taste of the speaker, or how they want to be called."""
    return any(rule.search(said) for rule in _PREFER)


def summarises(said: str) -> bool:
    """Whether it asks for a summary; who tells of one asks for none."""
    return bool(_SUMMARY.search(said)) and not _TELLS.match(said)


def remembers(said: str) -> bool:
    """Whether it asks outright to remember something."""
    return bool(_KEEPS.search(said)) or any(_REMEMBER.match(clause) for clause in clauses(said))


def asks(said: str) -> bool:
    """Whether it is a question, or asks to be told something."""
    return bool(_ASK.search(said))
