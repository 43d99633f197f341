"""The Memory API and its pipelines, through the facade: they resolve, compose, isolate and order."""

import pytest

from memos import MemOS
from memos.cube import FakeClock, MemCube, SequentialIds
from memos.errors import ConfigError
from memos.infrastructure.access import Caller
from memos.interface.pipeline import Pipeline, PipelineFailed, PipelineStep

ANA = Caller("ana")


@pytest.fixture
def memory(mock_embedder):
    with MemOS(embedder=mock_embedder, clock=FakeClock(), ids=SequentialIds()) as memory:
        yield memory


def found(memory, query, user="ana"):
    return [hit.text.split(" | ")[-1] for hit in memory.search(query, user=user, k=9)]


def test_what_a_program_creates_is_resolved_as_what_a_person_adds(memory):
    memory.add("Ben works at the harbour.", user="ana")
    memory.clock.advance(days=1)
    one, two = memory.api.create(ANA, ["Ben works at the library.", "Ben works at the library."], namespace="ana")
    assert (one.outcome, two.outcome) == ("replaced", "duplicate")
    assert found(memory, "Ben works") == ["Ben works at the library."]


def test_what_is_composed_is_a_cube_under_the_strictest_rules(memory):
    first = memory.add("The gate code is 4711.", user="ana", layer="global", ttl=60.0)[0].cube_id
    second = memory.add("The fence is blue.", user="ana", layer="global")[0].cube_id
    made = memory.api.compose(ANA, [first, second])
    assert isinstance(made, MemCube) and made.text == "The gate code is 4711.\nThe fence is blue."
    assert made.parents == (first, second) and made.governance.ttl_seconds == pytest.approx(60.0)
    assert made.governance.sensitivity == "restricted" and memory.stats()["memories"] == 2


@pytest.mark.parametrize("isolate", [True, False])
def test_any_error_of_a_step_is_that_of_the_step(isolate, memory):
    def broken(api, caller):
        raise OSError("disk on fire")

    steps = [
        PipelineStep("create", {"texts": ["The fence is blue."], "namespace": "ana"}, "made", False),
        PipelineStep("broken", {}, "", isolate),
    ]
    pipeline = Pipeline("p", steps, {"broken": broken})
    if isolate:
        run = pipeline.run(memory.api, ANA)
        assert "disk on fire" in run.steps[1].error and found(memory, "fence") == ["The fence is blue."]
    else:
        with pytest.raises(PipelineFailed, match="step 2"):
            pipeline.run(memory.api, ANA)
        assert found(memory, "fence") == []


def test_steps_run_in_the_order_of_what_they_need(memory):
    steps = [
        PipelineStep("archive", {"cubes": "${made}"}, "", False),
        PipelineStep("create", {"texts": "${text}", "namespace": "ana"}, "made", False),
    ]
    assert [step.op for step in Pipeline("p", steps).run(memory.api, ANA, text="Old news.").steps] == [
        "create",
        "archive",
    ]
    assert memory.stats()["archived"] == 1
    with pytest.raises(ConfigError, match="wait for one another"):
        Pipeline("p", [PipelineStep("create", {"texts": "${b}"}, "a"), PipelineStep("create", {"texts": "${a}"}, "b")])
