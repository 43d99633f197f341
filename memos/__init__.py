"""MemOS, a memory operating system for language models (arXiv 2507.03724), and the model clients every method shares."""
