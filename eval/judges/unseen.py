"""Wordings of wrong answers that neither the offline judge's training nor the choice of its features and settings has seen.

They are for the last look only: whoever reads how a judge takes them and then changes the judge must write new ones. The history of looks is
in ``weights.json`` (``cross_validation.looks``).
"""

from __future__ import annotations

from eval.judges.probes import Wordings

UNSEEN = Wordings(
    restated=("So the thing you want to know: {question}", "Hm, {statement}? Let me see what they said about that.",
              "They did speak of {statement} at some point.", "{question} That is a good question.",
              "This concerns {statement}, which they went over together."),
    denied=("{gold}? No, quite the reverse.", "Whatever it was, {gold} it was not.", "People assume {gold}, yet that is mistaken.",
            "It would be untrue to answer {gold}.", "I can tell you for sure that {gold} isn't it.", "Had you guessed {gold}, you would be wrong.",
            "There is no way that it's {gold}.", "Never {gold}, as far as their talks go."),
    refusals=("My notes are silent on this.", "I'm afraid that never came up.", "No answer can be given from these conversations.",
              "I couldn't tell you.", "That information isn't available to me.", "The speakers did not go into it."),
    blank=("", " ", ".", "-", "..."),
    turns=(1, 5, 40),
)  # fmt: skip
SEED = 2024
"""Of the questions that these wordings are tried on; differs from the probes' own."""
