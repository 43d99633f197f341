"""The memory of ChatGPT: entries written after each session, all of them read."""

from baselines.openai_memory.system import OpenAIMemory

__all__ = ["OpenAIMemory"]
