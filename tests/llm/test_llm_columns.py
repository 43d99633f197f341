"""Reading with tokens in columns equals transformers' own forward pass, and its attention plain softmax attention."""

from __future__ import annotations

import pytest
import torch
import transformers

from memos.errors import LLMError
from memos.llm import tiles
from memos.llm.columns import Columns, reads
from memos.llm.generate import Engine, Row
from memos.llm.kv import PrefixStore, SharedPrefix, SuffixCache, reading
from memos.llm.scratch import Scratch

SIZES = dict(
    vocab_size=96,
    hidden_size=48,
    intermediate_size=80,
    num_hidden_layers=3,
    num_attention_heads=6,
    num_key_value_heads=2,
    max_position_embeddings=4096,
    initializer_range=0.3,
)
KINDS = {
    "Llama": {},
    "Llama-biased": {"attention_bias": True, "mlp_bias": True},
    "Llama-stretched": {
        "rope_parameters": {
            "rope_type": "yarn",
            "factor": 4.0,
            "rope_theta": 1e4,
            "original_max_position_embeddings": 64,
        }
    },
    "Qwen2": {"use_sliding_window": False},
    "Qwen3": {"use_sliding_window": False, "head_dim": 16},
}


def made(kind: str = "Llama", **settings):
    torch.manual_seed(3)
    name = kind.split("-")[0]
    config = getattr(transformers, f"{name}Config")(**{**SIZES, **KINDS.get(kind, {}), **settings})
    model = getattr(transformers, f"{name}ForCausalLM")(config).eval()
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, 0.5, 0.3)  # biases and norms that matter
    return model


def drawn(n: int, seed: int) -> tuple[int, ...]:
    return tuple(torch.randint(0, 96, (n,), generator=torch.Generator().manual_seed(seed)).tolist())


@torch.inference_mode()
def plain(model, ids, keep: int) -> torch.Tensor:
    """Logits of transformers' own attention on the whole prompt."""
    model.set_attn_implementation("eager")
    return model(torch.tensor([ids])).logits[0, -keep:]


def split(query, seen, first, count, scale):
    """Softmax attention written out: (heads, size, columns)."""
    groups = len(query) // len(seen.own_keys)
    keys, values = seen.own_keys, seen.own_values
    past = 0
    if seen.keys is not None:
        keys, values, past = torch.cat([seen.keys, keys], 1), torch.cat([seen.values, values], 1), seen.keys.shape[1]
    keys, values = keys.repeat_interleave(groups, 0).double(), values.repeat_interleave(groups, 0).double()
    scores = keys @ query[..., :count].double() * scale
    late = torch.arange(keys.shape[1])[:, None] > past + first + torch.arange(count)
    return (values.transpose(1, 2) @ scores.masked_fill(late, -torch.inf).softmax(1)).float()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("past", "new", "keep"), [(0, 1, 1), (0, 37, 1), (53, 19, 19), (700, 33, 5), (16, 16, 1)])
def test_logits_and_states_equal_transformers(kind, past, new, keep):
    model = made(kind)
    assert reads(model)
    ids = drawn(past + new, past + new)
    wanted = plain(model, ids, keep)
    read, prefix = Columns(model), None
    if past:
        cache = SuffixCache(3, past)
        read.read(ids[:past], None, cache)
        states = [(layer.keys[0], layer.values[0]) for layer in cache.layers]
        prefix = SharedPrefix(ids[:past], tuple(k for k, _ in states), tuple(v for _, v in states))
        before = [tensor.clone() for tensor in (*prefix.keys, *prefix.values)]
    cache = SuffixCache(3, new + 4)
    got = read.read(ids[past:], prefix, cache, keep)
    assert got.shape == wanted.shape
    assert torch.allclose(got, wanted, atol=2e-4, rtol=1e-4)
    whole = transformers.DynamicCache()
    model(torch.tensor([ids]), use_cache=True, **reading(model, whole))
    for layer, states in zip(cache.layers, whole.layers, strict=True):
        assert layer.get_seq_length() == new
        assert torch.allclose(layer.keys, states.keys[:, :, past:], atol=1e-4)
        assert torch.allclose(layer.values, states.values[:, :, past:], atol=1e-4)
    if past:
        assert all(torch.equal(a, b) for a, b in zip(before, (*prefix.keys, *prefix.values), strict=True))


def test_all_logits_without_a_number_to_keep():
    model, ids = made(), drawn(21, 1)
    got = Columns(model).read(ids, None, SuffixCache(3, 21), 0)
    assert torch.allclose(got, plain(model, ids, 21), atol=2e-4)


@pytest.mark.parametrize("heads", [(1, 1), (6, 2), (8, 1)])
@pytest.mark.parametrize(
    ("past", "own", "count"), [(0, 1, 1), (0, 700, 700), (513, 3, 3), (1100, 211, 211), (40, 300, 7)]
)
@pytest.mark.parametrize("loud", [1.0, 40.0, 400.0])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_tiles_are_softmax_attention(heads, past, own, count, loud, threads, monkeypatch):
    """``loud`` scores leave the range in which no maximum is needed, upwards and downwards; keys that the threads
    cannot share evenly are counted once."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    draw, kept = torch.Generator().manual_seed(own), heads[1]
    query = torch.randn(heads[0], 24, count + 5, generator=draw) * loud
    keys, values = (torch.randn(kept, past + own, 24, generator=draw) for _ in range(2))
    keys[..., 0] += 1
    before = (keys[:, :past], values[:, :past]) if past else (None, None)
    seen = tiles.Seen(keys[:, past:], values[:, past:], *before)
    attend = tiles.Attention(query.shape, kept, 24, own - count, count, 24**-0.5, query)
    attend(query.flip(0, 1, 2), seen)  # leaves nothing behind
    got = attend(query, seen)
    assert torch.allclose(got[..., :count], split(query, seen, own - count, count, 24**-0.5), atol=2e-6 * max(loud, 4))
    assert not got[..., count:].any()


def test_the_maximum_is_taken_only_where_it_is_needed(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    attend = tiles.Attention((1, 8, 16), 1, 8, 3, 16, 1.0, torch.empty(0))
    safely, taken = attend._mix_safely, []
    monkeypatch.setattr(attend, "_mix_safely", lambda *given: taken.append(safely(*given)))
    monkeypatch.setattr(attend, "most", 2)

    def needed(*sizes: float) -> bool:
        """Scores are eight times the sizes: of four keys before, then of all own keys."""
        keys = torch.cat([torch.full((1, 4, 8), float(size)) for size in sizes[:-1]], 1)
        own = torch.full((1, 19, 8), float(sizes[-1]))
        attended = attend(torch.ones(1, 8, 16), tiles.Seen(own, torch.ones_like(own), keys, torch.ones_like(keys)))
        assert torch.allclose(attended, torch.ones_like(attended)), "the mean of ones"
        called = bool(taken)
        taken.clear()
        return called

    assert not needed(1, -1)
    assert needed(20, 20) and needed(-20, -20), "exp(160) is too large, exp(-160) is nothing"
    assert needed(1, 20), "seen only in the sum"
    assert needed(-7.48, -7.48), "exp(-59.8) can be told, but the sum is too near to nothing"


def test_scratch_memory_is_made_once_and_grows():
    scratch = Scratch(torch.empty(1, dtype=torch.float64))
    first = scratch("a", 2, 3).fill_(7)
    assert first.shape == (2, 3) and first.dtype == torch.float64
    assert scratch("a", 3).tolist() == [7, 7, 7], "the same memory"
    scratch("b", 3).fill_(1)
    assert (first == 7).all(), "another name's is its own"
    assert scratch("a", 4, 4).shape == (4, 4)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Gemma", {"head_dim": 8}),
        ("Llama", {"hidden_act": "gelu"}),
        ("Mistral", {"sliding_window": 8}),
        ("Qwen2", {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0}),
    ],
)
def test_other_models_go_through_transformers(kind, settings):
    model = made(kind, **settings)
    engine, ids = Engine(model, [], PrefixStore(0)), drawn(6, 2)
    assert engine._columns is None
    got = engine.read(ids, None, SuffixCache(3, 6), 2)
    assert torch.allclose(got, plain(model, ids, 2), atol=2e-4)


def test_other_precisions_and_replaced_layers_go_through_transformers():
    assert not reads(made().to(torch.bfloat16))
    model = made()
    layer = model.model.layers[1].mlp
    layer.up_proj = torch.nn.Sequential(layer.up_proj)
    assert not reads(model)


def test_one_prompt_and_a_batch_say_the_same():
    """A single row is read in columns, several through transformers' modules; both continue on the same cache."""
    engine = Engine(made(), [], PrefixStore(1 << 24))
    shared = drawn(40, 5)
    rows = [Row((*shared, *drawn(5 + i, i)), 12) for i in range(5)]
    prefix, _ = engine.prefix(shared, 1)
    together = [one.ids for one in engine.generate(rows, prefix)]
    assert together == [engine.generate([row], prefix)[0].ids for row in rows]
    assert together == [engine.generate([row], None)[0].ids for row in rows]


def test_an_engine_says_how_it_reads():
    assert Engine(made(), [], PrefixStore(0)).attention == "columns"
    assert Engine(made().to(torch.bfloat16), [], PrefixStore(0)).attention == "split"


def test_a_cache_is_passed_under_the_name_that_a_module_takes_or_refused():
    """Models of transformers take unknown arguments without a word; a cache under the wrong name would be ignored."""

    class New(torch.nn.Module):
        def forward(self, ids, cache=None, **kwargs):
            return ids

    class Old(torch.nn.Module):
        def forward(self, ids, past_key_values=None, **kwargs):
            return ids

    class Neither(torch.nn.Module):
        def forward(self, ids, **kwargs):
            return ids

    kept = SuffixCache(1, 1)
    assert reading(New(), kept) == {"cache": kept} and reading(Old(), kept) == {"past_key_values": kept}
    with pytest.raises(LLMError, match="Neither"):
        reading(Neither(), kept)


def test_no_deprecated_argument_is_used(recwarn):
    """transformers warns of what it will drop; reading through its modules gives no such warning."""
    model, ids = made(), drawn(21, 1)
    engine = Engine(model, (2,), PrefixStore(1 << 20))
    engine._columns = None
    engine.read(ids, None, SuffixCache(3, 21))
    assert not [str(warning.message) for warning in recwarn if "deprecated" in str(warning.message)]
