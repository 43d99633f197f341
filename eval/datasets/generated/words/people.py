"""Names of people, nicknames, relations. Strangers have first names of their own, so that each names one person."""

from __future__ import annotations

WOMEN = tuple(
    "Adele Agnes Amara Anouk Beatrix Birgit Camille Carlotta Chiara Dagny Delphine Edith Elodie Esme Farah Fenna Flora "
    "Freya Greta Hanneke Hedda Ilse Imani Ines Ingrid Isolde Janna Johanna Josefine Kalina Katya Kirsten Lavinia Leila "
    "Leonie Lidia Linnea Lucia Maite Malika Marguerite Mireille Nadine Noor Odile Ondine Paloma Perpetua Priya Ramona "
    "Renata Rosalind Saskia Selma Sigrid Solveig Tamsin Thea Tilda Ulrike Valeria Vera Wanda Xenia Yasmin Yvette Zadie "
    "Zelda".split()
)
MEN = tuple(
    "Aldo Alvaro Anselm Arvid Bastian Bertrand Caspian Cedric Cormac Dario Declan Dimitri Edgar Emil Enzo Eskil Fabian "
    "Ferran Florian Gareth Gustav Hakim Henrik Hugo Ibrahim Idris Ignatius Ivo Jasper Joaquim Jonas Kaspar Kelechi "
    "Konrad Lars Leopold Linus Lorenzo Luca Magnus Malcolm Marek Matthias Milan Nils Octavio Oskar Otto Pavel Philippe "
    "Quentin Rafael Rasmus Rohan Ruben Samir Silvan Stellan Tariq Theo Tobias Ulrich Umberto Viktor Wendell Xavier "
    "Yannick Zoltan".split()
)
STRANGERS = {
    "f": tuple(
        "Abigail Bettina Clarissa Dorothy Evangeline Frances Gwendolyn Harriet Irene Jocelyn Kimberly Lorraine Muriel "
        "Nanette Olympia Pauline Roberta Sylvia Theresa Veronica Winifred Yolanda".split()
    ),
    "m": tuple(
        "Alistair Bernard Clifford Desmond Ernest Francis Gilbert Howard Ivan Jerome Kenneth Lionel Mortimer Norbert "
        "Orlando Percival Randolph Stanley Terence Vernon Wilfred Zachary".split()
    ),
}
SURNAMES = tuple(
    "Abbott Achterberg Almeida Andrade Bakker Barlow Beaumont Bergstrom Boateng Brandt Calloway Carvalho Castellano "
    "Cermak Coulson Dahl Delacroix Desai Doyle Eriksen Espinoza Fairbanks Falk Farrow Ferrante Fontaine Gallagher "
    "Goncalves Graves Haddad Halloran Hartwell Hoffmann Holloway Iversen Jankowski Jarvis Kamara Kaplan Kowalczyk "
    "Kristensen Lachance Langley Lindqvist Lombardi Macleod Marchetti Mbeki Moreau Nakamura Navarro Novak Okafor "
    "Olsson "
    "Orellana Papadakis Pereira Petrov Quigley Ramaswamy Rasmussen Ricci Rosenthal Rousseau Salazar Sandoval Schuster "
    "Sokolov Stavros Sundberg Takeda Thorne Tremblay Underhill Valdez Vance Varga Villeneuve Vogel Waverley Whitlock "
    "Yamada Zielinski Zuniga".split()
)
NICKNAMES = {
    "f": (
        ("Alexandra", "Sasha"),
        ("Annemarie", "Mieke"),
        ("Bernadette", "Detta"),
        ("Cordelia", "Dilly"),
        ("Elisabetta", "Betta"),
        ("Emmanuelle", "Manou"),
        ("Evangelia", "Litsa"),
        ("Filomena", "Mena"),
        ("Guadalupe", "Lupita"),
        ("Henrietta", "Hettie"),
        ("Jacqueline", "Jacqui"),
        ("Konstanze", "Stanzi"),
        ("Margarethe", "Gretel"),
        ("Penelope", "Poppy"),
        ("Philippa", "Pip"),
        ("Rosamund", "Mundy"),
        ("Theodora", "Dora"),
        ("Valentina", "Tinka"),
        ("Wilhelmina", "Mina"),
        ("Yevgenia", "Zhenya"),
    ),
    "m": (
        ("Alessandro", "Sandro"),
        ("Aleksander", "Olek"),
        ("Bartholomew", "Barty"),
        ("Bartosz", "Bartek"),
        ("Benedikt", "Bene"),
        ("Christophe", "Titou"),
        ("Demetrios", "Mitsos"),
        ("Emmanuel", "Manolo"),
        ("Ferdinand", "Ferdi"),
        ("Francisco", "Paco"),
        ("Giovanni", "Nino"),
        ("Guillermo", "Memo"),
        ("Ignacio", "Nacho"),
        ("Johannes", "Hannes"),
        ("Leonardo", "Nardo"),
        ("Maximilian", "Maxi"),
        ("Nathaniel", "Nate"),
        ("Reginald", "Reggie"),
        ("Sebastian", "Basti"),
        ("Thaddeus", "Tad"),
    ),
}
RELATIONS = {
    "f": ("sister", "cousin", "aunt", "niece", "flatmate", "godmother", "old school friend", "neighbour", "stepsister"),
    "m": (
        "brother",
        "uncle",
        "nephew",
        "best friend",
        "godfather",
        "landlord",
        "old teacher",
        "stepbrother",
        "trainer",
    ),
}
"""Each speaker has at most one person in each relation, so that "Anouk's uncle" names one person."""

ACQUAINTANCES = tuple(
    "somebody I know from the choir of my youth;a former colleague;an old classmate;somebody from my street;a "
    "friend of a friend;somebody I met at a course once;a colleague of my parents;a distant acquaintance;"
    "somebody from the library group;the person I share an allotment fence with;a friend from abroad;somebody "
    "I used to sit next to on the bus".split(";")
)
