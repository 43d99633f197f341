"""Published prompts: fetched with a digest, parsed and never run, with our placeholders; a made-up file stands in."""

from __future__ import annotations

import hashlib

import pytest

from eval.answerers import prompts as answers
from eval.core import published_prompts as module
from eval.core.published_prompts import Published, PublishedFile
from eval.core.types import AnswerTask, JudgeTask
from eval.judges import prompts as rubrics
from memos.errors import ConfigError, DataError

FILE = '''
import nowhere_to_be_found

raise SystemExit("run")
ANSWER = """Look.

Memories of {{speaker_1_user_id}}:

{{speaker_1_memories}}

Memories of {{speaker_2_user_id}}:

{{speaker_2_memories}}

Q: {{question}}
"""

async def grade(model, question, gold_answer, response):
    system = "Grade."
    prompt = f"""Q {question} G {gold_answer} A {response} {{"label": ...}}"""

def check(kind):
    if kind == "a":
        template = "First {} {} {}"
    else:
        template = "Second {} {} {}"
    return template.format(1, 2, 3)
'''


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    digest = hashlib.sha256(FILE.encode()).hexdigest()
    made = PublishedFile("someone/thing", "0" * 40, "a folder/prompts.py", digest)
    monkeypatch.setattr(module, "ANSWERS", {"thing": Published(made, "ANSWER")})
    monkeypatch.setattr(answers, "ANSWERS", module.ANSWERS)
    places = {"gold_answer": "gold", "response": "answer"}
    judges = {
        "thing": Published(made, "grade.prompt", "grade.system", places),
        "kinds": Published(made, rules=("check.template",), kinds=("single", "abstention")),
    }
    monkeypatch.setattr(module, "JUDGES", judges)
    monkeypatch.setattr(rubrics, "JUDGES", judges)
    return made


@pytest.fixture
def fetched(source):
    source.place.parent.mkdir(parents=True)
    source.place.write_text(FILE, encoding="utf-8")
    return source


def test_an_answer_prompt_has_our_places(fetched):
    prompt = answers.from_file("published:thing")
    assert prompt.user == "Look.\n\n{context}\n\nQ: {question}\n"
    assert prompt.source == "someone/thing at 000000000000"
    (message,) = prompt.messages(AnswerTask("Where?", "Lisbon", ("Ada", "Bo")))
    assert message.content == "Look.\n\nLisbon\n\nQ: Where?\n"


def test_a_rubric_is_read_out_of_a_function(fetched):
    system, user = rubrics.from_file("published:thing").messages(JudgeTask("Q {answer}", "G", "A", 4))
    assert (system.content, user.content) == ("Grade.", 'Q Q {answer} G G A A {"label": ...}')


def test_rules_by_kind_are_whole_prompts(fetched):
    rubric = rubrics.from_file("published:kinds")
    assert rubric.messages(JudgeTask("Q", "G", "A {gold}", 5))[0].content == "Second Q G A {gold}"
    assert rubric.messages(JudgeTask("Q", "G", "A", 4))[0].content == "First Q G A"


def test_what_is_not_fetched_or_unknown_is_one_line(source):
    with pytest.raises(ConfigError, match="published:thing: not fetched; run: python scripts/fetch_data.py prompts"):
        answers.from_file("published:thing")
    with pytest.raises(ConfigError, match="published:nobody: no such published prompt; one of published:thing"):
        answers.from_file("published:nobody")


def test_only_the_named_file_is_taken(source, monkeypatch):
    asked = []

    def download(url, target, sha256):
        asked.append((url, sha256))
        raise DataError(f"{url}: download failed: another file")

    monkeypatch.setattr(module, "download", download)
    with pytest.raises(DataError, match="download failed"):
        module.fetch_prompts()
    url = f"https://raw.githubusercontent.com/someone/thing/{'0' * 40}/a%20folder/prompts.py"
    assert asked == [(url, source.sha256)] and not module.has_prompts()


def test_every_published_prompt_names_a_whole_commit_and_digest():
    for source in module.sources():
        assert len(source.commit) == 40 and len(source.sha256) == 64 and source.repository.count("/") == 1
