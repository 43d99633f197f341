"""Closed lists of the judgement of updates: relatives, synonyms, fields of life, and cues of change."""

from __future__ import annotations

import re

KIN = {
    word: canon
    for canon, listed in {
        "mother": "mother mum mom mama mommy mummy",
        "father": "father dad papa daddy",
        "parents": "parents folks",
        "sister": "sister sisters sis",
        "brother": "brother brothers bro",
        "son": "son sons",
        "daughter": "daughter daughters",
        "child": "child children kid kids baby toddler grandchild grandchildren twins twin",
        "wife": "wife",
        "husband": "husband hubby",
        "partner": "partner spouse",
        "boyfriend": "boyfriend",
        "girlfriend": "girlfriend",
        "fiance": "fiancé fiancée fiance fiancee",
        "uncle": "uncle uncles",
        "aunt": "aunt auntie aunts",
        "cousin": "cousin cousins",
        "niece": "niece nieces",
        "nephew": "nephew nephews",
        "grandmother": "grandmother grandma granny nan nana",
        "grandfather": "grandfather grandpa granddad grandad",
        "grandson": "grandson",
        "granddaughter": "granddaughter",
        "inlaw": "mother-in-law father-in-law sister-in-law brother-in-law stepson stepdaughter stepmother stepfather",
        "friend": "friend friends buddy pal mate bestie",
        "boss": "boss manager supervisor",
        "colleague": "colleague colleagues coworker coworkers co-worker",
        "neighbour": "neighbour neighbor neighbours neighbors",
        "roommate": "roommate flatmate housemate",
        "landlord": "landlord landlady",
        "dog": "dog dogs puppy",
        "cat": "cat cats kitten",
        "horse": "horse pony",
        "rabbit": "rabbit rabbits bunny",
        "parrot": "parrot bird budgie",
        "hamster": "hamster hamsters guinea-pig",
    }.items()
    for word in listed.split()
}
"""People and pets that a statement can be about, by the word used for them."""
SERVING = frozenset(
    "doctor dentist therapist teacher coach tutor trainer lawyer hairdresser barber mechanic professor gp".split()
)
"""People who are somebody's only behind a possessive: ``my doctor's name``, not ``my doctor appointment``."""
WHICH = frozenset(
    """older younger oldest youngest elder eldest middle little big first second third fourth other one left right
    former late step half twin best upper lower front back garage work private business personal summer
    winter""".split()
)
"""Words that tell two things or people of one kind apart."""
SYNONYMS = {
    word: canon
    for canon, listed in {
        "like": "love loves loved adore adores enjoy enjoys like likes fond fan mad keen loving enjoying liking into",
        "dislike": "hate hates detest detests dislike dislikes loathe hating",
        "begin": "begin began begins start starts started starting beginning",
        "named": "called named name name's names",
        "fear": "afraid scared fear fears frightened terrified phobia",
        "own": "own owns owner have has had got having possess possesses belong belongs",
        "buy": "buy bought purchase purchased buying",
        "big": "big large huge",
        "child": "kid kids child children parent",
        "mother": "mum mom mother mama",
        "father": "dad father papa",
        "wed": "wedding married marriage marry wed",
        "live": "live lives living home reside resides resident residing",
        "birth": "born birthday birthplace birth",
        "allergy": "allergic allergy allergies",
        "job": "work works working job employed",
        "run": "run runs running jog jogs jogging",
        "swim": "swim swims swimming",
        "teach": "teach teaches teacher teaching",
        "play": "play plays player playing",
        "car": "car drive drives driving",
        "read": "read reads reading",
        "vegetarian": "vegetarian veggie",
        "flat": "flat apartment",
        "film": "film films movie movies",
        "doctor": "doctor physician",
        "shop": "shop store",
        "favourite": "favourite favorite",
        "colour": "colour color",
        "holiday": "holiday vacation",
        "football": "football soccer",
        "hike": "hike hikes hiking hikes",
    }.items()
    for word in listed.split()
}
FILLER = frozenset(
    """well know said say told tell mention mentioned remember way anyway still really yes oh remind again just also
    did told like did by course previously before actually absolutely always simply honestly quite much thing got get
    go goes going member keep""".split()
)
"""Words that add nothing to a statement said once more."""

EXCLUSIVE: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "home": r"\bliv(?:e|es|ing) (?:in|at|on|near|with|alone|by|outside|here|there)\b|\blived in\b|\bbased in\b|"
        r"\breloca\w+|\bresid(?:e|es|ing)\b|\bhome (?:is|for|town)\b|\bnew home\b|\bsettled (?:in|into|down)\b|"
        r"\bmoved? (?:in|out|into|away|back|house|flat|here|there)\b|\bmoved? (?:to|from) (?!(?:Mon|Tues|Wednes|"
        r"Thurs|Fri|Satur|Sun)day)(?-i:[A-Z])|"
        r"\b(?:my|our|his|her|their|a|an|the|own|new|\w+'s) (?:new |own |small |little |old |tiny )?(?:flat|"
        r"apartment|"
        r"house|home|studio|dorm|cottage|condo|place)\b|"
        r"\brent(?:s|ing)? (?:a|an|the) (?:room|flat|house|apartment|studio)\b|\bstay(?:s|ing)? (?:in|with|at) \w+|"
        r"\bshar(?:e|es|ing) (?:a|an|the) (?:flat|house|apartment|room)\b|\bmy address\b",
        "job": r"\bwork(?:s|ed|ing)? (?:as|at|for|in)\b|\bjobs?\b|\bemploy\w*|\bquit\b|\bfired\b|\blaid off\b|"
        r"\bretired?\b|\bpromot\w+|\bhired\b|\bcareers?\b|\bunemployed\b|\bintern\b|\bresign\w*|\bsacked\b|"
        r"\b(?:a|an|the|as) (?:\w+ )?(?:nurse|barista|chef|cook|accountant|developer|engineer|teacher|waitress|"
        r"waiter|"
        r"receptionist|lawyer|florist|driver|manager|doctor|dentist|pilot|cashier|gardener|editor|baker|carpenter|"
        r"plumber|electrician|journalist|designer|architect|librarian|mechanic|butcher|farmer|firefighter|officer|"
        r"scientist|analyst|consultant|programmer|secretary|assistant|clerk|salesman|tailor|hairdresser|photographer|"
        r"student|lead|director|freelancer|translator|paramedic|pharmacist|vet|soldier|actor|bartender|banker)\b",
        "relationship": r"\bsingle\b|\bmarried\b|\bdivorc\w+|\bengage(?:d|ment)\b|\bdating\b|\bgirlfriend\b|"
        r"\bboyfriend\b|\bfianc\w+|\bhusband\b|\bwife\b|\bseparated\b|\bbroke up\b|\bsplit up\b|\bseeing (?:a|some)|"
        r"\bin a relationship\b|\bbachelor\b|\btied the knot\b|\bwidow\w*|\bmy ex\b|\bmet someone\b|\bdumped\b|"
        r"\bgot together\b|\btogether with\b|\bbeen together\b",
        "diet": r"\bvegan\b|\bvegetarian\b|\beats? (?:\w+ )?(?:meat|fish|dairy|gluten)\b|\bpescatarian\b|\bketo\b|"
        r"\bplant.based\b|\bomnivore\b|\bmeat\b",
        "commute": r"\b(?:bus|train|tram|subway|metro|car|bike|bicycle|cycle|drive|walk|foot)\b.*\b(?:to work|"
        "to school|"
        r"to the office|commute)\b|\bcycles? to\b|\bcommut\w+|\bto (?:work|school|the office)\b.*\b(?:bus|train|tram|"
        r"subway|metro|car|bike|walk\w*|cycl\w*|driv\w*)\b",
        "degree": r"\bstud(?:y|ies|ying|ied)\b|\bmajor(?:s|ing)?\b|\bdegree\b|\benrolled\b|\bcollege\b|"
        "\buniversity\b|"
        r"\bthesis\b",
    }.items()
}
"""Fields of life in which one state holds at a time."""

ENDS = re.compile(
    r"\bno longer\b|\bany ?more\b|\bany longer\b|\bstopped\b(?! at\b| by\b| for\b)|\b(?:has|have|'ve|had|"
    r"to) stop(?:ped)?\b|"
    r"\bmanaged to stop\b|\bquit(?:s|ting)?\b|\bg[ai]ve(?:n|s)? (?:\w+ ){0,4}(?:up|away)\b|"
    r"\bgave (?:\w+ ){1,4}to\b|\bsold\b|"
    r"\bdropp(?:ed|ing)\b|\bcancel\w*|\bcall(?:ed|s)? (?:\w+ ){0,3}off\b|\bbroke up\b|\bbroken up\b|"
    r"\bsplit(?: up)?\b|"
    r"\bseparated\b|\bdumped\b|\bretired\b|\blaid off\b|\bfired\b|\bsacked\b|\b(?:my|his|her) ex\b|"
    r"\bpassed away\b|\bdied\b|\bstolen\b|\bgot rid of\b|\bmoved out\b|\bmoving out\b|\bwithdr[ae]w\w*|\bused to\b|"
    r"\bexpired\b|\bis off\b(?! to)|\bdecided (?:against|not)\b|\bchanged (?:my|his|her|their|our) mind\b|\bended\b|"
    r"\bnever\b.*\b(?:these days|now)\b|\bhave?n't\b.*\bsince\b|\bhasn't\b.*\bsince\b|\bafter all\b|\binstead of\b|"
    r"\brather than\b|\btraded (?:\w+ ){0,3}in\b|\breplaced\b|\bswitched\b|\blost interest\b|\bresigned\b|"
    r"\bdon't need\b|\bdoesn't need\b|\bno more\b|\bwe're done\b|\bover (?:horror|it|with)\b|\bgone\b|\bhung up\b|"
    r"\boff the\b|\bdonated\b|\bthrew (?:\w+ ){0,3}(?:away|out)\b|\bfell out\b|\bcan't stand\b.*\bnow\b|"
    r"\bgrew out of\b|"
    r"\bgrown out of\b|\bclosed\b|\bdeleted\b|\bunsubscribed\b|\bdissolved\b|\bscrapped\b|\bfell through\b|"
    r"\bended up not\b|\bdropped out\b|\bbacked out\b|\bbroke off\b|\blet (?:\w+ )?go\b|\bmade redundant\b|\bcured\b|"
    r"\breturned (?:the|my|his|her)\b|\bwrecked\b|\btotalled\b|\bran away\b|\bis over\b|\bput down\b|"
    r"\bcalled it quits\b|\bgraduat\w+ from\b|"
    r"\bhad to (?:sell|quit|cancel|drop|let|give (?:\w+ ){0,4}(?:up|away))\b",
    re.IGNORECASE,
)
"""Wordings that something has ended."""
LEAVES = re.compile(r"\b(?:left|leaving|leaves)\b", re.IGNORECASE)
"""An end only of a job, a home, a group or a relationship; elsewhere a departure."""
GROUPS = re.compile(
    r"\b(?:band|club|team|choir|group|church|committee|company|firm|party|board|orchestra|school|job|course|gym)\b",
    re.IGNORECASE,
)
CHANGES = re.compile(
    r"(?<!by )(?<!until )(?<!till )\bnow\b|\bnowadays\b|\bthese days\b|\blately\b|\bfrom now on\b|\bas of\b|"
    r"\bchanged\b|\bchanges\b|\bswitched\b|"
    r"\bbec[ao]me\b|(?<!is )(?<!are )\bnew\b(?= \w)|\bpromoted\b|\bstarted (?:a |at |as |to |working)|"
    r"\bpostponed\b|\brescheduled\b|"
    r"\bpushed (?:back|to|forward)\b|\bbrought forward\b|\bmoved\b|\bdelayed\b|\bextended\b|\braised\b|\bgrown\b|"
    r"\bdown to\b|\bup to\b|\binstead\b|\bfor good\b|\breloca\w+|\bhired\b|\bupgraded\b|\bcome to\b|\breached\b|"
    r"\bturned\b|\bgot (?:married|engaged|divorced|fired|promoted|myself|himself|herself|a new)\b|\bsince\b|"
    r"\bhas a (?:wife|husband|girlfriend|boyfriend)\b|\bmet someone\b|\btied the knot\b|\bhad (?:his|her|their|"
    r"my) \w+ child\b|"
    r"\bwas born today\b|\bat last\b|\bfinally\b|\bjust (?:turned|got|moved|started|became)\b|\bafter (?:a|his|"
    r"her|my) raise\b|"
    r"\bput off\b|\breassigned\b|\btransferred\b|\bshifted\b|\brenamed\b|\blowered\b|\bincreased\b|"
    r"\bdropped to\b|\bwent up\b|"
    r"\bwent down\b|\btook over\b|\bwill be\b|\bit'll be\b|\bthat makes\b|\bowes? (?:me )?\d|\bhave been living\b",
    re.IGNORECASE,
)
"""Wordings that something is otherwise than before."""
CORRECTS = re.compile(
    r"\bactually\b|\bsorry\b|\bI meant\b|\bcorrection\b|\bI was wrong\b|\bmisspoke\b|\bmistake\b|\bgot it wrong\b|"
    r"\bturn(?:s|ed) out\b|\bno,? wait\b|^No,|\bafter all\b|,\s*not \w+[.!]?$|\bI mixed up\b|\bI mixed\b|"
    r"\bmy bad\b|\brather\b|"
    r"\bto correct\b|\bscratch that\b|\bI misremembered\b|\bin fact\b",
    re.IGNORECASE,
)
"""Wordings that an earlier statement was wrong."""
ADDS = re.compile(
    r"\balso\b|\btoo\b[.!]?|\bas well\b|\banother\b|\bsecond\b|\badditionally\b|\bbesides\b|\bboth\b|\bagain\b|"
    r"\bin addition\b|\bon top of\b|\bfree time\b|\bon the side\b|\bpart.time\b|\bbrief(?:ly)?\b",
    re.IGNORECASE,
)
"""Wordings that something comes beside what was."""
PLANS = re.compile(
    r"\bwants? to\b|\bwould like\b|\b(?:I|we|he|she)'d (?:love|like)\b|\bhop(?:e|es|ing) to\b|\bplan(?:s|ning)?\b|"
    r"\bplanned\b|\bthinking (?:of|about)\b|\bconsider\w*|\bintends? to\b|\bdream(?:s|ing)?\b|\b(?:one|"
    r"some) day\b|\bmight\b|"
    r"\bsaving (?:up )?for\b|\bgoing to\b|\bwould love\b|\bapplying\b|\bmaybe\b|\bperhaps\b|\bnext year\b|"
    r"\bwill\b|\bI'll\b|"
    r"\bwon't\b|\btraining for\b|\bflying to\b|\bcoming for\b|\bis coming\b|\bdecided\b|\bidea of\b|"
    r"\bthe trip\b|\btempted\b|"
    r"\bit'll\b|\bmind about\b|\baren't starting\b|\bisn't starting\b|\bisn't coming\b|\bcan't make it\b|"
    r"\blooking for\b",
    re.IGNORECASE,
)
WISHES = re.compile(
    r"(?<!not )(?<!n't )(?<!longer )\b(?:wants? to|would like|(?:I|we|he|she)'d (?:love|like)|hop(?:e|es|ing) to|"
    r"plans?|planning|thinking (?:of|about)|consider\w*|intends? to|dream(?:s|ing)? of|might|saving (?:up )?for|"
    r"would love|"
    r"applying|tempted|next year|will|I'll|about to|thinks? of|need to|should)\b|\b(?:one|some) day\b|"
    r"(?:\b(?:am|is|are|was|were)|['’](?:m|re|s))(?: (?!not\b)\w+)? going to\b",
    re.IGNORECASE,
)
"""Wishes and plans, which change nothing yet; ``stopped going to church`` is none."""
ASKS = re.compile(
    r"\?\s*$|^(?:what if|if|suppose|supposing|imagine|i wonder|let's say|perhaps|maybe|in case)\b|\bwhether\b|"
    r"\bwould (?:have|be)\b|\bmight have\b|\bcould have\b|\bif (?:I|he|she|we|they|you)\b",
    re.IGNORECASE,
)
"""Questions and hypotheses."""
PASTS = re.compile(
    r"\bas a (?:child|kid|teenager|student|boy|girl)\b|\bwhen (?:I|he|she|we|they) (?:was|were)\b|\bbefore that\b|"
    r"\bpreviously\b|\bformerly\b|\buntil (?:\d{4}|last|then)\b|\bin the (?:nineties|eighties|seventies|past)\b|"
    r"\byears ago\b|"
    r"\bat school\b|\bgrew up\b|\bback then\b|\bfirst (?:car|job|house|flat|dog|cat|phone|bike)\b|"
    r"\bfor a long time before\b|"
    r"\bfrom \d{4} to \d{4}\b|\bin (?:my|his|her) (?:twenties|thirties|teens|youth|childhood)\b|\bonce upon\b|"
    r"\bas a little\b|\bin (?:19|200|201)\d{1,2}\b|\bused to\b|\bonce (?:lived|worked|had|owned|played)\b|"
    r"\bin those days\b|"
    r"\bearlier in (?:life|my)\b|\bin college\b|\byears back\b",
    re.IGNORECASE,
)
"""Wordings that speak of a time before."""
BRIEF = re.compile(
    r"\bfor the (?:week|weekend|day|night|month|moment|summer)\b|\btoday\b|\bthis (?:week|weekend|month|morning|"
    r"evening)\b|"
    r"\bon (?:a )?(?:holiday|vacation|business)\b|\bvisiting\b|\btonight\b|\blast (?:night|match|time)\b|"
    r"\bby accident\b|"
    r"\byesterday\b|\bborrow\w*|\bfor a few days\b|\btemporar\w+|\bfor now\b|\bthis once\b|\bexception\w*|"
    r"\bat the (?:wedding|party|ball)\b",
    re.IGNORECASE,
)
"""Wordings of an exception that leaves a habit or a state as it is."""
LIKING = re.compile(
    r"\b(?:love|loves|like|likes|enjoy|enjoys|adore|adores|fond of|a (?:big |huge )?fan of|prefer|prefers|"
    r"favou?rite)\b",
    re.I,
)
DISLIKING = re.compile(
    r"\b(?:hate|hates|dislike|dislikes|can't stand|cannot stand|detest|detests|don't like|doesn't like|lost interest|"
    r"don't love|doesn't love|don't enjoy|doesn't enjoy|afraid of|sick of|tired of)\b",
    re.I,
)
