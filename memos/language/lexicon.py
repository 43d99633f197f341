"""Closed classes of English words, and the common verb forms the rules rest on. Each class stands here once."""

from __future__ import annotations

DETERMINERS = frozenset("a an the this that these those some any".split())
DISTRIBUTIVES = frozenset("another each every".split())
POSSESSIVES = frozenset("my your his her its our their".split())
PRONOUNS = frozenset(
    "i you he she it we they me him us them myself yourself himself herself itself ourselves themselves mine "
    "yours hers "
    "ours theirs".split()
)
MODALS = frozenset("can could will would shall should may might must".split())
AUXILIARIES = frozenset("am is are was were be been being do does did doing done have has had having".split()) | MODALS
PREPOSITIONS = frozenset(
    "in on at to for with from by of about into onto over under through during after before between around near "
    "against "
    "without within along across like as than off out up down".split()
)
RELATIONAL = PREPOSITIONS | frozenset("behind inside outside since toward towards until till upon".split())
"""Prepositions with those that are places or conjunctions as well."""
NOUN_OPENERS = DETERMINERS | DISTRIBUTIVES | POSSESSIVES
"""Words that a noun phrase begins with."""
CONJUNCTIONS = frozenset("and or but so because since though although while if when where which who whom whose".split())
QUESTION_WORDS = frozenset("what which who whom whose when where why how".split())
FILLERS = frozenset(
    "really very so just also too well still even already again then there here now not no nor yes yeah yep yup "
    "ok okay hey "
    "hi oh wow thanks thank please much many more most lot lots such kind type sort".split()
)
ADVERBS = frozenset(
    """also always already almost actually definitely even ever finally hardly just kinda never now often once only
    probably quite rarely really recently seriously simply sometimes soon still then totally truly usually very
    currently
    certainly especially honestly lately mostly nearly""".split()
)
INTERJECTIONS = frozenset(
    """ah aw aww awesome absolutely agreed amazing bye cool congrats congratulations cheers definitely exactly fantastic
    glad good goodbye great haha hello hey hi hmm lol nice no nah oh ok okay perfect please right same see sounds sorry
    sure thanks thank true totally ugh welcome whoa woah woohoo wow yay yeah yep yes yup""".split()
)
"""Words that open sentences without adding a fact."""
LIGHT = frozenset(
    "get gets getting got let like made make makes making maybe only quite rather said same say something thing things "
    "few own more most lot lots".split()
)
"""Verbs and nouns so common that two statements share nothing by sharing them."""

CONTRACTIONS = frozenset(
    "i'm i've i'd i'll you're you've we're we've we'll it's that's there's they're he's she's don't didn't "
    "doesn't isn't aren't "
    "wasn't weren't haven't hasn't can't couldn't won't wouldn't".split()
)
"""Pronouns and auxiliaries with what has grown onto them."""
NEGATIONS = frozenset("not never no nor none nobody nothing neither nowhere cannot".split()) | frozenset(
    word for word in CONTRACTIONS if word.endswith("n't")
)
CLITICS = ("n't", "'s", "'m", "'re", "'ve", "'ll", "'d", "'t")
APOSTROPHES = "'’‘ʼ´`＇"
RUN_TOGETHER = frozenset(
    """dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt wouldnt couldnt shouldnt mustnt cant wont aint im
    ive youre
    youve theyre theyve weve thats whats theres hes shes""".split()
)
"""Contractions as they are typed in haste, where the letters are no other word."""
NEGATED_HALVES = frozenset(
    """don doesn didn isn aren wasn weren hasn haven hadn won wouldn couldn shouldn mustn mightn needn can shan ain
    daren""".split()
)
"""What stands before the ``'t`` of a negated auxiliary; words in their own right elsewhere (Don, won, haven)."""

IRREGULAR_PAST = frozenset(
    """ate became began bent bet bit blew bought bound bred broke brought built burnt came caught chose clung crept cut
    dealt did drank drew drove dug dreamt fed fell felt fled flew forgave forgot fought found froze gave got grew had
    heard held hid hit hung hurt kept knew laid lay learnt led left lent let lit lost made meant met misled mistook
    overcame paid put quit ran rang read rode rose said sang sank sat saw sent set shook shone shot shrank slept slid
    sold sought spent spoke spread sprang stole stood stuck stung struck swam swore swung taught thought threw told took
    tore understood upset was went wept withdrew woke won wore wound wrote were""".split()
)
PARTICIPLES = frozenset(
    """been begun become beaten bitten blown broken chosen come done drawn driven drunk eaten fallen flown forgotten
    forgiven
    frozen given gone gotten grown hidden known ridden risen run seen shaken shown spoken stolen sung swum sworn taken
    thrown
    torn woken worn written""".split()
)
BASE_AS_PAST = frozenset(
    "bet bit cut hit hurt let put quit read set spread upset lay wound found left cost shut split".split()
)
"""Past forms that are also a base form or another word."""
BASE_VERBS = frozenset(
    """accept add adore adopt agree am apply appreciate arrive ask assume bake be become begin believe book bring build
    buy call
    can care carry catch change check choose clean climb collect come cook could create cry cycle dance decide design
    did
    dislike do draw dream drink drive eat enjoy expect explain face fall fear feel fight find finish fix fly follow
    forget gave
    get give go got grew grow guess had handle hate have hear help hike hit hold hope imagine invest join keep kept
    knew know
    lead learn leave like listen live look lose love made make may mean meet might miss move must need never notice
    offer often
    only own paint pass pay pick plan plant play prefer prepare promise put ran read really realise realize receive
    recommend
    remember rest ride run said sang sat save saw say see sell send set share shall should show sing sit sleep speak
    spend
    spoke stand start stay still stop study suggest support swim take talk taught teach tell thank think thought threw
    told
    took train travel try turn understand use usually visit volunteer wait wake walk want was wash watch wear went were
    will win
    wish wonder work worked would write wrote also always already almost actually definitely even ever finally just
    probably recently totally truly currently honestly""".split()
)
"""Words that follow the pronoun I: base and past forms, auxiliaries, adverbs of frequency."""
SCHEDULED = frozenset(
    "leaves starts begins opens closes ends arrives departs flies runs comes goes returns meets plays lands "
    "moves happens "
    "takes turns finishes visits works".split()
)
"""Present forms that tell of a timetable."""
