"""Kinds of events: injuries, concerts, gifts, losses."""

from __future__ import annotations

from eval.datasets.generated.kinds.schema import EventKind, Slot, Wording

INJURY = EventKind(
    "injury",
    "injuries",
    "sorry",
    (
        "<I> [hurt|banged up] <my> {o} {when}",
        "{when} <I> managed to hurt <my> {o}",
        "<I'm> a bit of a wreck: {when} <I> injured <my> {o}",
        "<my> {o} [is in a bandage|is all shades of blue|still throbs], because <I> injured it {when}",
        "<I> ended up in the waiting room of the clinic {when} with a sore {o}",
        "don't laugh, but {when} <I> did something stupid to <my> {o}, [and it hurt|and it swelled up at once]",
    ),
    "injured the {o}",
    Wording("When did {who} injure the {o}?", "On which date did {whose} {o} get hurt?"),
    Wording("Which body part was the {nth} one that {who} injured?", "What did {who} hurt on the {nth} occasion?"),
    Wording(
        "What did {who} injure next after the {o}?",
        "Which part of the body was {whose} following injury after the {o}?",
    ),
    Wording("How many injuries did {who} have?", "How many times did {who} get hurt?"),
    (
        Slot(
            "cause",
            "causes",
            Wording("What was the cause of {whose} {o} injury?", "What was to blame for the trouble with {whose} {o}?"),
            ask="how did that happen?|what happened?|oh dear, how?",
            answer="{cause}[, in front of everybody|, of all things||, what else]|blame {cause}|it was {cause}",
            fix="the cause of the {o} business was {right}, not {wrong}",
            reverse=Wording(
                "What did {who} injure because of {cause}?", "Which body part of {whose} fell victim to {cause}?"
            ),
        ),
    ),
    (
        ("you take care of that {o}, yes?", "[I do my best|promise|yes, doctor]"),
        ("is your {o} better?", "[much better, thanks|it still complains when it rains|nearly as good as new]"),
    ),
)
CONCERT = EventKind(
    "concert",
    "bands",
    "glad",
    (
        "<I> saw {o} live at {venue} {when}",
        "{when} <I> went to [hear|see] {o} at {venue}",
        "<my> ears are still ringing: {o} played {venue} {when} and <I> was [there|in the front row|right by the "
        "speakers]",
        "{o} were [on fire|magnificent|louder than thunder] at {venue}, where <I> saw them {when}",
        "<I> had a ticket for {o} at {venue} {when}[, and what a night|]",
        "what a night {when}! {o} at {venue}, and <I> knew every song",
    ),
    "saw {o}",
    Wording("When did {who} see {o} live?", "On which date was {who} in the audience of {o}?"),
    Wording("Which band was the {nth} one that {who} saw live?", "Who was on stage at {whose} {nth} concert?"),
    Wording("Which band did {who} see next after {o}?", "Whose concert did {who} go to the next time after {o}?"),
    Wording("How many bands did {who} see live?", "How many concerts has {who} been to?"),
    (
        Slot(
            "venue",
            "venues",
            Wording("Where did {who} see {o}?", "Which venue was it where {who} heard {o}?"),
            fix="the place where <I> saw {o} was {right}, not {wrong}",
            reverse=Wording("Which band did {who} see at {venue}?", "Who was playing when {who} was at {venue}?"),
        ),
        Slot(
            "companion",
            "companions",
            Wording("Who did {who} see {o} with?", "Who was with {who} in the audience of {o}?"),
            ask="who did <you> go with?|did <you> take anybody along?",
            answer="{companion} came too|with {companion}[, who danced all night|, who knew nobody in the band|]",
            fix="it was {right} who came along to {o}, not {wrong}",
            reverse=Wording(
                "Which band did {who} see with {companion}?", "Whose concert did {companion} and {who} attend?"
            ),
            person="the companion at the concert of {o}",
        ),
    ),
    (
        ("I listened to {o} after what you told me", "[and? Aren't they great|good, isn't it|welcome to the fan club]"),
        ("do you still hum the songs of {o}?", "[in the shower, yes|constantly|my family begs me to stop]"),
    ),
)
GIFT = EventKind(
    "gift",
    "gifts",
    "glad",
    (
        "{giver} gave <me> {a_o} {when}",
        "{when} <I> got {a_o} from {giver}",
        "<I> unwrapped {a_o} {when}; it was from {giver}",
        "{giver} turned up {when} with a present for <me>: {a_o}",
        "<I'm> touched: {a_o}, a present from {giver}. <I> got it {when}",
        "look at this lovely thing {giver} handed <me> {when}, {a_o}",
    ),
    "got the {o}",
    Wording("When did {who} get the {o} as a present?", "On which day was {who} presented with the {o}?"),
    Wording("What was the {nth} present that {who} got?", "Of the gifts that {who} unwrapped, which was the {nth}?"),
    Wording("Which present did {who} get next after the {o}?", "After the {o}, what was given to {who} the next time?"),
    Wording("How many presents did {who} get?", "How many gifts has {who} unwrapped?"),
    (
        Slot(
            "giver",
            "companions",
            Wording("Who gave {who} the {o}?", "From whom is {whose} {o}?"),
            fix="the {o} was from {right}, not from {wrong}",
            reverse=Wording("What did {giver} give to {who}?", "Which item of {whose} was a present from {giver}?"),
            person="the giver of the {o}",
        ),
        Slot(
            "occasion",
            "occasions",
            Wording("On what occasion did {who} get the {o}?", "What was the reason for giving {who} the {o}?"),
            ask="what was the occasion?|what for?|for any special reason?",
            answer="for {occasion}[, imagine|, very sweet|]|it was for {occasion}",
            fix="the {o} was for {right}, not for {wrong}",
            reverse=Wording("What did {who} get for {occasion}?", "Which gift marked {occasion} for {who}?"),
        ),
    ),
    (
        ("I keep thinking of that {o} you got", "[I know, so thoughtful|it still makes me smile|me too]"),
        ("do you use the {o}?", "[all the time|it has a place of honour|I'm almost too careful with it]"),
    ),
)
LOSS = EventKind(
    "loss",
    "lost",
    "sorry",
    (
        "<I> lost <my> {o} {when}[, what a day||, again nobody had seen anything]",
        "{when} <I> noticed that <my> {o} had gone missing",
        "<my> {o} vanished {when}",
        "<I> turned the whole flat upside down {when}, because <my> {o} could not be found",
        "{when} <I> spent hours looking for <my> {o}",
        "it had to happen: {when} <I> mislaid <my> {o}",
    ),
    "lost the {o}",
    Wording("When did {who} lose the {o}?", "On which date did {whose} {o} go missing?"),
    Wording("What was the {nth} thing that {who} lost?", "Of the things that went missing, what was {whose} {nth}?"),
    Wording("What did {who} lose next after the {o}?", "After the {o}, which belonging of {whose} vanished next?"),
    Wording("How many things did {who} lose?", "How many of {whose} belongings went missing?"),
    (
        Slot(
            "spot",
            "spots",
            Wording("Where did the {o} that {who} had lost turn up?", "In which spot was {whose} {o} hiding?"),
            ask="[did it turn up|any luck finding it]?|where was it in the end?|please tell me it came back?",
            answer="yes, {spot}[, of course|, where nobody would look|]|{spot}[, after hours of searching|, as so "
            "often|]|in the end <my> {o} turned up {spot}",
            fix="the {o} turned up {right} and not {wrong}",
            reverse=Wording("Which of {whose} lost things turned up {spot}?", "What did {who} find {spot}?"),
        ),
    ),
    (),
)
