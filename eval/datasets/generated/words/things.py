"""Things, activities and titles that facts are made of. Each list serves one kind of fact; lists share no entry."""

from __future__ import annotations

SPECIES = tuple(
    "tortoise;greyhound;parrot;ferret;tabby cat;guinea pig;goat;beagle;canary;hedgehog;dachshund;rabbit;gecko;"
    "Siamese cat;donkey;poodle;chinchilla;duck;terrier;hamster;pony;whippet;cockatiel;alpaca;corn snake;collie;"
    "axolotl;hen;spaniel;Persian cat".split(";")
)
PETS = tuple(
    "Waffles Pickle Bandit Nimbus Mochi Truffle Domino Juniper Radish Pixel Zorro Clementine Gizmo Bramble Noodle "
    "Hobnob "
    "Tango Saffron Biscuit Marzipan Rocket Dumpling Cosmo Pretzel Figaro Nutmeg Banjo Sherlock Turnip Olive Caramel "
    "Moose "
    "Paprika Widget Toffee Pancake Bagel Comet Sprocket Pebble Mayo Tofu Inkblot Crumpet Fizz Wasabi Thistle Bonbon "
    "Chutney Ziggy Popcorn Tuppence Mango Ravioli Mittens Doodle Kumquat Minnow Ginger Fennel".split()
)
ROLES = tuple(
    "bookbinder;locksmith;paramedic;beekeeper;translator;optician;tram driver;carpenter;veterinary nurse;"
    "cartographer;sound engineer;pastry chef;insurance clerk;tour guide;florist;piano tuner;data analyst;crane "
    "operator;speech therapist;museum guard;proofreader;electrician;midwife;surveyor;tax adviser;set designer;"
    "swimming instructor;archivist;radio producer;quality inspector;upholsterer;hospital porter;court reporter;"
    "shipping agent;lab technician;nursery teacher;cheese maker;web designer;forester;customs officer;dental "
    "hygienist;game tester".split(";")
)
EMPLOYERS = tuple(
    f"{first} {second}"
    for first in ("Halden", "Northgate", "Ferrous", "Bluewater", "Kestrel", "Ostara", "Meridian", "Tallow", "Verdant")
    for second in ("Works", "Partners", "Institute", "Collective", "Group", "House")
)
VEHICLES = tuple(
    f"{colour} {kind}"
    for colour in ("green", "silver", "yellow", "burgundy", "navy", "orange", "cream", "black")
    for kind in ("hatchback", "moped", "estate car", "cargo bike", "pickup", "folding bike", "camper van")
)
BOOKS = tuple(
    f"The {first} {second}"
    for first in ("Salt", "Paper", "Hollow", "Thirteenth", "Drowned", "Amber", "Reluctant", "Borrowed", "Winter")
    for second in ("Orchard", "Cartographer", "Lighthouse", "Daughters", "Inheritance", "Clockmaker", "Choir")
)
SERIES = tuple(
    f"{first} {second}"
    for first in ("Copper", "Midnight", "Harbour", "Glass", "Second", "Broken", "Quiet", "Northern")
    for second in ("Verdict", "Kingdoms", "Precinct", "Tides", "Alibi", "Surgeons", "Exile")
)
INSTRUMENTS = tuple(
    "accordion;bassoon;cello;ukulele;trombone;harp;banjo-mandolin;oboe;double bass;clarinet;bagpipes;viola;"
    "marimba;French horn;theremin;sitar;concertina;piccolo;church organ;drums;dulcimer;saxophone;lute;"
    "harmonica;tuba".split(";")
)
PURCHASES = tuple(
    "standing desk;espresso machine;telescope;sewing machine;tent;electric guitar;dehumidifier;bread maker;"
    "leather armchair;inflatable kayak;record player;drone;chest freezer;pressure washer;typewriter;projector;"
    "hammock;wool carpet;kitchen robot;tablet;wetsuit;sandwich toaster;wall clock;air fryer;bookcase;lawnmower;"
    "microscope;sleeping bag;wireless speaker;cordless drill;grandfather clock;rice cooker;chandelier;electric "
    "blanket;rowing machine;pasta press;snowboard;winter coat;digital piano;workbench;ice cream maker;mattress;"
    "paddle board;wood stove".split(";")
)
RACES = tuple(
    f"{first} {second}"
    for first in ("Harbour", "Vineyard", "Moonlight", "Windmill", "Castle", "Lakeside", "Foxglove", "Viaduct", "Dune")
    for second in ("Half", "Dash", "Relay", "Ten", "Triathlon")
)
DISHES = tuple(
    "moussaka;pierogi;paella;beef rendang;ratatouille;okonomiyaki;shakshuka;goulash;lasagne;pad thai;"
    "bouillabaisse;jollof rice;ramen;tamales;schnitzel;biryani;gumbo;borscht;quiche lorraine;dolmades;"
    "khachapuri;ceviche;cassoulet;laksa;spanakopita;bibimbap;fondue;cottage pie;empanadas;coq au vin;tagine;"
    "gnocchi;pho;feijoada;risotto;enchiladas".split(";")
)
SUBJECTS = tuple(
    "sign language;first aid;bookkeeping;Portuguese;sailing theory;welding;calligraphy;Japanese;food hygiene;"
    "project management;wine tasting;radio operation;Norwegian;statistics;tree surgery;Arabic;falconry;"
    "bricklaying;Turkish;scuba diving;glassblowing;navigation;Hungarian;massage therapy;forklift driving;"
    "mediation;life saving;Polish;stone carving;typography".split(";")
)
DEGREES = tuple(
    "marine biology;philosophy;civil engineering;art history;linguistics;economics;astronomy;agriculture;"
    "musicology;pharmacy;architecture;theology;geology;computer science;archaeology;nursing;law;psychology;"
    "chemistry;journalism;mathematics;political science;forestry science;textile design;anthropology;"
    "meteorology".split(";")
)
INJURIES = tuple(
    "ankle;wrist;collarbone;thumb;knee;elbow;shoulder;little toe;rib;heel;jaw;calf;forearm;index finger;shin;"
    "neck".split(";")
)
CAUSES = tuple(
    "a wet staircase;a rogue trolley;a rake left in the grass;a trampoline;an icy pavement;a falling jar;a "
    "step stool;a skateboard;a dance lesson;a heavy suitcase;a garden wall;a revolving door;a wobbly ladder;a "
    "hose across the path;a tug of war;a bouncy castle;a cupboard door;a muddy slope;a climbing frame;a "
    "rolling barrel;a badly parked scooter;a loose paving stone".split(";")
)
BANDS = tuple(
    f"the {first} {second}"
    for first in ("Velour", "Tin", "Postal", "Lunar", "Crooked", "Marble", "Electric", "Sunday")
    for second in ("Foxes", "Pilots", "Cousins", "Engines", "Parade", "Ghosts")
)
GIFTS = tuple(
    "fountain pen;silk scarf;chess set;pocket watch;world atlas;pair of binoculars;fruit knife;jigsaw puzzle;"
    "candle holder;leather wallet;pepper mill;pair of slippers;globe;silver necklace;perfume bottle;photo "
    "frame;tea set;kite;compass;music box;umbrella;backgammon board;cookbook;pair of earrings;picnic rug;desk "
    "lamp;bathrobe;hip flask;paintbrush set;beanie".split(";")
)
LOST = tuple(
    "house keys;passport;bus pass;reading glasses;phone charger;library card;left glove;earbuds;driving "
    "licence;hearing aid;wedding ring;bank card;notebook;sunglasses;swimming goggles;locker key;tape measure;"
    "watch strap;lunch box;door badge;camera lens cap;sketchpad;hairbrush".split(";")
)
PLANTS = tuple(
    "a fig tree;lavender;rhubarb;clematis;artichokes;raspberry canes;a magnolia;peonies;a quince tree;"
    "asparagus;wisteria;runner beans;hydrangeas;a pear tree;dahlias;gooseberries;jasmine;leeks;a walnut tree;"
    "sunflowers;chard;hops;tulips;courgettes;rosemary;a plum tree;foxgloves;parsnips;camellias;strawberries".split(";")
)
REPAIRS = tuple(
    "dishwasher;garage door;boiler;bathroom tap;doorbell;kitchen blind;vacuum cleaner;oven;toaster;garden gate;"
    "shower head;skylight;ceiling fan;fridge;mailbox;cellar light;window latch;washing line;storm lamp;stair "
    "rail;bicycle pump;bread bin;hairdryer;drawer runner".split(";")
)
FAULTS = tuple(
    "a mouse nest;a snapped spring;a blown fuse;limescale;a missing screw;a cracked hinge;a worn seal;a toy "
    "figure;rust;a burnt cable;a dead battery;a bent pin;an ant colony;a frayed cord;a loose magnet;a bottle "
    "cap;a lump of candle wax;a broken cog;a wrong valve;a coin".split(";")
)
ALLERGIES = tuple(
    "walnuts;shellfish;kiwi;penicillin;celery;latex;sesame;bee stings;mustard seed;lupin;egg white;pollen of "
    "birches;soy;cashews;nickel;horse hair;feathers;buckwheat;peaches in syrup;house dust;lentils;hazelnuts;"
    "sulphites;ragweed".split(";")
)
SOUVENIRS = tuple(
    "a clay whistle;a woven belt;a tin of sardines;a brass bell;a painted tile;a jar of honey;a straw hat;a "
    "wooden mask;a fridge magnet;a bag of saffron threads;a puppet;a lace tablecloth;a snow globe;a bottle of "
    "plum brandy;a felt rug;a carved spoon;an enamel mug;a paper fan;a leather bookmark;a string of beads;a "
    "ceramic owl;an old postcard;a copper pan".split(";")
)
OCCASIONS = tuple(
    "finishing the night school;our housewarming;a retirement raffle;the office lottery;winning a bet;watering "
    "the plants all summer;helping with a removal;name day;the end of the exams;the village fair;babysitting "
    "for a month;being a witness at the registry;lending the van;passing the probation;fixing a laptop;"
    "translating a letter;the company anniversary;the twelfth night party;driving to the clinic;proofreading a "
    "thesis".split(";")
)
