"""Words, contractions, scripts without blanks, numbers, names, polarity."""

import pytest

from memos.language.names import names
from memos.language.numerals import number_of, numbers, ordinal_of, value
from memos.language.polarity import negated
from memos.language.scripts import coded, grams, lone_surrogate, sound
from memos.language.words import stem, surface, terms, words


@pytest.mark.parametrize(
    "text",
    [
        "I don't live in Porto",
        "I don’t live in Porto",
        "I don t live in Porto",
        "I don' t live in Porto",
        "I dont live in Porto",
        "I donʼt live in Porto",
        "I don`t live in Porto",
        "He doesn't live in Porto",
        "You didn't live in Porto",
        "We won't live in Porto",
        "She can't live in Porto",
        "I shan't live in Porto",
        "I wouldn't live in Porto",
        "we've live in Porto",
        "I'd live in Porto's",
        "it isn't: live in Porto",
    ],
)
def test_contractions_are_function_words(text):
    assert terms(text) == ["live", "porto"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He won the race", ["won", "race"]),
        ("Don lives in Porto", ["don", "lives", "porto"]),
        ("a safe haven", ["safe", "haven"]),
        ("O'Brien's dog", ["o'brien", "dog"]),
        ("We won T-shirts", ["won", "t", "shirts"]),
        ("rock'n'roll", ["rock'n'roll"]),
        ("José met Zoë", ["josé", "met", "zoë"]),
        ("हिन्दी पसंद", ["हिन्दी", "पसंद"]),
    ],
)
def test_words_in_their_own_right(text, expected):
    assert [word for word in surface(text) if word != "t"] == [word for word in expected if word != "t"]


def test_words_keep_case_and_hyphens():
    assert words("Bo's mother-in-law, R&D and goin' on") == ["Bo's", "mother-in-law", "R&D", "and", "goin", "on"]
    assert stem("paintings") == stem("painting's") == "paint"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("我对什么过敏？", "我对花生过敏。"),
        ("我姐姐住在哪里？", "我姐姐住在柏林。"),
        ("猫", "我的猫叫米亚"),
        ("東京はどこ", "私は東京に住んでいます"),
        ("고양이 이름", "고양이는 미아"),
        ("แพ้อะไร", "ฉันแพ้ถั่วลิสง"),
        ("ខ្ញុំរស់នៅឯណា", "ខ្ញុំរស់នៅភ្នំពេញ"),
        ("ຂ້ອຍຢູ່ໃສ", "ຂ້ອຍຢູ່ວຽງຈັນ"),
        ("မြန်မာ", "မြန်မာစကား"),
        ("live 東京", "I live in 東京 now"),
    ],
)
def test_scripts_without_blanks_share_words(asked, said):
    assert set(terms(asked)) & set(terms(said))
    assert set(coded(asked).split()) & set(coded(said).split())


def test_grams():
    assert grams("花生过敏") == ["花", "生", "过", "敏", "花生", "生过", "过敏"]
    assert grams("的") == ["的"] and "的" not in grams("我的猫")
    assert grams("か\u3099") == grams("が") == ["が"], "a decomposed letter is the letter"
    assert coded("plain English, naïve") == "plain English, naïve"
    assert all(word.isascii() and word.isalnum() for word in coded("花生ถั่ว").split())


def test_unsound_text():
    assert sound("a\ud83d") == "a\ufffd" and sound("\ud83d\ude00") == "😀" and sound("😀é") == "😀é"
    assert lone_surrogate("ab\udc00") == 2 and lone_surrogate("é😀") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("seventy two", 72),
        ("seventy-two", 72),
        ("twenty‑five", 25),
        ("a hundred", 100),
        ("one hundred and five", 105),
        ("two thousand three hundred", 2300),
        ("1,200", 1200),
        ("2.5", 2.5),
        ("2,5", 2.5),
        ("1½", 1.5),
        ("½", 0.5),
        ("3 1/2", 3.5),
        ("nineteen", 19),
        ("zero", 0),
        ("12", 12),
        ("word", None),
        ("a", None),
        ("and", None),
        ("1/0", None),
        ("3 1/0", None),
    ],
)
def test_numbers(text, number):
    assert value(text) == number


def test_numbers_in_one_form():
    assert numbers("two cats and 1,200 dogs, twice") == {"2", "1200"} | {"2"}
    assert numbers("twenty-one") == numbers("21") == {"21"}
    assert number_of("twice") == 2 and number_of("2.5") is None and number_of("²") is None
    assert [ordinal_of(word) for word in ("11th", "twenty-first", "twelfth", "31st", "cat")] == [11, 21, 12, 31, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I met May Chen yesterday.", ("May Chen",)),
        ("We met in May.", ()),
        ("I met June at the park", ("June",)),
        ("In May Ana moved to Porto.", ("Ana", "Porto")),
        ("a book by June Carter", ("June Carter",)),
        ("I saw April's car", ("April",)),
        ("On Monday Ana came", ("Ana",)),
        ("Ana's dog and Bo's cat", ("Ana", "Bo")),
        ("We moved to New York.", ("New York",)),
        ("Last May I ran", ()),
        ("Is it true that August Wilson wrote it?", ("August Wilson",)),
        ("I read The Lord of the Rings", ("Lord of the Rings",)),
        ("Today Bo left", ("Bo",)),
        ("I love Black Friday sales", ("Black Friday",)),
        ("I don't know Zoë Ågren", ("Zoë Ågren",)),
    ],
)
def test_names(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("I don't smoke", True),
        ("I smoke", False),
        ("Jon won't quit on dreams", False),
        ("Ana never stopped running", False),
        ("I quit smoking", True),
        ("She gave up coffee", True),
        ("She never gave up", False),
        ("I can't wait to go", False),
        ("Not only that", False),
        ("I no longer live here", True),
        ("I don't smoke and I don't drink", True),
        ("No doubt she sings", False),
        ("I couldn't agree more", False),
        ("Nobody came", True),
        ("I didn’t stop singing", False),
        ("I cant sing", True),
        ("He refused to sing", True),
        ("I can't live without it", False),
    ],
)
def test_polarity(text, denies):
    assert negated(text) is denies
