"""Kinds of states: where somebody lives and works, what they drive, play, read, watch and pay."""

from __future__ import annotations

from eval.datasets.generated.kinds.schema import Slot, StateKind, Wording

HOME = StateKind(
    "home",
    "homes",
    "plain",
    (
        "<I> live<s> in {o} [these days|at the moment|for now]",
        "[the flat|the place] in {o} where <I> live<s> is [tiny|draughty|quite sunny]",
        "in {o}, where <I> live<s>, [the tap water tastes odd|the bins are collected at dawn|everybody knows "
        "everybody]",
        "home is {o} for <me> [at present|these days], and <I> like<s> it",
        "<I'm> still in {o}[, same street|, same creaky floor||]",
    ),
    (
        "<I> moved to {o} {when}",
        "{when} <I> [packed up everything and|rented a van and] moved to {o}",
        "new address! {when} <I> moved to {o}",
        "<I'm> [no longer at the old place|surrounded by boxes]: {when} <I> moved house, to {o}",
        "{when} <I> got the keys to a place in {o} and [moved in|slept there the same night]",
        "<I> left the old town behind {when}; {o} is home now",
    ),
    "moved to {o}",
    Wording("In which town does {who} live now?", "Where would a parcel for {who} have to be sent these days?"),
    Wording("Where was {who} living {at}?", "Which town was home to {who} {at}?"),
    Wording("When did {who} move to {o}?", "Since what date has {who} had an address in {o}?"),
    Wording("Where did {who} live before moving to {o}?", "Which town did {who} leave for {o}?"),
    (),
    (
        ("do you like it in {o}?", "[most of the time|the bakery alone is a reason to stay|it grows on me]"),
        ("how is life in {o}?", "[can't complain|noisy, but fine|I'm getting used to it]"),
    ),
)
JOB = StateKind(
    "job",
    "roles",
    "glad",
    (
        "<I> work<s> as {a_o} [at the moment|these days]",
        "being {a_o} [pays the bills|keeps <me> busy] [at present|these days]",
        "<I'm> {a_o} by trade [right now|these days], [and it shows|for better or worse|and never bored]",
        "another long shift for <me>; being {a_o} is [no picnic|hard work] [at the moment|these days]",
        "<I> earn<s> a living as {a_o}[, which suits <me>||, for now]",
    ),
    (
        "<I> started [a new job|work] as {a_o} {when}",
        "{when} was the first day of <my> new life: <I> [work<s> as|became] {a_o}",
        "{when} <I> switched jobs; the new business card says {o}",
        "career news: {when} <I> became {a_o}",
        "<I> handed in <my> notice, and {when} <I> started as {a_o}",
        "<I> got hired! {when} <I> began as {a_o}",
    ),
    "started work as {a_o}",
    Wording("What is {whose} job now?", "How does {who} earn a living these days?"),
    Wording("What was {whose} job {at}?", "In which line of work was {who} {at}?"),
    Wording("When did {who} start as {a_o}?", "What was {whose} first day as {a_o}?"),
    Wording("What was {whose} job before becoming {a_o}?", "Which line of work did {who} leave to be {a_o}?"),
    (
        Slot(
            "employer",
            "employers",
            Wording("Who does {who} work for as {a_o}?", "What is the name of the firm that has {who} as {a_o}?"),
            ask="who for?|for whom?|which firm?|who does all this work go to?",
            answer="for {employer}[, near the ring road||, the one with the odd logo]|the place is called "
            "{employer}|at {employer}",
            fix="the firm where <I> am {a_o} is {right}, not {wrong}",
        ),
    ),
    (("is work as {a_o} treating you well?", "[mostly|I come home tired but happy|some days are long]"),),
)
VEHICLE = StateKind(
    "vehicle",
    "vehicles",
    "glad",
    (
        "<I> get<s> around in <my> {o} [at the moment|these days]",
        "<my> {o} [needs a wash|makes a funny noise|passed its inspection again]",
        "<I> park<s> <my> {o} [under the lime trees|on the street] [at the moment|these days]",
        "<I'm> still faithful to <my> {o}[, dents and all||, rust included]",
        "everything fits into <my> {o}, it's a miracle",
    ),
    (
        "<I> [traded in the old one|changed vehicles] {when} and now <I> <have> {a_o}",
        "{when} <I> picked up {a_o}, so that's what <I> use<s> now",
        "<my> new {o} [arrived|was delivered] {when}, and the old one is gone",
        "<I> sold the old thing and switched to {a_o} {when}",
        "{when} <I> said goodbye to the old vehicle and hello to {a_o}",
    ),
    "switched to the {o}",
    Wording("What vehicle does {who} have now?", "In or on what does {who} get around these days?"),
    Wording("What vehicle did {who} have {at}?", "In or on what did {who} get around {at}?"),
    Wording("When did {who} get the {o}?", "Since what date has the {o} been {whose} means of getting around?"),
    Wording("What vehicle did {who} have before the {o}?", "What did the {o} replace for {who}?"),
    (),
    (("does your {o} still run?", "[like clockwork|touch wood|it coughs a little]"),),
)
BOOK = StateKind(
    "book",
    "books",
    "plain",
    (
        "<I'm> reading {o} [at the moment|right now|these days]",
        "the book on <my> bedside table is {o}[, and it's gripping|, and it's slow going||]",
        "<I> read<s> a few pages of {o} every evening [at the moment|these days]",
        "<I'm> [stuck|deep] in a novel, {o}",
        "<I> keep<s> falling asleep over {o}, [sadly|which says more about the day than the novel]",
    ),
    (
        "<I> [put the old novel away|gave up on the old novel] and started {o} {when}",
        "{when} <I> [began reading|got stuck into|opened] {o}",
        "<I'm> on to the next book, {o}: <I> opened it {when}",
        "the last book is [finished|back on the shelf]; {when} <I> started on {o}",
        "{o} is what <I'm> reading now, since <I> opened it {when}",
    ),
    "started reading {o}",
    Wording("Which book is {who} reading now?", "What lies on {whose} bedside table these days?"),
    Wording("Which book was {who} reading {at}?", "What novel was {who} busy with {at}?"),
    Wording("When did {who} start reading {o}?", "On which day did {who} open {o}?"),
    Wording("Which book did {who} read before {o}?", "What had {who} been reading until {o} took over?"),
    (),
    (
        ("are you still reading {o}?", "[slowly, slowly|a page a night|yes, don't tell me how it ends]"),
        ("how do you like {o}?", "[hard to put down|a bit long|better than the cover promised]"),
    ),
    "the book <I'm> reading is {right}, not {wrong}",
)
INSTRUMENT = StateKind(
    "instrument",
    "instruments",
    "plain",
    (
        "<I'm> learning the {o} [at the moment|these days], [to the horror of the neighbours|and it's humbling]",
        "<I> practise<s> the {o} [every evening|before breakfast] [at the moment|these days]",
        "the {o} is <my> big [passion|project] at present",
        "<I> take<s> {o} lessons [these days|at the moment]",
        "<my> {o} teacher says that <I> should slow down",
    ),
    (
        "<I> gave up the old instrument and took up the {o} {when}",
        "{when} <I> [swapped over to|had <my> first lesson on] the {o}[, which is what <I> play<s> now|]",
        "music news: {when} <I> switched to the {o}",
        "<I'm> learning the {o} now; the first lesson was {when}",
        "new noise for the neighbours: {when} <I> took up the {o}",
    ),
    "took up the {o}",
    Wording("Which instrument is {who} learning now?", "What do {whose} neighbours have to listen to these days?"),
    Wording("Which instrument was {who} learning {at}?", "What was {who} practising {at}?"),
    Wording("When did {who} take up the {o}?", "What was the date of {whose} start on the {o}?"),
    Wording("Which instrument did {who} learn before the {o}?", "What did {who} give up for the {o}?"),
    (),
    (
        ("when do we get to hear you on the {o}?", "[not this year|give me time|when you buy earplugs]"),
        ("do you practise the {o}?", "[religiously|when nobody listens|my fingers hurt]"),
    ),
)
SERIES = StateKind(
    "series",
    "series",
    "plain",
    (
        "<I'm> watching {o} [at the moment|these days]",
        "<I> fall<s> asleep in front of {o} every night [at the moment|these days]",
        "the show <I'm> hooked on right now is {o}",
        "<I> can't stop watching {o}, one more episode and then bed",
        "{o} is what <I> watch<es> in the evenings [these days|for now]",
    ),
    (
        "<I> finished the last show and started {o} {when}",
        "{when} <I> [began|started] watching {o}",
        "the sofa has a new purpose: {when} <I> started {o}",
        "<I'm> watching {o} now, since {when} to be exact",
        "{when} <I> saw the first episode of {o}, and that's <my> show now",
    ),
    "started watching {o}",
    Wording("Which series is {who} watching now?", "What is on {whose} screen in the evenings these days?"),
    Wording("Which series was {who} watching {at}?", "What show was {who} hooked on {at}?"),
    Wording("When did {who} start watching {o}?", "On which day did {who} see the first episode of {o}?"),
    Wording("Which series did {who} watch before {o}?", "Which show had {who} been following until {o}?"),
    (),
    (
        ("are you still watching {o}?", "[of course|when I'm not asleep by nine|every evening]"),
        ("who do you suspect in {o}?", "[no spoilers|everyone|I lost the thread ages ago]"),
    ),
    "the show <I'm> watching is {right}, not {wrong}",
)
RENT = StateKind(
    "rent",
    "#rent",
    "sorry",
    (
        "<I> [pay<s>|transfer<s>] {o} rent a month [at the moment|these days]",
        "<my> rent is {o} [a month|each month] [at present|these days]",
        "{o} goes from <my> account every month for the rent",
        "the landlady gets {o} a month from <me> [these days|for now]",
    ),
    (
        "<my> rent [changed|was changed] {when}: {o} a month [now|from then on]",
        "{when} the rent for <my> place [went|was set] to {o} a month",
        "a letter [came|lay in the hall]: <my> rent is {o} a month, valid since the notice {when}",
        "{when} <I> signed a new contract: {o} a month in rent",
    ),
    "began to pay {o} rent",
    Wording("How much rent does {who} pay a month now?", "What does {whose} flat cost each month these days?"),
    Wording("How much rent did {who} pay {at}?", "What did {whose} flat cost each month {at}?"),
    Wording("When did {whose} rent change to {o}?", "Since what date has {whose} flat cost {o}?"),
    Wording("How much rent did {who} pay before it was {o}?", "What was {whose} monthly rent until it became {o}?"),
    (),
    (),
    "<my> rent is {right}, not {wrong}",
)
RECORD = StateKind(
    "record",
    "#record",
    "proud",
    (
        "<my> best time over ten kilometres is {o} [at the moment|so far|for now]",
        "<I'm> no athlete, <my> personal best for the ten kilometres stands at {o}",
        "{o}, that is <my> fastest ten kilometres [to date|until now]",
        "<I> keep<s> staring at <my> record for ten kilometres: {o}",
    ),
    (
        "<I> [beat|broke] <my> record {when}: ten kilometres in {o}",
        "{when} <I> [ran|managed] a new personal best over ten kilometres, {o}",
        "new best time for <me>! [The clock stopped at {o}|It took exactly {o}] for the ten kilometres, {when}",
        "the stopwatch [said|showed] {o} {when}, a new personal best over ten kilometres for <me>",
    ),
    "ran ten kilometres in {o}",
    Wording(
        "What is {whose} best time over ten kilometres now?",
        "What personal record does {who} hold in running these days?",
    ),
    Wording("What was {whose} best time over ten kilometres {at}?", "Which running record did {who} hold {at}?"),
    Wording("When did {who} run ten kilometres in {o}?", "On which day did {whose} running record become {o}?"),
    Wording("What was {whose} best time over ten kilometres before {o}?", "Which record of {whose} was broken by {o}?"),
    (),
    (),
    "<my> best time is {right}, not {wrong}",
)
STATES: tuple[StateKind, ...] = (HOME, JOB, VEHICLE, BOOK, INSTRUMENT, SERIES, RENT, RECORD)
"""All kinds of states."""
