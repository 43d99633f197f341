"""A second sentence for tellings: colour that fits the kind of fact and says nothing a question could be about."""

from __future__ import annotations

COLOUR: dict[str, tuple[str, ...]] = {
    "pet": (
        "the [first night|first evening] was [noisy|a circus|surprisingly calm]", "[everything|every cushion] in the flat is being inspected at the moment",
        "<my> [shoes|curtains] will never be the same", "[feeding time|every meal] is announced very loudly",
        "so much [fluff|mess|joy] from such a small being", "<I> [read|asked around] a lot beforehand, and still <I> was not prepared",
    ),
    "trip": (
        "the [food|light|people there] [alone was|alone were] worth it", "<I> walked until <my> [feet|shoes] gave up",
        "it [rained|was windy] half of the time and [nobody cared|it didn't matter]", "<I> [got lost|took the wrong bus] at least twice a day",
        "the [journey|ride] back was long and full of [crying babies|delays|announcements]", "<my> camera worked overtime",
    ),
    "purchase": (
        "the [manual|box] alone [is a novel|weighs a ton]", "<I> had [dithered|read reviews] for [ages|weeks|far too long]",
        "it [fits|looks] even better than [expected|in the pictures]", "the delivery people were [out of breath|in a foul mood|very kind]",
        "<my> old one had [given up|become a danger to the public]", "now <I> only need to [find a place for it|learn how it works]",
    ),
    "race": (
        "people [cheered|rang bells] all along the way", "the last stretch went [uphill|against the wind], of course",
        "<I> had trained [far too little|in secret|on and off]", "there was [soup|fruit|a lot of hugging] at the finish",
        "<my> feet have [blisters|opinions] [now|ever since]", "the start was [chaos|delayed|a sea of elbows]",
    ),
    "dinner": (
        "the smoke alarm kept [quiet|silent] for once", "there were [no leftovers|three kinds of spoons involved]",
        "<I> followed [no recipe at all|an old family note|a video]", "the washing up took [half the night|longer than the cooking]",
        "a bit too much [salt|garlic|pepper], perhaps, but [nobody complained|all gone]", "the candles made up for everything",
    ),
    "course": (
        "the [teacher|examiner] [shook everybody's hand|never smiled once]", "<I> had flashcards [all over the flat|in the bathroom]",
        "<my> hands were [ice cold|shaking] [the whole time|at first]", "the certificate will [go on the wall|be framed]",
        "the last question was [mean|a gift]", "so many evenings with a desk and [cold feet|a headache]",
    ),
    "injury": (
        "the doctor said [rest|ice and patience|nothing new]", "getting dressed takes [ages|acrobatics] now",
        "it hurts [only when <I> laugh|less than it looks]", "nothing broken, [luckily|thank goodness]",
        "[cold packs|frozen peas] are a blessing", "<I> was told to [take it easy|keep still], and that's the hardest part",
    ),
    "concert": (
        "the [sound|light show] was [superb|from another planet]", "<my> voice is gone from all the [singing|shouting]",
        "[two encores|no encore], and [everybody|the crowd] [went wild|sang on in the street]", "it was packed to the [last corner|rafters]",
        "the support act was [better than expected|forgettable]", "<I> danced in spite of <my> [shoes|age]",
    ),
    "gift": (
        "wrapped in [newspaper|far too much paper|a pillowcase], with a [bow|little card]", "<I> had not expected anything",
        "<I> was lost for words, which is rare", "it's [exactly|very much] <my> taste",
        "there was [cake|a song] as well", "<I> need to think of a proper thank-you now",
    ),
    "loss": (
        "<I> [retraced every step|emptied every bag] twice", "<I> blamed [everybody|the whole household] but <myself>",
        "such [things|small objects] have legs", "<I> should really [put a bell on everything|be more careful]",
        "the search party consisted of <me> and [bad words|a torch]", "it's always when one is in a hurry",
    ),
    "garden": (
        "<my> back [aches|will remember it]", "the [soil|ground] was [hard as stone|full of roots|lovely and soft]",
        "now it needs [rain|patience|a little fence]", "the birds watched [with interest|and made plans]",
        "<I> read that one should talk to them", "<I> have mud [up to <my> ears|in <my> boots]",
    ),
    "repair": (
        "one screw was left over, [but who counts|as always]", "it took [three videos and a lot of swearing|all evening]",
        "<I> feel like [a professional|a hero] now", "the right tool was [of course missing|a butter knife]",
        "the quote from the [repair man|company] had been outrageous", "<my> fingers are [black|covered in plasters]",
    ),
    "home": (
        "the [view|light|staircase] is [lovely|something else]", "the people next door [nod|sing|bake]",
        "everything one needs is within walking distance", "the [boiler|floor] makes [ghostly|funny] noises at night",
    ),
    "job": (
        "the [team|crew] is [friendly|a mixed bunch]", "the hours are [long|odd|all right]", "the canteen is [awful|better than expected]",
        "there's a lot to [learn|laugh about]",
    ),
    "vehicle": (
        "parking is [a sport|the hard part]", "it's [reliable|a bit slow], but it does the job",
        "the seat could be [softer|higher]", "it gets <me> from one place to another, and that's all it must do",
    ),
    "book": (
        "the [sentences|chapters] are [endless|beautiful]", "a colleague would not stop [raving|talking] about it",
        "the hero is [a fool|insufferable|rather sweet]", "<I> stay up far too late with it",
    ),
    "instrument": (
        "<my> fingers [refuse|are learning]", "the walls here are thin, [alas|poor neighbours]", "scales, scales, and more scales",
        "it sounds [like a sick cow|better every week|dreadful, but with feeling]",
    ),
    "series": (
        "the [villain|music] is [brilliant|terrifying]", "<I> shout at the screen", "the plot has more holes than a [net|sieve]",
        "one can [iron|fold things] wonderfully while watching",
    ),
    "rent": (
        "[scandalous|not cheap], but what can one do", "the [landlady|agency] calls it fair", "at least the heating is included",
    ),
    "record": (
        "<my> lungs [burned|are on fire]", "the dog walkers in the park [clapped|jumped aside]", "slow for some, [but <I'm> proud|fast for <me>]",
    ),
    "childhood": ("[people there know|everyone there knows] how to [wait|gossip]", "a small place with a big [clock|bell|square]"),
    "degree": ("<I> [remember|use] [very little|half] of it", "the [parties|friends] were the best part"),
    "allergy": ("better safe than sorry", "[the doctor|everyone] [rolls their eyes|is strict about it]", "nothing dramatic as long as <I'm> careful"),
    "fear": ("[it's not rational|it makes no sense], <I> know", "[no therapy|nothing] has helped so far", "<my> [knees|hands] go soft at the thought"),
    "collection": ("dusting is [a nightmare|the price]", "every one has its [story|place]", "the shelves [bend|complain]"),
    "like": ("[always has been|that's how it is|call it a habit]", "[there's no arguing with that|tastes differ|everyone knows it by now]"),
    "dislike": ("[it's not up for discussion|that won't change|people may laugh]", "[never got the appeal|somebody else can have it|no thanks]"),
    "switch": ("[who would have thought|so much for habits|times change]", "[it happened slowly|no idea why|please remember that for next time]"),
}  # fmt: skip
