"""Chatter: exchanges that say nothing the key could be about.

Their vocabulary is a domain of its own (weather, sleep, queues, screens, laundry); a test holds that no word list of
the key shares an entry with it.
"""

from __future__ import annotations

from datetime import date

from eval.datasets.generated.chatter_topics import FURTHER_TOPICS

_TOPICS: tuple[tuple[str, str, str], ...] = (
    (
        "[I slept [badly|terribly|like a stone] [last night|again]|I was awake [half the night|since four|until two]], "
        "[no idea why|and the pillow is to blame|must be the full moon|my head would not switch off]",
        "[poor you|oh no|that sounds familiar]. [Have you tried reading something dull?|No screens before bed, they "
        "say.|"
        "An early night might help.|Maybe open a window?]",
        "[I'll try|I've tried everything|Maybe tonight|We'll see]. [At least|Well,] the coffee [was strong|helped a "
        "bit|is doing its job]",
    ),
    (
        "my phone [is at three percent|keeps freezing|wants yet another update|decided to restart twice], so [excuse "
        "me|sorry] if I "
        "[drop off|answer slowly|vanish mid-sentence]",
        "[mine is the same|they do it on purpose|technology, eh|don't worry]. [I switch mine off at night|I miss the "
        "old ones with a cord|"
        "I've stopped fighting it]",
        "[one day I'll throw it out of the window|the new ones are no better|anyway, still here|it will outlive us "
        "all]",
    ),
    (
        "[the queue|the line] at the post office was [endless|out of the door|a test of patience] [again|this time], "
        "[one counter open, of course|and nobody moved|and the machine was out of order]",
        "[it's always like that|at noon it's the worst|I gave up going there]. [Did you stay|Did you make it|How "
        "long did you stand there]?",
        "[in the end, yes|long enough to know every poster|I left, I admit it|longer than I care to say]",
    ),
    (
        "the people upstairs are [drilling|hammering|moving furniture|stamping] [again|at all hours|since dawn], [the "
        "walls shake|I can't hear "
        "myself think|it's driving me up the wall]",
        "[earplugs|a friendly note|loud singing] might [help|be the answer]. [Or wait it out|Or go up and ask|Or "
        "move to the bathroom]",
        "[I'm too polite for that|they'd only laugh|it has stopped, touch wood|I'll survive]",
    ),
    (
        "I've [done|folded|sorted] [three loads of|a mountain of|all the] laundry and [it all shrank|it's all "
        "pale pink now|the basket is full again]",
        "[the machine has a mind of its own|it never ends, does it|I let mine pile up]. [Accept it|Call it fashion|Who "
        "looks at sleeves anyway]",
        "[wise words|that's the spirit|you're right|I'll tell people it was on purpose]",
    ),
    (
        "how is it [that time already|so late again|evening again already]? [I haven't done a thing|The day just "
        "evaporated|"
        "I blinked and it was gone]",
        "[tell me about it|same here|it must be our age]. [I made a list and ignored it|My list only gets longer|I did "
        "the easy half]",
        "[tomorrow is another day|lists are overrated|we should be kinder to ourselves|it can wait]",
    ),
    (
        "[somebody|some company|a robot voice] keeps ringing me about [a survey|my insurance|a prize draw], "
        "[three times today|"
        "always during a meal]",
        "[hang up at once|I let them talk to the answering machine|I ask them for their number]. [It works|They hate "
        "that|Best cure there is]",
        "[I'm too slow|I'll try that|next time, for sure|I can't be rude, that's my trouble]",
    ),
    (
        "I [can't get a tune out of my head|keep humming the same jingle], [it's from an advert|and I don't even "
        "know the words], "
        "[help|it's torture|send another one]",
        "[don't sing it|please keep it to yourself|now I have one too], [I beg you|they are contagious|too late]",
        "[sorry|shared pain is half the pain|it will pass|you'll thank me one day]",
    ),
    (
        "the traffic lights [by the bridge|on the corner] are [out|stuck on red] [again|since the morning], [total "
        "chaos|everybody honks|"
        "a man in a vest waves at everyone]",
        "[I heard|I saw it], [what a mess|like a film]. [I took the long way|I walked instead|I stayed put]",
        "[smart|good call|next time I'll do the same|I was in the middle of it]",
    ),
    (
        "I [tidied|emptied|finally faced] the [drawer|cupboard|shelf] of [doom|shame|odds and ends], [it took "
        "hours|you wouldn't believe the dust]",
        "[I'm impressed|hero|I should do mine]. [Did you throw anything out|Was there a treasure|Do you feel lighter]?",
        "[two bags|not really|it's all back in, only neater|a bit, yes]",
    ),
    (
        "I [tried|had] the new coffee place [round the corner|by the station], [nice foam|far too hip for me|the "
        "chairs are instruments of torture]",
        "[I walked past it|people rave about it|so that's open now]. [Is it crowded|Are they friendly|Would you go "
        "again]?",
        "[yes and yes|only with a cushion|perhaps on a quiet day|the staff were lovely, to be fair]",
    ),
    (
        "did you see the [sky|clouds|moon] [this evening|earlier|last night]? [Unreal colours|Like a painting|I "
        "stood there with my mouth open]",
        "[I missed it|I saw it too|I was busy staring at a screen]. [Typical me|They say it was wonderful|Next time "
        "call me]",
        "[I will|it lasted five minutes|no photo does it justice|yes, pure magic]",
    ),
    (
        "I've got [hiccups|a runny nose|a stiff back|tired eyes] [today|since the morning], [ignore me|very "
        "elegant|bear with me]",
        "[a glass of water|holding your breath|fresh air|a hot bath] [usually helps|works wonders|is the classic]. "
        "[Hope it passes soon|Take care]",
        "[thanks|doing it right now|already tried|you sound like a doctor]",
    ),
    (
        "I [read|heard] that we should all [drink more water|walk more steps|sit up straight|breathe more slowly]. "
        "[Every week something new.|"
        "Who has the time?]",
        "[last week it was the opposite|I ignore all of it|I do it for a day and forget]. [Moderation is all|Common "
        "sense, I say|Whatever makes people happy]",
        "[amen|exactly|let's stay as we are|my thinking precisely]",
    ),
    (
        "the internet [went down|crawled|gave up] [in the middle of a call|all morning|twice today], [bliss, in a "
        "way|I was furious|so I stared at a wall]",
        "[did you turn it off and on?|the same happened here.|it's the cables, they say.] [It always comes back|Who "
        "knows|Patience]",
        "[it came back by itself|of course I did|I should complain|it feels like the old days]",
    ),
    (
        "I [forgot why I went into the kitchen|put the milk in the cupboard|called somebody by the wrong word], "
        "[it's getting worse|"
        "my brain is full|too many tabs open]",
        "[happens to the best|welcome to the club|I do it daily]. [Write things down|Blame the weather|Nothing to "
        "worry about]",
        "[I do, and cannot read my own writing|good idea|the weather it is|I feel better already]",
    ),
    (
        "what do you do when [you can't decide anything|a day just won't start|everything is a bit too much]? "
        "[Asking for myself|Honest question]",
        "[I go outside|I make a list|I clean something|I call you]. [Works half the time|Small steps|And then I have "
        "a nap]",
        "[noted|you're a wise one|that's oddly comforting|I'll begin with the nap]",
    ),
    (
        "they've [changed|moved|redone] [everything|all the shelves] in the supermarket, [I found nothing|I walked "
        "in circles|I came home with the wrong stuff]",
        "[they do it to confuse us|so I noticed|I asked a boy who works there and he shrugged]. [A "
        "conspiracy!|Shopping as a sport.|Why, though?]",
        "[quite|next time I'll take a map|I needed exactly one lemonade|never go in hungry]",
    ),
)
TOPICS = (*_TOPICS, *FURTHER_TOPICS)
"""Opening, reply and last word of an exchange."""

WEATHER: dict[str, tuple[str, str, str]] = {
    "winter": (
        "[it's freezing|the cold is back|my fingers are blue|what a grey week] [out there|here|today], [I wore two "
        "jumpers|the heating is on full|"
        "I don't want to leave the house]",
        "[same here|stay in|it's dark so early]. [A blanket and nothing else|Hot soup weather|At least it's cosy "
        "indoors]",
        "[exactly|roll on the sunshine|I'll hibernate|that's the plan]",
    ),
    "spring": (
        "[everything is turning green|the birds are so loud|the evenings are getting longer|what a fresh wind] "
        "[today|at last|here], [it does me good|"
        "I opened every window|I feel human again]",
        "[about time|I noticed too|here as well]. [I sneeze, but happily|Soon we can sit outside|Let's hope it stays]",
        "[fingers crossed|it won't, but never mind|enjoy every minute|yes, please]",
    ),
    "summer": (
        "[it's boiling|the heat is unbearable|not a breath of air|my shirt sticks to me] [here|today|again], [even "
        "at night|the blinds stay down|"
        "I move like a snail]",
        "[drink enough|cold showers|I sat in the shade all day]. [We complain in every season|It can't last|A storm "
        "would help]",
        "[let it come|true, true|I'd take rain any day|off to the shower]",
    ),
    "autumn": (
        "[the leaves are all down|it hasn't stopped raining|the fog is thick|what a storm] [today|here|this week], "
        "[my shoes are soaked|"
        "I do like it, strangely|it smells of wet earth]",
        "[candles on|the best season if you ask me|I hate the dark mornings]. [Boots and a scarf|Time for thick "
        "socks|Quite romantic though]",
        "[you and your moods|agreed|give me a rainy window any day|thick socks it is]",
    ),
}
"""The same for the weather of a season (of the northern half)."""

FILLERS = (
    "[anyway|so|well], [that's life|one thing at a time|it is what it is|enough of that]",
    "[funny how things go|time flies, doesn't it|who would have thought]",
    "[I shouldn't complain|mustn't grumble|could be worse]",
    "[hang on, somebody rang the bell|one second, the kettle]. [Back again|Right, where were we|False alarm]",
    "[you always make me laugh|I needed this chat|it's good to talk to you|you're a good listener]",
    "[remind me to call you more often|we should do this more often|I've missed our talks]",
)
ANSWERS = (
    "[ha|hm|mm], [true|fair enough|quite so|you have a point]",
    "[oh|ah|ha], [you poor thing|I can imagine|I know, I know|you make me smile]",
    "[I hear you|don't I know it|how very you|that sounds about right]",
)


def season(day: date) -> str:
    """Season of the northern half."""
    return ("winter", "spring", "summer", "autumn")[day.month % 12 // 3]
