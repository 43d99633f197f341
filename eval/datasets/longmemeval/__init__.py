"""LongMemEval (Wu et al., ICLR 2025): questions on long chats of a user with an assistant (docs/datasets.md)."""
