"""MemCube: strict JSON, fixed provenance, version chain (C1-C3)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memos.cube import (
    ActivationPayload,
    ChainBroken,
    CubeError,
    FakeClock,
    Grant,
    MemCube,
    ParametricPayload,
    PlaintextPayload,
    SequentialIds,
    Source,
    new_cube,
    verify_chain,
)
from memos.cube.codec import canonical
from memos.cube.cube import fingerprint

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
names = st.tuples(words) | st.tuples(words, words) | st.just(())
moments = st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1))
json_values = st.dictionaries(
    words, st.integers() | words | st.booleans() | st.floats(allow_nan=False, allow_infinity=False), max_size=3
)
payloads = st.one_of(
    st.builds(PlaintextPayload, text=words, record=json_values, tokens=st.none() | st.integers(0, 99), embedder=words),
    st.builds(
        ActivationPayload,
        model=words,
        revision=words,
        weights_digest=words,
        dtype=words,
        tokenizer_digest=words,
        template_digest=words,
        file=words,
        file_digest=words,
        bytes=st.integers(0, 9),
        token_ids=st.tuples(st.integers(0, 9)),
        layers=st.integers(0, 9),
    ),
    st.builds(
        ParametricPayload,
        base_model=words,
        base_revision=words,
        file=words,
        file_digest=words,
        bytes=st.integers(0, 9),
        target_modules=names,
        rank=st.integers(1, 9),
        alpha=st.floats(0, 64) | st.integers(0, 64),
        training_cubes=st.tuples(words),
    ),
)


@st.composite
def cubes(draw):
    start = draw(st.none() | moments)
    end = (
        None if start is None else draw(st.none() | st.timedeltas(timedelta(0), timedelta(9)).map(lambda d: start + d))
    )
    return new_cube(
        draw(payloads),
        owner=draw(words),
        ids=SequentialIds(),
        clock=FakeClock(),
        tags=draw(names),
        topic=draw(words),
        speaker=draw(st.just("") | words),
        event_start=start,
        event_end=end,
        attributes=draw(json_values),
        sources=draw(st.tuples(st.builds(Source, dialogue=words, turn=words, start=st.none() | st.integers(0, 5)))),
        position=draw(st.none() | st.integers(0, 99)),
        derived_from=draw(names),
        state=draw(st.sampled_from(["generated", "archived"])),
        governance={
            "layer": draw(st.sampled_from(["private", "shared", "global"])),
            "contexts": draw(names),
            "ttl_seconds": draw(st.none() | st.integers(1, 99) | st.floats(1, 99)),
            "priority": draw(st.integers(-3, 3)),
            "acl": draw(st.tuples(st.builds(Grant, words, st.just(("read", "write"))))),
        },
    )


@settings(max_examples=1000, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(cubes())
def test_json_round_trip_keeps_the_digest(cube):
    """C1: 1,000 generated cubes round trip, unknown fields refused."""
    back = MemCube.from_json(json.loads(canonical(cube.to_json())))
    assert back == cube
    assert back.digest() == cube.digest()
    assert back.content() == cube.content()


@pytest.mark.parametrize("group", [None, "payload", "descriptive", "governance", "behavioural"])
def test_an_unknown_field_is_refused_by_name(make, group):
    """C1: 1,000 generated cubes round trip, unknown fields refused."""
    value = make().to_json()
    (value if group is None else value[group])["colour"] = "blue"
    with pytest.raises(CubeError, match="unknown field 'colour'"):
        MemCube.from_json(value)


@pytest.mark.parametrize(
    ("group", "field", "value"),
    [
        ("governance", "layer", "public"),
        ("governance", "priority", "high"),
        ("governance", "ttl_seconds", True),
        ("descriptive", "tags", "art"),
        ("descriptive", "created_at", "yesterday"),
        ("behavioural", "access_count", 1.5),
        ("payload", "text", 7),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_field(make, group, field, value):
    """C1: 1,000 generated cubes round trip, unknown fields refused."""
    broken = make().to_json()
    broken[group][field] = value
    with pytest.raises(CubeError, match=rf"{group}\.{field}"):
        MemCube.from_json(broken)


def test_missing_groups_and_unknown_arguments_are_refused(make):
    value = make().to_json()
    del value["governance"]
    with pytest.raises(CubeError, match="governance: missing"):
        MemCube.from_json(value)
    with pytest.raises(CubeError, match="colour"):
        make(colour="blue")
    with pytest.raises(CubeError, match="empty"):
        make("")
    with pytest.raises(CubeError, match="surrogate"):
        make("\ud800")


def test_identity_is_fixed_for_life(make, clock):
    """C2: origin and provenance id fixed for life."""
    cube = make()
    for name, value in [("cube_id", "x"), ("provenance_id", "x"), ("origin", "inference"), ("created_at", clock())]:
        with pytest.raises(CubeError, match="fixed for life"):
            cube.revise(clock(), descriptive={name: value})
    assert cube.revise(clock(), descriptive={"topic": "t"}).descriptive.provenance_id == cube.descriptive.provenance_id
    assert cube.copied("copy", clock(), derived_from=(cube.cube_id,)).descriptive.provenance_id == cube.cube_id


def test_a_payload_keeps_its_kind(make, clock):
    adapter = ParametricPayload("m", "r", "f", "d", 1, ("q",), 4, 8.0, ("cube-000001",))
    with pytest.raises(CubeError, match="plaintext payload cannot become parametric"):
        make().revise(clock(), payload=adapter)


def test_event_end_needs_a_start_before_it(make):
    with pytest.raises(CubeError, match="event_end"):
        make(event_end=datetime(2024, 1, 1))
    with pytest.raises(CubeError, match="before event_start"):
        make(event_start=datetime(2024, 1, 2), event_end=datetime(2024, 1, 1))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(words, min_size=1, max_size=8), st.data())
def test_every_tampering_with_a_version_chain_is_noticed(texts, data):
    """C3: version chain, tampering noticed."""
    from dataclasses import replace

    from memos.infrastructure.vault.memory import MemoryVault

    clock, ids, vault = FakeClock(), SequentialIds(), MemoryVault()
    vault.add([new_cube(texts[0], owner="ana", ids=ids, clock=clock)])
    for text in texts[1:]:
        clock.advance(seconds=1)
        vault.update(vault.get("cube-000001").revise(clock(), payload=PlaintextPayload(text)))
    chain = vault.versions("cube-000001")
    verify_chain(chain)
    place = data.draw(st.integers(0, len(chain) - 1))
    change = data.draw(
        st.sampled_from(
            [
                {"content": chain[place].content + " "},
                {"content_digest": "0" * 32},
                {"digest": "0" * 32},
                {"at": datetime(2000, 1, 1, tzinfo=UTC)},
                {"version": chain[place].version + 1},
            ]
        )
    )
    broken = list(chain)
    broken[place] = replace(chain[place], **change)
    with pytest.raises(ChainBroken):
        verify_chain(broken)
    if len(chain) > 1 and place < len(chain) - 1:
        with pytest.raises(ChainBroken):
            verify_chain(chain[:place] + chain[place + 1 :])


def test_fingerprints_of_near_duplicates_differ_in_few_bits():
    text = "we went hiking in the hills near the lake with the dog last weekend and saw a fox"
    distance = (int(fingerprint(text), 16) ^ int(fingerprint(text.replace("fox", "deer")), 16)).bit_count()
    other = (
        int(fingerprint(text), 16) ^ int(fingerprint("my sister plays the violin in an orchestra"), 16)
    ).bit_count()
    assert distance < other
    assert fingerprint(text) == fingerprint(text.upper())


def test_content_written_once_is_never_that_of_a_changed_cube():
    clock, ids = FakeClock(), SequentialIds()
    cube = new_cube("tea", owner="ana", ids=ids, clock=clock)
    written = cube.content()
    assert cube.content() is written
    for other in (
        replace(cube, payload=PlaintextPayload("coffee")),
        replace(cube, descriptive=replace(cube.descriptive, speaker="Bo")),
        cube.revise(clock(), governance={"priority": 3}),
    ):
        assert other.content() == MemCube.from_json(other.to_json()).content() != written
    assert replace(cube, state="archived").content() == written
