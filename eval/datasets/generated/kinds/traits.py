"""Traits, which hold for good, and tastes, which may turn."""

from __future__ import annotations

from eval.datasets.generated.kinds.schema import TasteKind, TraitKind, Wording

TRAITS: tuple[TraitKind, ...] = (
    TraitKind(
        "childhood",
        "childhoods",
        (
            "<I> grew up in {o}[, did <I> ever mention that|, which explains a lot||]",
            "as a child <I> lived in {o}[, right by the water|, three in a room|]",
            "<I> spent <my> [whole childhood|school years] in {o}",
            "{o} is where <I> went to school and [learned to ride a bicycle|lost <my> first tooth]",
            "<my> [earliest memories|first friends] are from {o}, the town where <I> grew up",
        ),
        Wording("Where did {who} grow up?", "In which town did {who} spend the early years?"),
    ),
    TraitKind(
        "degree",
        "degrees",
        (
            "<I> studied {o}[, a long time ago||, for what it's worth]",
            "<I> <have> a degree in {o}[, which surprises people|, hanging in the bathroom|]",
            "at university <I> [read|was enrolled in] {o}[, of all subjects|, would you believe it|]",
            "[years|half a life] ago <I> wrote a thesis in {o}",
            "people [forget|never guess] that <my> degree is in {o}",
        ),
        Wording("What did {who} study?", "Which field is {whose} degree in?"),
    ),
    TraitKind(
        "allergy",
        "allergies",
        (
            "<I'm> allergic to {o}[, so watch out|, the doctor was clear||]",
            "<I> can't have {o} [anywhere near <me>|in the house]: allergic [since <my> teens|ever since <I> can "
            "remember]",
            "<my> old allergy to {o} [is acting up|never went away]",
            "one crumb or whiff of {o} and <my> [skin itches|eyes swell]: a proper allergy",
            "<I> never leave<s> home without tablets because of <my> allergy to {o}",
        ),
        Wording("What is {who} allergic to?", "What must be kept away from {who} for medical reasons?"),
    ),
    TraitKind(
        "fear",
        "fears",
        (
            "<I'm> scared of {o}[, don't laugh|, and not a little|]",
            "nothing gives <me> the creeps like {o}[, even in films|]",
            "<I> always run<s> at the sight of {o}, it's a real fear",
            "ever since <I> was small, <I've> been [terrified|frightened] of {o}[, silly as it is|]",
            "there's one thing that makes <me> [tremble|go pale]: {o}",
        ),
        Wording("What is {who} scared of?", "What would frighten {who} at once?"),
    ),
    TraitKind(
        "collection",
        "collections",
        (
            "<I> collect<s> {o}[, shelves full of them||, and it's getting out of hand]",
            "<my> collection of {o} [keeps growing|needs another shelf]",
            "there's no space left in <my> hallway thanks to all the {o} <I> collect<s>",
            "<I> can't [walk past|see] {o} [at a flea market|anywhere] without adding them to <my> collection",
            "<I've> been gathering {o} since school: a proper collection",
        ),
        Wording("What does {who} collect?", "Which objects fill {whose} shelves?"),
    ),
)
FEARS = tuple(
    "spiders;lifts;thunder;clowns;deep water;heights;moths;needles;balloons;bats;wasps;tunnels;escalators;"
    "snakes;pitch-black rooms;geese;fireworks;dolls;ghost stories;crowds;crabs;cellars;masks;jellyfish".split(";")
)
COLLECTIONS = tuple(
    "stamps;beer mats;thimbles;old maps;teaspoons;sea glass;tin soldiers;matchboxes;fossils;comic books;"
    "vintage cameras;coasters;marbles;opera programmes;typewriter ribbons;pocket knives;toy trains;perfume "
    "samples;snow shakers;key rings;butterfly prints;hotel soaps;old coins;buttons".split(";")
)


def _taste(name: str, noun: str, options: str, best: Wording, worst: Wording, advice: str) -> TasteKind:
    return TasteKind(
        name,
        tuple(options.split(";")),
        (
            f"of all {noun}, <my> favourite [is|has always been] {{o}}",
            f"<my> favourite among {noun}[, by far||, and no contest]: {{o}}",
            f"if <I> could [choose|have|keep] only one of all {noun}, it would be {{o}}[, no doubt||, every time]",
            f"<I> will never say no to {{o}}; [that's the best|nothing beats it] among {noun}",
            f"when it comes to {noun}, [give <me> {{o}} any day|<I> always go<es> for {{o}}|<my> choice is {{o}}]",
            f"<I'm> all for {{o}}, as {noun} go[, always was|, what can one do|]",
        ),
        (
            f"when it comes to {noun}, <I> [never warmed to|can't get on with|have never understood] {{o}}",
            f"<I> can't stand {{o}}, [sorry|honestly|and never could], [worst of all {noun}|the low point of {noun}]",
            f"of all {noun}, <I> [dislike<s>|avoid<s>|could do without] {{o}} [the most|first of all|most of all]",
            f"keep {{o}} away from <me>; among {noun} that's [the bottom of the list|the one to skip]",
        ),
        (
            f"<I've> [changed <my> mind|come to a new view] about {noun}: no more {{old}}, <my> favourite now is {{o}}",
            f"<I> used to love {{old}}, but of all {noun} <I> [now like<s>|have come round to liking] {{o}} best",
            f"[strange|funny|odd] how one changes; <my> favourite among {noun} was {{old}}, and these days it's {{o}}",
            f"<I've> [gone off|had too much of|lost <my> love for] {{old}}. As for {noun}, it's {{o}} now",
        ),
        best,
        worst,
        advice,
    )


TASTES: tuple[TasteKind, ...] = (
    _taste(
        "tea",
        "teas",
        "rooibos;peppermint tea;Earl Grey;jasmine green tea;chamomile;oolong;fennel tea;matcha;lapsang;chai;"
        "nettle tea;rosehip tea",
        Wording("What is {whose} favourite tea?", "Which tea would {who} rather have than any other?"),
        Wording("Which tea does {who} dislike?", "Which tea would {who} leave untouched?"),
        "{who} is coming over for tea. Which one should be brewed?",
    ),
    _taste(
        "ice",
        "ice cream flavours",
        "pistachio;stracciatella;lemon sorbet;hazelnut ice;blackcurrant;coconut;rum and raisin;"
        "salted caramel;mint chocolate;passion fruit;malaga;buttermilk",
        Wording("What is {whose} favourite ice cream flavour?", "Which scoop would {who} order?"),
        Wording("Which ice cream flavour does {who} dislike?", "Which scoop would {who} refuse?"),
        "An ice cream for {who}: which flavour would be the safest choice?",
    ),
    _taste(
        "genre",
        "kinds of films",
        "westerns;heist films;costume dramas;musicals;science fiction;silent films;disaster films;"
        "courtroom dramas;zombie films;road movies;spy thrillers;animated films",
        Wording("What kind of films does {who} like best?", "Which sort of film would {who} pick for an evening?"),
        Wording("What kind of films does {who} dislike?", "Which sort of film would make {who} leave the room?"),
        "What kind of film should be chosen for an evening with {who}?",
    ),
    _taste(
        "flower",
        "flowers",
        "sweet peas;gerberas;lilies;cornflowers;orchids;carnations;irises;daffodils;anemones;freesias;"
        "snapdragons;marigolds",
        Wording("What are {whose} favourite flowers?", "Which flowers make {who} happy?"),
        Wording("Which flowers does {who} dislike?", "Which flowers would be wrong in a vase for {who}?"),
        "Which flowers should be ordered for {whose} birthday?",
    ),
    _taste(
        "game",
        "parlour games",
        "charades;dominoes;rummy;mahjong;darts;whist;canasta;mikado;draughts;cribbage;bingo;ludo",
        Wording("What is {whose} favourite parlour game?", "Which game would {who} suggest for an evening?"),
        Wording("Which parlour game does {who} dislike?", "Which game would spoil an evening for {who}?"),
        "A games evening is planned for {who}. Which game should be on the table?",
    ),
    _taste(
        "pizza",
        "pizza toppings",
        "artichoke hearts;anchovies;pineapple;capers;gorgonzola;chorizo;rocket leaves;sweetcorn;"
        "black olives;fried egg;prawns;aubergine",
        Wording("What is {whose} favourite pizza topping?", "What would {who} put on a pizza?"),
        Wording("Which pizza topping does {who} dislike?", "What would {who} pick off a pizza?"),
        "Which topping should go on the pizza ordered for {who}?",
    ),
    _taste(
        "music",
        "kinds of music",
        "bossa nova;klezmer;heavy metal;baroque music;bluegrass;reggae;flamenco;techno;gospel;swing;fado;Celtic folk",
        Wording("What kind of music does {who} like best?", "Which music would put {who} in a good mood?"),
        Wording("What kind of music does {who} dislike?", "Which music would drive {who} out of the house?"),
        "What kind of music should be played at a party for {who}?",
    ),
    _taste(
        "swim",
        "places to swim",
        "mountain lakes;the open sea;heated pools;slow rivers;hotel pools;forest ponds;hot springs;"
        "reservoirs;sea caves;water parks;old quarries;fjords",
        Wording("Where does {who} like best to swim?", "What kind of water would tempt {who} to jump in?"),
        Wording("Where does {who} dislike swimming?", "What kind of water would {who} never get into?"),
        "What kind of place should be picked for a swim with {who}?",
    ),
    _taste(
        "colour",
        "colours for walls",
        "mint green;terracotta;lilac;sky blue;ochre;charcoal;salmon pink;ivory;petrol;"
        "aubergine purple;lemon yellow;sand",
        Wording("Which colour does {who} like best for walls?", "In which shade would {who} paint a room?"),
        Wording("Which wall colour does {who} dislike?", "Which shade on a wall would bother {who}?"),
        "Somebody paints a room for {who}. Which colour should it be?",
    ),
    _taste(
        "breakfast",
        "breakfasts",
        "porridge;scrambled eggs;muesli with yoghurt;croissants;beans on toast;miso soup;waffles with syrup;"
        "fruit salad;smoked salmon;rye bread with cheese;crumble bars;cold pasta",
        Wording("What is {whose} favourite breakfast?", "What would {who} like to find on the table in the morning?"),
        Wording("Which breakfast does {who} dislike?", "What would {who} push away in the morning?"),
        "{who} stays overnight. What should be made for breakfast?",
    ),
)
