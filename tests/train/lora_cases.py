"""A tiny base model with random weights and a tokenizer of its own, for the tests of tuned students."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

EXTRA = ("torch", "transformers", "peft", "trl", "gguf")
needs_torch = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in EXTRA), reason="needs torch: pip install 'turnwright[train]'"
)
TEXTS = (
    "hello, I need help with my account, something is wrong with my card, my name is Jane Doe",
    '[ask_name] [ask_pin] [query] [goodbye] <tool_call>{"name":"look_up","arguments":{"pin":1234}}</tool_call>',
    "the number is 1234, thanks, that was all, nothing else, bye. Task: bank Tools: look_up(pin) Found Message item",
)
CHAT = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def tiny_base(folder: Path, *, seed: int = 0, template: str | None = CHAT) -> Path:
    """Write a base model as Hugging Face writes it: two layers, 64 wide, random."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = tiny_tokenizer(template)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def tiny_tokenizer(template: str | None = CHAT) -> Any:
    """Byte-level BPE over a few sentences, with ChatML's special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator(TEXTS * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = template
    return tokenizer
