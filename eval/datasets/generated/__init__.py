"""The generated benchmark: life stories told over months, with questions whose key is right by construction.

``records`` (knobs and records) <- ``world`` and ``lives`` (facts and their tellings) <- ``surface`` (turns) and
``questions`` (from the world, never from the text) <- ``build`` (streams) <- ``locomo_format`` (files). The page
``docs/generated.md`` tells more.
"""
