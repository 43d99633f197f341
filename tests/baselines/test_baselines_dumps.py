"""OpenAI memory on recorded dumps."""

from __future__ import annotations

import pytest
from conftest_baselines import CONVERSATION, ingest

from baselines.openai_memory.dumps import dump_path
from baselines.openai_memory.system import OpenAIMemory
from memos.errors import DataError
from memos.types import Query

DUMP = """Ada lives in Rome and later moved to Oslo.

- Ben adopted a dog, which is called Rex.
- Somebody else entirely collects vintage harpsichords.
"""


def system(folder) -> OpenAIMemory:
    return OpenAIMemory(OpenAIMemory.Config(memories_dir=str(folder)))


def test_all_entries_are_the_context_and_sources_are_found_where_they_can_be(tmp_path):
    (tmp_path / "demo.txt").write_text(DUMP, encoding="utf-8")
    retrieved = ingest(system(tmp_path), CONVERSATION).search(Query("anything"))
    assert retrieved.used == len(retrieved.hits) == 3
    assert retrieved.context.replace("\n\n", "\n") == DUMP.replace("\n\n", "\n").rstrip()
    ada, ben, nobody = retrieved.hits
    assert set(ada.turn_ids) <= {"D1:1", "D2:1"} and ada.turn_ids
    assert set(ben.turn_ids) <= {"D1:2", "D2:2"} and ben.turn_ids
    assert nobody.turn_ids == ()


def test_resumes_with_dumps(tmp_path):
    (tmp_path / "demo.txt").write_text(DUMP, encoding="utf-8")
    half = system(tmp_path)
    half.start(CONVERSATION)
    half.add(CONVERSATION.sessions[0])
    (tmp_path / "state").mkdir()
    half.save(tmp_path / "state")
    resumed = system(tmp_path)
    resumed.load(tmp_path / "state")
    ingest(resumed, CONVERSATION, skip=1)
    assert resumed.search(Query("x")) == ingest(system(tmp_path), CONVERSATION).search(Query("x"))


@pytest.mark.parametrize(("text", "message"), [(None, "no recorded memories"), ("Zoe sings.", "names neither")])
def test_missing_or_foreign_dumps_are_named(tmp_path, text, message):
    if text is not None:
        (tmp_path / "demo.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        ingest(system(tmp_path), CONVERSATION)


def test_recorded_dumps_have_the_papers_size(locomo_path):
    """4,077 NLTK words in the paper, averaged over the 1,540 questions (docs/systems.md#openai-memory).

    The dumps give 4,278 (+4.9 %), each context exactly as many words as its file: nothing of ours is counted. Without
    splitting sentences first they would be 4,055; the full context shows that the paper's counter does split (22,636).
    """
    from eval.datasets.locomo import load
    from memos.tokens import count_words

    folder = locomo_path.parent / "openai_memories"
    if not folder.is_dir():
        pytest.skip("the recorded dumps are not beside locomo10.json")
    dataset = load(locomo_path)
    total = asked = 0
    for conversation in dataset.conversations:
        made = system(folder)
        made.start(conversation)
        for part in conversation.sessions:
            made.add(part)
        made.finish()
        count = sum(q.sample_id == conversation.sample_id and q.category != 5 for q in dataset.questions)
        words = count_words(made.search(Query("x")).context)
        assert words == count_words(dump_path(folder, conversation.sample_id).read_text(encoding="utf-8"))
        total += count * words
        asked += count
    assert asked == 1540
    assert total / asked == pytest.approx(4278, abs=5)
