"""Tiny random models with a chat template; nothing is downloaded."""

from __future__ import annotations

TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<s>system\nBe kind.</s>\n{% endif %}"
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)
INST = (
    "{% for m in messages %}{% if m['role'] == 'system' %}[SYS] {{ m['content'] }} [/SYS] "
    "{% else %}{{ m['content'] }} [/INST]{% endif %}{% endfor %}"
)
"""A template without a special token between memory and query."""

FACTS = [
    "Ann keeps a red kite in the hall.",
    "Bob sold the boat in May.",
    "Cleo bakes rye bread on Sundays.",
    "Dan has two cats.",
]


def tokenizer(template: str | None = TEMPLATE):
    """Bytes, with some merges, so that cutting text at random places changes its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e"), ("a", "n"), ("i", "n"), ("Ċ", "Ċ"), ("e", "d"), ("Ġ", "b")]
    tokens = ["<s>", "</s>", *letters, *("".join(pair) for pair in merges)]
    backend = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
    made.chat_template = template
    return made


def tiny(kind: str = "Llama", *, seed: int = 0, layers: int = 3, **fields):
    """A random transformers model whose answers vary with what it reads."""
    import torch
    import transformers

    torch.manual_seed(seed)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=272,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        eos_token_id=1,
        bos_token_id=0,
        pad_token_id=1,
        **{"initializer_range": 0.4, **({"head_dim": 16} if kind == "Qwen3" else {}), **fields},
    )
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()
