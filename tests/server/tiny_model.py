"""A causal language model of a few thousand random weights with a tokenizer of bytes, saved as transformers do.

It writes Latin letters and nothing else: the offline judge refuses answers in a script that it cannot read.
"""

from __future__ import annotations

from pathlib import Path

TEMPLATE = (
    "{% for m in messages %}<s>{{ m['role'] }}\n{{ m['content'] }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n{% endif %}"
)


def save(folder: Path, context: int = 32_768) -> Path:
    """Write the model and its tokenizer (one token a byte) and return the folder; the same bytes every time."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=258,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=context,
        initializer_range=0.4,
        eos_token_id=1,
        bos_token_id=0,
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = ["<s>", "</s>", *letters]
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for i, token in enumerate(tokens[2:], 2):
            if not (token.isascii() and token.isalpha()):
                model.lm_head.weight[i] = 0
    model.save_pretrained(folder)
    backend = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    return folder
