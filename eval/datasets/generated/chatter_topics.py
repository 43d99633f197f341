"""Further topics of chatter; the same rules as in ``chatter``."""

from __future__ import annotations

FURTHER_TOPICS: tuple[tuple[str, str, str], ...] = (
    (
        "do you ever [reply to somebody in your head and forget to send it|write a message and delete it again]? [I "
        "did it twice today|Now people think I'm rude]",
        "[constantly|you too|that explains a lot], [I thought you were ignoring me|my head is full of unsent "
        "messages|it's the story of my life]",
        "[never on purpose|sorry about that, then|we should talk more and type less]",
    ),
    (
        "the lift in our building is [stuck|out of order|making a strange sound] [again|as of this morning], so [I "
        "take the stairs|my calves are burning|nobody carries water crates]",
        "[free exercise|look on the bright side|at least you'll sleep well]. [How many floors was it again|Has "
        "anybody called the company|Do they ever fix it]?",
        "[too many|they promise and promise|let's call it fitness|I've stopped counting]",
    ),
    (
        "I [watered|nearly killed|talked to] the one houseplant I own, [it looks at me with reproach|it's all "
        "stalk|it leans towards the door]",
        "[they like to be ignored|maybe it wants light|mine are made of plastic]. [No judgement|It's a living "
        "thing|Turn it round now and then]",
        "[I'll turn it round|it's doing better than me|plastic sounds tempting|poor thing]",
    ),
    (
        "is it just me or is everything [louder|more expensive|faster|shinier] than it used to be? [I sound like my "
        "grandparents|I must be getting old]",
        "[it's not just you|we all say that|I noticed that as well]. [Perhaps we remember only the quiet bits|The "
        "world has no volume knob|Blame progress]",
        "[progress it is|I'll write a stern letter|let's grumble together|pass me a rocking chair]",
    ),
    (
        "I tried to [meditate|do some stretching|sit still for ten minutes], [my mind went to the shopping "
        "list|something cracked|I fell asleep]",
        "[that counts|I know the feeling|it takes practice]. [Don't give up|An app shouted at me once|Try again when "
        "you're less tired]",
        "[maybe at the weekend|I may have snored|I admire people who can do it|as if I was ever less tired]",
    ),
    (
        "there was [a power cut|a strange smell in the stairwell|a fire drill] [this morning|earlier], [everybody "
        "stood about in slippers|people actually talked to each other|it was over in no time]",
        "[oh, exciting|how odd|that's how one meets people]. [What was it in the end|Did anyone come|Did they tell "
        "you why]?",
        "[nobody knows|a false alarm|somebody burnt toast, they say|it's a mystery]",
    ),
    (
        "a delivery [came|was supposed to come] [between eight and six|while I was in the shower], [of course I "
        "missed it|and I waited like a fool|the card says somewhere round the block]",
        "[they wait until you turn on the water|I'm convinced they hide|that's their special skill]. [Was it "
        "something important|Will they try again|Can you pick it up]?",
        "[just boring envelopes|they say so|I'll find out|nothing that can't wait]",
    ),
    (
        "I've [made|written] a list of things to do and [put it in the wash|done the last point first], "
        "[typical me|so the day is saved]",
        "[then you're free|sign from above|start a new one]. [I tick off things I've done already|Mine has breathing "
        "on it|Lists breed]",
        "[what a trick|I'll steal that|genius|my next list will have one line]",
    ),
    (
        "everybody [around me|on the tram|in the waiting room] is [coughing|sneezing], [I hold my breath|I wash my "
        "hands all day|it's only a matter of time]",
        "[stay healthy|it's going round|vitamins]. [I've had mine already|Sleep helps, they say|I open the windows "
        "every hour]",
        "[so far I'm fine|touch wood|I eat onions, nobody comes near me|we'll see]",
    ),
    (
        "I [looked at|sorted] old [photos|letters] [by accident|instead of cleaning], [the haircuts|we were so "
        "young|half the faces mean nothing to me]",
        "[please burn the ones with me|I'd love to see them|that's dangerous, hours go by]. [The clothes, my "
        "goodness|Did you keep them|Nostalgia is a trap]",
        "[they're back in the box|I laughed until I cried|I'll show you some day|it's a sweet trap]",
    ),
    (
        "I [dreamt|had a dream] that [I could fly but only sideways|I was late for something and had no shoes|a "
        "staircase never ended], [so real|I woke up exhausted]",
        "[you worry too much|what did you have for supper|I never remember mine]. [Dreams are odd|They say it means "
        "change|It means you need a break]",
        "[or cheese late at night|I'd like a refund|no more late suppers|let's not analyse it]",
    ),
    (
        "[somebody|a child] on the tram [stared at me|told me a whole story|made faces at me] [today|this morning], "
        "[it made my day|I had no idea what to say]",
        "[that's sweet|it must be your face|these small moments]. [What did you do|Did you laugh|I wish that "
        "happened to me]",
        "[I smiled, what else|I was oddly proud|it's the little things|I still have to grin]",
    ),
    (
        "I can't [open this jar|get this lid off|read the small print on anything], [how humiliating|my arms are "
        "noodles]",
        "[hot water|a rubber band|a spoon under the edge] [does the trick|works for me]. [Or ask a tall person|Or "
        "give up gracefully|Never force it]",
        "[it gave in, at last|I'll remember that|I accept defeat|you're full of wisdom]",
    ),
    (
        "my [alarm|alarm clock] [didn't go off|went off at four|played the wrong song], [so I ran|I was awake "
        "anyway|what a start]",
        "[I have two of them|there's a conspiracy of alarms|oh, I hate that]. [Were you late|Did you get breakfast "
        "at least|Do you snooze as well]?",
        "[just in time, no dignity|I always snooze|toast in one hand|don't ask]",
    ),
    (
        "I promised myself [less screen time|to go to bed early|to be more patient], [it lasted an hour|and here we "
        "are|wish me luck]",
        "[an hour is something|you're only human|I gave up promising]. [Small goals|Nobody's perfect|Start again on "
        "a Monday]",
        "[always on a Monday|that's kind of you|I like small goals|tomorrow, then]",
    ),
    (
        "the street is [being dug up|full of cones|closed] [again|for the third time], [nobody knows why|for pipes, "
        "I think|the noise is something else]",
        "[they bury things and forget them|it's the season for it|here too]. [How long will it last|Do they at least "
        "take breaks|My windows shake]",
        "[until forever, says the sign|they take long breaks|I might move into earplugs|the pipes must be very happy]",
    ),
    (
        "have you noticed how [nobody whistles any more|people walk while staring at their hands|every door beeps "
        "these days]? [Funny|I find it a little sad]",
        "[now that you say it|I whistle in the stairwell|I never thought about it]. [Times change|We could bring it "
        "back|I'm guilty as well]",
        "[let's start a movement|I walked into a lamp post, so I'm no better|it's not a tragedy|you and I against "
        "the beeps]",
    ),
    (
        "I [burnt|ruined|dropped] my lunch, so it's [bread and butter|leftovers|plain noodles] [again|for me]",
        "[simple food is the best|it happens|I live on that]. [A bit of salt helps|Did the smoke alarm join in|Think "
        "of it as a diet]",
        "[it tasted all right|there's always the corner kiosk|I'm not proud|I've had worse]",
    ),
    (
        "I sat [on a bench|in a meeting|in a waiting room] for [ages|an eternity] [today|this morning], and [nothing "
        "happened|somebody hummed the whole time|my leg fell asleep]",
        "[sounds relaxing|how dull|that's life]. [Did you take something to read|I count the ceiling tiles|At least "
        "you sat]",
        "[I counted them too|never again without something to read|it was almost peaceful|the humming was quite good]",
    ),
    (
        "I had [an argument with|a staring match against] [the ticket machine|the self-checkout], [it called "
        "for assistance|the whole line watched me]",
        "[machines smell fear|they don't like me either|unexpected item, as ever]. [Stay calm|Kick it gently|Go to a "
        "human]",
        "[there was no human|calm is not my strength|I paid in coins, out of spite|we're not on speaking terms now]",
    ),
    (
        "I need [a holiday from my holiday plans|a day with more hours|a clone], [too much to do|everybody wants "
        "something|I run in circles]",
        "[say no more often|one thing after the other|sit down first]. [It will all get done|Half of it isn't "
        "urgent|Breathe]",
        "[easier said than done|you're right as usual|I'm breathing|I said yes to two more things while we talked]",
    ),
    (
        "some [teenagers|students] [asked me for directions|called me sir or madam|held the door for me]. [Am I that "
        "old|I was touched]",
        "[it's the shoes|welcome to the club|they meant well]. [I get that every week|Take it as respect|You don't "
        "look a day older]",
        "[flatterer|I'll change the shoes|I sent them the wrong way, I fear|respect it is]",
    ),
)
