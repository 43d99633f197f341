"""Places by the part they play, so that a town that somebody visits is never one that somebody lives in."""

from __future__ import annotations

HOMES = tuple(
    "Aarhus Bergen Ghent Graz Porto Lyon Leeds Turku Malmo Krakow Gdansk Brno Linz Basel Utrecht Leuven Nantes Dijon "
    "Trieste Bologna Verona Seville Bilbao Granada Coimbra Galway Dundee Bristol Norwich Exeter Durham Tampere Uppsala "
    "Odense Tartu Riga Kaunas Poznan Lublin Ostrava Pecs Szeged Zadar Maribor Plovdiv Varna Patras Portland Boise "
    "Tucson "
    "Madison Asheville Halifax Hobart Dunedin Groningen Freiburg Rennes Turin Aberdeen".split()
)
CHILDHOODS = tuple(
    "Kemi Visby Ystad Ribe Husum Emden Goslar Bamberg Passau Colmar Annecy Chartres Vannes Bayeux Lucca Mantua Lecce "
    "Matera Ronda Cuenca Evora Braga Viseu Sligo Tralee Oban Keswick Whitby Ludlow Totnes Tenby Kotka Rauma Parnu "
    "Liepaja Torun Olomouc Telc Sopron Eger Ptuj Piran Sibiu Bozeman Taos Astoria".split()
)
TRIPS = tuple(
    "Lisbon;Naples;Marrakesh;Kyoto;Reykjavik;Istanbul;Athens;Prague;Vienna;Budapest;Dubrovnik;Valencia;Palermo;Corsica;"
    "Madeira;Malta;Crete;Rhodes;Tenerife;Hanoi;Bangkok;Seoul;Osaka;Taipei;Lima;Cusco;Bogota;Quito;Havana;Oaxaca;"
    "Montreal;Vancouver;Banff;Savannah;Charleston;Santa Fe;Yosemite;Zanzibar;Nairobi;Cape Town;Essaouira;Tunis;Cairo;"
    "Petra;Tbilisi;Yerevan;Samarkand;Tallinn;Vilnius;Helsinki;Lofoten;Tromso;Gothenburg;Copenhagen;Edinburgh;Skye;"
    "Inverness;Dublin;Cornwall;Snowdonia;Bruges;Antwerp;Luxembourg;Strasbourg;Salzburg;Innsbruck;Zurich;Lucerne;"
    "Ljubljana;Sarajevo;Mostar;Kotor;Tirana;Thessaloniki;Nicosia;Jaipur;Kathmandu;Colombo;Melbourne;Wellington;"
    "Queenstown".split(";")
)
SHOPS = tuple(
    f"{first} {second}"
    for first in ("Marlow", "Pellerin", "Hobbs", "Quayside", "Tanner", "Osgood", "Larkhill", "Brindle", "Copperfield")
    for second in ("Emporium", "Brothers", "Outlet", "Arcade", "Trading", "Warehouse")
)
SPOTS = tuple(
    "under the passenger seat;in the freezer;at the swimming pool;behind the radiator;on the night bus;in a "
    "coat I had lent out;in the laundry basket;at the bakery counter;inside a rolled-up yoga mat;between two "
    "sofa cushions;on top of the wardrobe;in the glove compartment;at the town hall;under a pile of newspapers;"
    "in the rain gutter;in a flowerpot;at the cinema;in the umbrella stand;inside a boot;on the roof of the "
    "car;in the recycling box;at the hairdresser's;in the letterbox;behind the washing machine;in a picnic "
    "basket;in the ticket office;under the doormat;in a suitcase pocket".split(";")
)
ORIGINS = tuple(
    "a shelter by the canal;a retired farmer;a rescue van;an advert in the window of the chemist;a circus "
    "family;a lorry driver;a monastery;an overcrowded barn;the vet's noticeboard;a student who was moving "
    "abroad;a lighthouse keeper;a petting zoo that closed;a widow two floors up;a school project;a motorway "
    "service station;a fishing village;a police officer;a film set;an animal hospital;a garden centre;a "
    "breeder in the hills;a removal company;a travelling vet".split(";")
)
VENUES = tuple(
    "the Old Tannery;the Corn Exchange;the Velvet Room;the Glasshouse;the Boiler House;the Lantern Hall;the "
    "Harbour Dome;the Paper Mill;the Silk Cellar;the Signal Box;the Mirror Tent;the Brewery Yard;the Canal "
    "Stage;the Ropewalk;the Winter Garden;the Tram Depot;the Assembly Rooms;the Ice Factory;the Kiln;the "
    "Quarry Stage;the Customs House;the Observatory;the Riding School;the Salt Loft".split(";")
)
