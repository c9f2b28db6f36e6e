"""A BERT of one layer with a vocabulary of eight words."""

from __future__ import annotations

from qa_nlp.encoding.bert import BertParts

WORDS = ["[FILL]", "[PAD]", "[UNK]", "say:", "where", "is", "my", "parcel"]


def tiny_parts() -> BertParts:
    """Give a model of random numbers, the same each time, and what goes with it."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel

    tokenizer = Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=256,
        pad_token_id=1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        model = BertModel(config, add_pooling_layer=False)
    return BertParts(
        model=model,
        tokenizer=tokenizer,
        pad_id=1,
        fill_id=0,
        prefix="say: ",
        weights_sha256="0123456789abcdef" * 4,
        name="tiny",
        languages=frozenset({"en", "ro"}),
        terms="our own",
    )
