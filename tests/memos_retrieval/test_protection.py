"""What governance and the MemStore protect, through the facade: in each test one thing differs, and what is seen."""

import random
import sqlite3
from datetime import UTC, datetime

import pytest

from memos import MemOS
from memos.cube import FakeClock, SequentialIds
from memos.cube.errors import AccessDenied, ChainBroken
from memos.errors import ConfigError
from memos.infrastructure.access import Caller
from memos.infrastructure.audit import LogQuery
from memos.infrastructure.governance import MemGovernance
from memos.infrastructure.memstore import Subscription
from memos.infrastructure.sensitivity import find_sensitive, read_watermark, redact, watermark
from memos.llm.mock import MockLLM

NOW = datetime(2025, 6, 18, 12, tzinfo=UTC)


class RemoteLLM(MockLLM):
    """A model that another machine serves."""

    remote = True


def opened(embedder, path=":memory:", llm=MockLLM, **config):
    model = llm(function=lambda request: "Well.")
    return MemOS(path, MemOS.Config(**config), embedder=embedder, clock=FakeClock(NOW), ids=SequentialIds(), llm=model)


@pytest.fixture
def memory(mock_embedder):
    with opened(mock_embedder) as memory:
        yield memory


# -- the log ----------------------------------------------------------------------------------------------------
def test_every_addition_search_and_chat_is_logged(memory):
    memory.add("I keep bees.", user="ana")
    memory.add_dialogue([("Ana", "Hello.")], user="ana")
    memory.search("bees", user="ana")
    memory.search("bees", user="ana", as_of=NOW)
    memory.chat("Where are my bees?", user="ana")
    done = [entry.operation for entry in memory.vault.audit(LogQuery(actor="ana"))]
    assert done == ["add", "add", "search", "search", "chat", "search"]


@pytest.mark.parametrize("anchored", [False, True])
def test_a_log_whose_end_was_cut_off_is_noticed(anchored, tmp_path, mock_embedder):
    with opened(mock_embedder, tmp_path / "v.sqlite") as memory:
        for n in range(4):
            memory.add(f"Note {n}.", user="ana")
        anchor = memory.anchor()
        assert memory.verify(anchor) == 4
    with sqlite3.connect(tmp_path / "v.sqlite") as db:
        db.execute("DROP TRIGGER audit_kept")
        db.execute("DELETE FROM audit WHERE seq > 2")
        if anchored:  # who cuts it off knows where the file keeps its end
            digest = db.execute("SELECT digest FROM audit WHERE seq = 2").fetchone()[0]
            db.execute("UPDATE meta SET value = ? WHERE key = 'note:log'", (f"2 {digest}",))
    with opened(mock_embedder, tmp_path / "v.sqlite") as memory:
        if anchored:
            assert memory.verify() == 2
        with pytest.raises(ChainBroken, match="cut off"):
            memory.verify(*([anchor] if anchored else []))
        with pytest.raises(ConfigError, match="anchor"):
            memory.verify("yesterday")


# -- sensitivity ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("level", "own", "others"),
    [("public", True, True), ("internal", True, False), ("confidential", True, False), ("restricted", False, False)],
)
@pytest.mark.parametrize("llm", [MockLLM, RemoteLLM])
def test_each_level_says_what_a_model_elsewhere_is_shown(llm, level, own, others, mock_embedder):
    for owner, told in (("ana", own), ("bob", others)):
        with opened(mock_embedder, llm=llm) as memory:
            memory.add("Ring Tom at the boat house.", user=owner, rights=["ana"], sensitivity=level)
            memory.chat("What does our team say about Tom and the boat house?", user="ana")
            prompt = memory.llm.requests[-1].messages[0].content
            assert ("boat house" in prompt) is (told or llm is MockLLM)


@pytest.mark.parametrize(("remote", "seen"), [(True, False), (False, True)])
def test_what_is_sensitive_is_not_in_a_prompt_that_leaves(remote, seen, mock_embedder):
    with opened(mock_embedder, llm=RemoteLLM, protection=MemGovernance.Config(remote=remote)) as memory:
        memory.add("Tom's number is +44 7911 123456.", user="ana")
        memory.chat("What is Tom's number?", user="ana")
        prompt = memory.llm.requests[-1].messages[0].content
        assert ("7911" in prompt) is seen and ("[phone]" in prompt) is not seen


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("pin", "My PIN is 4471"),
        ("pin", "The PIN for my card is 4471"),
        ("pin", "Meine Geheimzahl ist 4471"),
        ("pin", "The gate code is 4711."),
        ("phone", "Mein Handy: 0171/1234567"),
        ("phone", "mon numéro est le 06 12 34 56 78"),
        ("phone", "mi móvil es 612 345 678"),
        ("phone", "(11) 91234-5678"),
        ("phone", "ring me on 12 34 56 78"),
        ("address", "I live at 12 Baker Street in London"),
        ("address", "Ich wohne in der Lindenstraße 12a"),
        ("address", "J'habite au 14 rue de la Paix"),
        ("address", "vivo en Calle de Alcalá 45"),
        ("address", "Abito in Via Roma 10"),
        ("birth_date", "I was born on 4 March 1990"),
        ("birth_date", "DOB: 1990-03-04"),
        ("birth_date", "geboren am 4. März 1990"),
        ("birth_date", "née le 4 mars 1990"),
        ("birth_date", "nací el 4 de marzo de 1990"),
        ("password", "I changed my password to bluefish22"),
        ("password", "Mein Passwort lautet geheim77"),
        ("password", "mon mot de passe est soleil9"),
        ("password", "mi contraseña es perro12"),
        ("password", "пароль: zima2020"),
        ("password", "密码是 abc123"),
    ],
)
def test_what_is_told_of_a_person_is_noticed_and_redacted(kind, text, mock_embedder):
    spans = find_sensitive(text)
    assert kind in {span.kind for span in spans}
    assert f"[{kind}]" in redact(text) and not find_sensitive(redact(text))


@pytest.mark.parametrize(
    "text",
    [
        "I have 3 dogs and 2 cats.",
        "We met in May 2023 at a play.",
        "I ran 26 miles in 4 hours.",
        "She was born in 1990.",
        "The key is to be patient.",
        "The password to success is work.",
        "The meeting is at 10 on the 12th.",
    ],
)
def test_plain_words_are_not(text):
    assert find_sensitive(text) == []


def test_a_users_dump_redacts_what_is_others(memory, tmp_path):
    memory.add("The gate code is 4711.", user="ana")
    memory.add("The safe code is 9922.", user="bob", layer="shared", rights=["ana"])
    memory.dump(tmp_path / "d.jsonl", user="ana")
    lines = (tmp_path / "d.jsonl").read_text()
    assert "4711" in lines and "9922" not in lines and "[pin]" in lines


def test_a_watermark_survives_the_editing_of_a_fifth():
    chance = random.Random(5)
    for _ in range(50):
        words = [f"word{chance.randrange(999)}" for _ in range(60)]
        marked = watermark(" ".join(words), "eve:1").split(" ")
        for place in chance.sample(range(60), 12):
            marked[place] = chance.choice(["", "edited"])
        assert read_watermark(" ".join(marked)) == "eve:1"


# -- the MemStore -----------------------------------------------------------------------------------------------
def told_to(memory):
    heard = []

    def push(subscriber, listing):
        if subscriber == "bad":
            raise RuntimeError("no")
        heard.append((subscriber, listing.text))

    memory.push = push
    return heard


def test_a_failing_subscriber_keeps_nobody_else_from_hearing(memory):
    heard = told_to(memory)
    for user in ("ann", "bad", "cy"):
        memory.subscribe(user=user, tags=["lab"])
    made = memory.add("The oven is on.", user="ana", tags=["lab"])[0]
    memory.publish(made.cube_id, user="ana")
    assert [name for name, _ in heard] == ["ann", "cy"]
    failed = memory.vault.audit(LogQuery(operations=("push",), outcome="error"))
    assert [entry.actor for entry in failed] == ["bad"]


@pytest.mark.parametrize("door", ["facade", "api"])
def test_a_change_of_the_source_is_pushed_and_offered(door, memory):
    heard = told_to(memory)
    memory.subscribe(user="cy", tags=["lab"])
    made = memory.add("The oven is on.", user="ana", tags=["lab"])[0]
    listing = memory.publish(made.cube_id, user="ana", mark="ana:1").cube_id
    if door == "facade":
        memory.update(made.cube_id, "The oven is off.", user="ana")
    else:
        memory.api.update(Caller("ana"), made.cube_id, "The oven is off.")
        memory.clock.advance(minutes=2)
        memory.search("anything", user="dan")
    assert [read_watermark(text) for _, text in heard] == ["ana:1", "ana:1"]
    assert "off" in heard[-1][1] and memory.pull(user="cy") == [listing]
    assert "off" in memory.access(listing, user="cy").text
    memory.forget(made.cube_id, user="ana")
    assert memory.pull(user="cy") == []


def test_who_unsubscribes_hears_no_more(memory):
    heard = told_to(memory)
    memory.subscribe(user="cy", tags=["lab"])
    memory.subscribe(user="cy", tags=["sea"])
    assert memory.unsubscribe(user="cy", tags=["lab"]) == 1
    for tag in ("lab", "sea"):
        memory.publish(memory.add(f"On {tag}.", user="ana", tags=[tag])[0].cube_id, user="ana")
    assert [name for name, _ in heard] == ["cy"] and memory.unsubscribe(user="cy") == 1
    assert memory.pull(user="cy") == []


def test_nobody_subscribes_in_the_name_of_another(memory):
    for call in (
        lambda: memory.store.subscribe(Subscription("cy", ("lab",)), Caller("eve")),
        lambda: memory.store.unsubscribe("cy", Caller("eve")),
        lambda: memory.store.pull("cy", Caller("eve")),
    ):
        with pytest.raises(AccessDenied, match="eve"):
            call()
    assert memory.pull(user="cy") == []
