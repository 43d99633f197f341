"""The record of a run as types: what each file of a run folder holds, a sentence a field.

A record is a dictionary, in memory as on disk; these types say which fields it has (``docs/run_folder.md`` is written
from them), a type checker holds the code that writes to them, and ``check`` holds a file to them. A field that runs of
an earlier version lack is not required.

- ``fields``: the words for a field, and the check.
- ``manifest``: ``manifest.json``, ``config.yaml``, ``run.json``, ``journals.json``.
- ``journals``: the lines of the journals.
- ``summary``: ``summary.json`` of a benchmark run and of rescored answers.
- ``kv``: cells and ``summary.json`` of a time-to-first-token run.
- ``adversarial``: ``abstention.json``; ``growth``: ``memory_size.json``.
- ``stores``: a saved store's ``progress.json`` and the note of its code.
- ``files``: which file is of which type; ``page``: the document.
"""
