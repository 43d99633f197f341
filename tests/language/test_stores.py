"""Language in the stores: recall of scripts without blanks in both vaults, files of older programs, text that is no
Unicode."""

import pytest

from memos import MemOS
from memos.cube import MemCube, new_cube
from memos.cube.clock import SystemClock
from memos.cube.errors import CubeError
from memos.embed.mock import Mock
from memos.errors import MemosError
from memos.infrastructure.vault import rows
from memos.infrastructure.vault.memory import MemoryVault
from memos.infrastructure.vault.sqlite import SqliteVault

TEXTS = {
    "花生": ("我对花生过敏。", "我对什么过敏？"),
    "柏林": ("我姐姐住在柏林。", "我姐姐住在哪里？"),
    "米亚": ("我的猫叫米亚。", "猫的名字？"),
    "ถั่ว": ("ฉันแพ้ถั่วลิสง", "แพ้อะไร"),
    "ភ្នំពេញ": ("ខ្ញុំរស់នៅភ្នំពេញ", "ខ្ញុំរស់នៅឯណា"),
    "東京": ("姉は東京に住んでいます。", "姉はどこに住んでいますか"),
    "미아": ("고양이는 미아입니다.", "고양이 이름이 뭐예요"),
    "Porto": ("I live in Porto.", "where do I live"),
}


def cube(text: str, name: str) -> MemCube:
    return new_cube(text, owner="u", ids=lambda: name, clock=SystemClock(), state="activated")


def cubes() -> list[MemCube]:
    return [cube(text, f"c{place}") for place, (text, _) in enumerate(TEXTS.values())]


@pytest.mark.parametrize("make", [MemoryVault, SqliteVault])
def test_keyword_index_finds_scripts_without_blanks(make):
    vault = make()
    vault.add(cubes())
    for word, (_, asked) in TEXTS.items():
        matches = vault.keyword(asked, 1)
        assert matches and word in vault.get(matches[0].cube_id).text, asked


def test_a_purged_memory_leaves_the_index():
    vault = SqliteVault()
    vault.add([cube("我对花生过敏。", "a"), cube("我的猫叫米亚。", "b")])
    assert [match.cube_id for match in vault.keyword("花生", 3)] == ["a"]
    vault.purge(["a"])
    assert vault.keyword("花生", 3) == []


def test_an_older_file_is_indexed_anew_when_it_is_opened(tmp_path, monkeypatch):
    path = tmp_path / "vault.db"
    with monkeypatch.context() as old:
        old.setattr(rows, "coded", lambda text: text)
        vault = SqliteVault(path)
        vault.add(cubes())
        vault._db.execute("DELETE FROM meta WHERE key = 'reading'")
        vault.close()
    vault = SqliteVault(path)
    assert all(word in vault.get(vault.keyword(asked, 1)[0].cube_id).text for word, (_, asked) in TEXTS.items())
    vault._db.execute("INSERT INTO fts_1 (fts_1) VALUES ('integrity-check')")
    vault.close()


def test_chinese_memories_come_first():
    memory = MemOS(embedder=Mock())
    for text, _ in TEXTS.values():
        memory.add(text, user="c")
    for word in ("花生", "柏林", "米亚"):
        assert word in memory.search(TEXTS[word][1], user="c", k=1)[0].text


@pytest.mark.parametrize(
    "words",
    [
        {"text": "bad \ud83d"},
        {"speaker": "A\ud83d"},
        {"user": "A\ud83d"},
        {"tags": ("x", "\udc00")},
        {"kind": "f\ud83d"},
    ],
)
def test_a_lone_surrogate_is_refused_in_one_line(words):
    memory = MemOS(embedder=Mock())
    given = {"text": "fine", "user": "u"} | words
    with pytest.raises(MemosError, match=r"^[^\n]*lone surrogate at character \d+$"):
        memory.add(given.pop("text"), **given)
    with pytest.raises(CubeError, match="lone surrogate"):
        memory.add_dialogue([("A\ud83d", "hello")], user="u")


def test_a_lone_surrogate_in_a_question_is_read_over():
    memory = MemOS(embedder=Mock())
    memory.add("I live in Porto.", user="u")
    assert memory.search("Porto \ud83d", user="u")
    assert memory.vault.keyword("Porto \ud83d", 1, namespaces=["u"])


def test_the_real_embedder_and_bertscore_take_a_lone_surrogate():
    from eval.metrics.semantic import Semantic

    assert Semantic().score(["Porto", "Porto"], ["\ud83d", "Porto"])
