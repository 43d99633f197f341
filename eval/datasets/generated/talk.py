"""What speakers say around a fact: greetings, openings, reactions, hearsay, introductions, corrections, farewells."""

from __future__ import annotations

GREETINGS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "[hi|hey|hello|good to hear you], {other}! [How are things|How have you been|All well with you|How is "
            "everything]?",
            "{other}, [there you are|finally|hello, hello]! [How's life|How goes it|How are you holding up]?",
            "[long time no talk|I was just thinking of you|perfect timing], {other}. [How are you|You all right]?",
        ),
        (
            "[hi|hey|hello] {other}! [Not too bad|Fine, thanks|Surviving|Pretty good|A bit tired, but fine][, and "
            "you?|. And yourself?||.]",
            "{other}! [So nice to hear from you|I was hoping you'd call|Always time for you]. [All good here|No "
            "complaints|Busy as ever]",
            "[oh, you know|the usual|can't complain|up and down], {other}. [One day at a time|Better now|Happy to "
            "chat]",
        ),
    ),
    (
        (
            "[morning|hello there|hey you], {other}[, got a minute|, is this a good time|, free to chat]?",
            "[hi|hey|hello] {other}[, it's me again|, me again|]. [Do you have a moment|Am I interrupting|Shall we "
            "talk a little]?",
            "[knock, knock|anybody home|are you there], {other}? [I have a break|I could do with some company|It's "
            "been a while]",
        ),
        (
            "[sure|of course|always], {other}. [I just sat down|Let me get comfortable|I have all evening]",
            "[for you|any time|go ahead], {other}[. The dishes can wait|, I was bored anyway|. What a nice surprise|]!",
            "{other}! [Perfect, I needed a break|Good that you call|I was about to ring you]",
        ),
    ),
)
"""Greetings with the answers that fit them."""

FAREWELLS = (
    "[I have to run|I must go|time to hang up], {other}. [Talk soon|Speak soon|Until next time|Take care]!",
    "[right|okay|well], [duty calls|dinner won't cook itself|my bed is calling]. [Bye|Take care|Hugs], {other}!",
    "[let's talk again soon|we'll continue next time|keep me posted], {other}!",
    "[so good to catch up|thanks for the chat|this was lovely], {other}. [Bye for now|Speak soon|Look after yourself]!",
)
LAST_WORDS = (
    "[bye|take care|see you|so long], {other}[, sleep well|, be good|, speak soon|]!",
    "[you too|and you|likewise], {other}! [Bye|Until soon|Big hug]",
    "[off you go|until next time|bye-bye], {other}[. It was fun||. Give my love to everyone]!",
)
PROMPTS = (
    "[so|now|and], [what's new with you|what have you been up to|any news|what's going on in your life]?",
    "[enough about me|but tell me], [how are you getting on|what's the latest|what's happening on your side]?",
    "[anything exciting|anything to report|any stories] [lately|since last time|from you]?",
    "[you sound|you seem] [cheerful|full of news|like you have a story]. [Go on|Out with it|Tell me]!",
    "[your turn|over to you|now you]. [What else is there|What did I miss|I want to hear everything]?",
    "[I talk too much|enough of my chatter]. [And with you|What about your end|What's cooking]?",
    "[wait, you wanted to tell me something|you were about to say something], [right|weren't you|or not]?",
    "[mm|right|okay], [go on|I'm listening|do tell|tell me]",
)
OPENERS: dict[str, tuple[str, ...]] = {
    "glad": (
        "[guess what|big news|listen to this|you won't believe it]: ",
        "[I have to tell you something|good news for once|ha, I've got news]: ",
        "[so|oh|right], ",
        "[by the way|before I forget|speaking of nice things], ",
        "[here's a thing|want to hear something fun]: ",
        "",
        "[well|okay|hey], ",
        "",
    ),
    "sorry": (
        "[not my best week|bad luck again|you'll laugh|I need some pity]: ",
        "[well|so|sigh], ",
        "[typical|of course|just my luck]: ",
        "",
        "[since you ask|to be honest|by the way], ",
        "[one annoying thing|small drama]: ",
    ),
    "plain": (
        "[by the way|before I forget|oh, and|speaking of which], ",
        "[so|well|right|now], ",
        "",
        "[small update|a bit of news|did I mention]: ",
        "[since we last spoke there is news|let me think, news|what else]: ",
        "",
    ),
}
ABOUT_OTHERS = (
    "[news from|an update on|you remember] {short}? ",
    "[I spoke to|I heard from|I got a message from] {short}. ",
    "[{short} sends greetings|{short} rang me]. ",
    "[about {short}|as for {short}]: ",
    "[oh|so|well], ",
    "",
)
HEARSAY = (
    "I [ran into|bumped into|met] {short} [in the street|at the market|by chance]. ",
    "[guess who I saw|you'll never guess who I met]: {short}! ",
    "{short} [wrote to me|called me|sent me a long message][ with news| the other evening|]. ",
    "[I have news about|there's something new about|I heard something about] your {relation}, {short}. ",
    "[a little bird told me something|listen, I know something] about {short}. ",
    "{short} [sat next to me on the bus|was in front of me at the checkout] [and told me this|and we talked]. ",
)
TAILS = {
    "glad": (
        "[I'm still grinning|I couldn't be happier|I'm over the moon|it made my week]",
        "[it feels a bit unreal|I still can't believe it]",
        "[long overdue, I know|about time too|it was high time]",
        "[you should have seen it|wish you'd been there|I thought of you]",
    ),
    "sorry": (
        "[I could have cried|I was so cross|not my finest hour]",
        "[it could have been worse, I suppose|nobody to blame but luck|oh well]",
        "[I'm still annoyed|it ruined the mood|I've had better weeks]",
    ),
    "plain": (
        "[that's about it|nothing spectacular|so it goes]",
        "[small things, but still|it keeps life interesting|we'll see how that goes]",
        "[I thought you'd like to know|just so you know|now you're up to date]",
    ),
}
REACTIONS: dict[str, tuple[str, ...]] = {
    "glad": (
        "[wow|oh|ha|no way], [that's wonderful|how exciting|lovely|good for you|brilliant]",
        "[I'm so happy for you|you deserve it|how nice]",
        "[really|seriously|are you kidding]? [That's great|I love it|I'm jealous]",
        "[oh, I like that|what fun|that sounds like you]",
    ),
    "proud": (
        "[congratulations|well done|hats off|bravo][, I mean it|, you star|]",
        "[I'm impressed|I could never do that|what an effort]",
        "[wow|oh|ha], [you did it|who would have guessed|that's something|good for you]",
        "[I knew you could|you never do things by halves]",
    ),
    "sorry": (
        "[oh no|ouch|oh dear|how annoying], [I'm sorry|poor you|that's rotten luck]",
        "[what a nuisance|that's the last thing you need]",
        "[hugs|chin up|it will get better]",
        "[no|really]? [What a pity|That's awful|I feel for you]",
    ),
    "plain": (
        "[oh|ah|I see|right], [good to know|interesting|I had no idea|nice]",
        "[fair enough|makes sense|why not]",
        "[you're always up to something|there's always something with you]",
        "[sounds good|sounds like you|I can picture it]",
    ),
}
REACTIONS["calm"] = (
    "[I'll remember that|noted|I'll keep that in mind][, for next time||]",
    "[really|oh|ah|hm], [that fits you|I can picture that|that's so you]",
    "[I'd never have guessed|you never told me|I did wonder about that]",
    "[each to their own|to each their own|we're all different]",
    "[good to know|thanks for telling me|I see|fair enough]",
)
"""What is said to traits, tastes and states."""
REACTIONS_OTHERS = {
    "calm": ("[is that so|really|oh, yes]?", "[good to know|I had no idea|thanks for telling me|you meet all sorts]"),
    "proud": (
        "[say congratulations|tell <me> well done|hats off]",
        "[impressive|wow|good for <me>]! [I could not do that|Pass on my respect]",
    ),
    "glad": (
        "[good for <me>|how lovely|say congratulations]",
        "[oh, nice|wow|great]! [I like hearing that|Give my love]",
    ),
    "sorry": ("[oh no|poor thing|how awful]", "[send my best wishes|I hope it gets better|what rotten luck]"),
    "plain": ("[interesting|I see|ah]", "[good to know|thanks for telling me|I was wondering about that]"),
}
AFTERTHOUGHTS: tuple[tuple[str, str], ...] = (
    (
        "[and how do you feel|are you happy with it|and now]?",
        "[still getting used to it|ask me in a month|good, I think|happy, mostly]",
    ),
    (
        "[did you expect that|did you see that coming|was it a surprise]?",
        "[not at all|a little|I had a feeling|it came out of the blue]",
    ),
    (
        "[what did the others say|what does your family say]?",
        "[they just shook their heads|they were kind about it|nothing yet, it's fresh]",
    ),
    (
        "[where do you take the energy|you're never idle, are you|do you ever sleep]?",
        "[it's the coffee|I rest when I'm old|ask my doctor]",
    ),
    ("[does it keep you busy|is it a lot of bother]?", "[more than I thought|not really|it fills the evenings]"),
    ("[I want pictures|send me a picture]!", "[tonight|as soon as my phone behaves|I have about a hundred]"),
    (
        "[you never told me you had that in mind|that was a secret, then]!",
        "[it was, sort of|I didn't want to jinx it|I hardly knew it myself]",
    ),
    ("[what will you think of next|and what comes next]?", "[a rest|nothing, I hope|let me catch my breath first]"),
    ("[would you do it again|was it worth it]?", "[right away|check with me tomorrow|I think so|without a doubt]"),
    ("[I need to sit down|let that sink in] [for a second|for a moment]", "[me too|take your time|that's what I said]"),
)
SORROWS: tuple[tuple[str, str], ...] = (
    ("[are you all right|are you managing|how do you cope]?", "[I'll live|more or less|with a bit of humour]"),
    (
        "[can I do anything|do you need help|shall I come over]?",
        "[that's sweet, but no|just keep talking to me|I'll let you know]",
    ),
    ("[is it always you|why does it always hit you]?", "[I ask myself|somebody has to|I attract it]"),
    ("[did you swear at least|were you very cross]?", "[loudly|in two languages|I was too stunned]"),
)
"""What a listener adds, and the answer to it, after good or plain and after bad news."""

INTRODUCTIONS = (
    "[my {relation}|that {relation} of mine] is called {full}[, have I told you|, you two would get on|]",
    "[did I ever mention|have I told you about] {full}? [That's my {relation}|My {relation}, that is]",
    "{full}, my {relation}, [says hello|asked about you|is visiting]",
    "I [had a long call with|spent the evening with|promised to visit] my {relation} {full}[, such a laugh|, as "
    "always|]",
    "[you should meet|one day you must meet] my {relation}, {full}[, a real character||, you'd like each other]",
)
NICKNAMES = (
    "[everybody says {short}, though|we all call {them} {short}|but {short} is what {they} answers to]",
    "[the name is too long, so it's {short}|{short} for short|nobody uses the whole name, it's just {short}]",
)
STRANGERS = (
    "[do you know|have I mentioned|remember] {short}, {relation}? ",
    "[news of|something about] {short}, {relation}: ",
    "{short} is {relation}. [Well|So|Anyway], ",
    "[I heard about|somebody told me about] {short}, {relation}. ",
)
CORRECTIONS = (
    "[wait|hang on|by the way|oh], [I got something wrong|I told you nonsense|I mixed something up] [the other "
    "day|last time|before]: {fix}",
    "[I have to correct myself|a correction from my side|forget what I said earlier]: {fix}",
    "[I checked|I looked it up|I thought about it again], and {fix}[. Sorry|. My mistake|]",
    "remember what I told you [a while ago|earlier|last time]? [That was wrong|Not quite right]: {fix}",
)
LINKS = (
    "[and|oh, and] [another thing|one more thing|while I'm at it]: ",
    "[besides|apart from that|other than that], ",
    "[also|and then], ",
    "[what else|let me think]? [Oh yes|Right|Ah], ",
)
"""Between two pieces of news in one turn."""
FORGIVEN = (
    "[no problem|no harm done|happens to everyone], [noted|thanks for saying|I'd have believed anything]",
    "[ah, okay|good to know|right], [I'll remember it that way|that makes more sense|I did wonder]",
)
MOODS = {"proud": "glad", "calm": "plain"}
"""Moods that open and end a telling like another one."""
