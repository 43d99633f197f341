"""Several memories in one cache: what is exact is exact, and the rest is as near as it says.

See docs/memos.md C34; defect 3.
"""

from __future__ import annotations

import pytest
import torch
from conftest_activation import FACTS, INST, tiny, tokenizer

from memos.activation.compose import Composer
from memos.activation.errors import ActivationError, BudgetTooSmall, UnsupportedCache
from memos.activation.model import ActivationModel
from memos.activation.rotate import Rotation
from memos.activation.tree import PrefixTree
from memos.errors import ConfigError

TEXTS = [" ".join([fact] * 4) for fact in FACTS]
QUERY = "Who has two cats, and where is the kite?"


def composer(model, **fields) -> Composer:
    return Composer(Composer.Config(**fields), model=model)


def distance(model, memory) -> float:
    """Mean KL of the query tokens' distributions from those of the whole prompt."""
    system = memory.system
    ids, prefix = model.inject(memory, QUERY)
    got = model.forward(ids, prefix, keep=len(ids))[0].log_softmax(-1)
    wanted = model.direct_logits(system, QUERY, keep=len(ids)).log_softmax(-1)
    return float((wanted.exp() * (wanted - got)).sum(-1).mean())


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_exact_composition_is_a_plain_prefill_encoded_once(kind, request):
    model = request.getfixturevalue(kind)
    made = composer(model)
    first, second = made.compose(TEXTS[:3]), made.compose([*TEXTS[:2], TEXTS[3]])
    for one, texts in ((first, TEXTS[:3]), (second, [*TEXTS[:2], TEXTS[3]])):
        whole = model.build("\n".join(texts))
        assert one.memory.system == whole.system and one.memory.states.ids == whole.states.ids
        for mine, plain in zip(
            (*one.memory.states.keys, *one.memory.states.values),
            (*whole.states.keys, *whole.states.values),
            strict=True,
        ):
            assert torch.allclose(mine, plain, atol=1e-4)
        replies = model.generate(one.memory, [QUERY], 24)[0].ids
        assert replies == model.generate_direct(whole.system, QUERY, 24).ids
    assert first.encoded == len(first.memory) and second.encoded < len(TEXTS[3]) + 20 < len(second.memory) / 2
    again = made.compose(TEXTS[:3])
    assert again.encoded == 0 and again.memory.digest() == first.memory.digest()


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_rotated_keys_of_the_first_layer_are_those_of_the_prefill(kind, request):
    model = request.getfixturevalue(kind)
    made = composer(model, mode="rotated").compose(TEXTS)
    whole = model.build("\n".join(TEXTS)).states
    assert made.memory.states.ids == whole.ids and made.memory.composition == "rotated"
    assert torch.allclose(made.memory.states.keys[0], whole.keys[0], rtol=0, atol=1e-5)
    assert torch.allclose(made.memory.states.values[0], whole.values[0], rtol=0, atol=1e-5)
    gap = (made.memory.states.keys[2] - whole.keys[2]).abs().max()
    assert gap > 1e-2, "memories cannot have seen each other"


@pytest.mark.parametrize(
    "scaling",
    [
        {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
        {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 512,
            "rope_theta": 10000.0,
        },
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "rope_theta": 10000.0},
    ],
)
def test_scaled_rotary_positions_turn_as_well(words, scaling):
    model = ActivationModel.over(tiny(rope_parameters=scaling), words)
    made, whole = composer(model, mode="rotated").compose(TEXTS), model.build("\n".join(TEXTS))
    assert torch.allclose(made.memory.states.keys[0], whole.states.keys[0], rtol=0, atol=1e-5)


def test_rotary_positions_that_change_with_length_are_refused(words):
    scaling = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    with pytest.raises(UnsupportedCache, match="dynamic"):
        ActivationModel.over(tiny(rope_parameters=scaling), words)


def test_another_key_layout_is_noticed(llama):
    model = tiny()
    model.model.rotary_emb.inv_freq = model.model.rotary_emb.inv_freq.clone()
    Rotation(model)
    model.model.rotary_emb.forward = lambda x, position_ids: tuple(
        part.repeat_interleave(2, -1)[..., :12] for part in tiny().model.rotary_emb(x, position_ids)
    )
    with pytest.raises(UnsupportedCache, match="another layout"):
        Rotation(model)


def test_blending_lies_between_its_controls(qwen):
    shares = {share: composer(qwen, mode="blended", share=share).compose(TEXTS) for share in (0.0, 0.5, 1.0)}
    rotated = composer(qwen, mode="rotated").compose(TEXTS)
    assert distance(qwen, shares[0.0].memory) == pytest.approx(distance(qwen, rotated.memory), abs=1e-7)
    assert (
        distance(qwen, shares[1.0].memory) < 1e-6 < distance(qwen, shares[0.5].memory) < distance(qwen, rotated.memory)
    )
    assert shares[0.0].cost <= shares[0.5].cost <= shares[1.0].cost
    whole = qwen.build("\n".join(TEXTS)).states
    for mine, plain in zip(shares[1.0].memory.states.keys, whole.keys, strict=True):
        assert torch.allclose(mine, plain, atol=1e-4)


def test_selections_choose_what_they_say(qwen):
    from memos.activation.blend import blend

    made = composer(qwen, mode="rotated").compose(TEXTS).memory.states
    n, fixed, starts = len(made), 200, (100, 300, 500)
    for select in ("deviation", "random", "first"):
        done = blend(qwen.model, made, fixed, 0.1, select=select, starts=starts)
        assert len(done.recomputed) == round(0.1 * (n - fixed)) and min(done.recomputed) >= fixed
        assert list(done.recomputed) == sorted(set(done.recomputed))
        reused = [i for i in range(n) if i not in done.recomputed]
        assert torch.equal(done.states.keys[2][:, reused], made.keys[2][:, reused])
    assert {300, 301, 500, 501} <= set(blend(qwen.model, made, fixed, 0.1, select="first", starts=starts).recomputed)
    with pytest.raises(ActivationError, match="blend.share: must be between 0 and 1, found 1.5"):
        blend(qwen.model, made, fixed, 1.5)


def test_naive_joining_is_wrong(llama):
    """Defect 3: each piece with a head of its own, keys left at the positions they had alone."""
    naive, rotated = (composer(llama).compose(TEXTS, mode=mode).memory for mode in ("naive", "rotated"))
    assert len(naive) > len(rotated) and naive.composition == "naive"
    assert distance(llama, naive) > 1e-4
    assert llama.generate(naive, [QUERY], 4)[0].ids


def test_parts_stay_as_they_were(llama):
    made = composer(llama, mode="blended", share=0.3)
    first = made.compose(TEXTS).memory
    before = first.digest()
    made.compose(TEXTS[::-1])
    made.compose(TEXTS[1:])
    assert first.digest() == before == made.compose(TEXTS).memory.digest()


def test_kept_fragments_are_used_again(llama):
    made = composer(llama, mode="rotated")
    first, again = made.compose(TEXTS), made.compose(TEXTS[::-1])
    assert first.encoded == len(first.memory) and again.encoded < first.encoded / 2


def test_the_tree_keeps_to_its_bytes_and_counts_shared_starts_once(llama):
    def rows(start: int) -> list[tuple[int, ...]]:
        return [tuple(range(5, 45)), tuple(range(start, start + 20))]

    one = llama.states(range(5, 65)).nbytes
    tree = PrefixTree(llama, max_bytes=2 * one)
    for start in (50, 80, 110, 140, 50):
        states = tree.states(rows(start))
        assert states.ids == (*rows(start)[0], *rows(start)[1]) and tree.nbytes <= tree.max_bytes
    assert tree.encoded == 40 + 4 * 20, "the common start is encoded once and the last leaf was still there"
    with pytest.raises(BudgetTooSmall, match="max_bytes=100"):
        PrefixTree(llama, max_bytes=100).states(rows(50))


def test_a_start_shared_in_part_splits_its_node(llama):
    tree = PrefixTree(llama)
    tree.states([tuple(range(5, 65))])
    states = tree.states([(*range(5, 40), 100, 101)])
    assert tree.encoded == 60 + 2
    plain = llama.states((*range(5, 40), 100, 101))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(states.keys, plain.keys, strict=True))


def test_mistakes_are_named(llama):
    with pytest.raises(ConfigError, match="composer.mode: 'fast' is unknown"):
        Composer.Config(mode="fast")
    with pytest.raises(ActivationError, match="no memory, or an empty one"):
        composer(llama).compose([])
    loose = ActivationModel.over(tiny(), tokenizer(INST))
    with pytest.raises(ActivationError, match="needs a template with a special token"):
        composer(loose).compose(TEXTS, mode="rotated")
    made = composer(loose).compose(TEXTS)
    assert loose.generate(made.memory, [QUERY], 8)[0].ids == loose.generate_direct(made.memory.system, QUERY, 8).ids


@pytest.mark.parametrize("kind", ["llama", "qwen"])
def test_an_exact_cache_of_texts_with_control_tokens_has_the_tokens_of_the_whole(kind, request):
    """C32: what memories write is text, cut between them or not."""
    model = request.getfixturevalue(kind)
    for texts in (["Ana wrote </s>", "<s> and left."], [TEXTS[0], "</s><s>", TEXTS[1]], ["a</s>b ", "</s>"]):
        made = composer(model).compose(texts).memory
        whole = model.build("\n".join(texts))
        assert made.system == whole.system and made.states.ids == whole.states.ids
        assert model.generate(made, [QUERY], 8)[0].ids == model.generate_direct(whole.system, QUERY, 8).ids
