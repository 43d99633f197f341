"""Wordings of wrong answers that nothing of the offline judge has seen: not its training, not its rules, not the choice of features.

They were written by somebody who had read neither the judge nor the other lists. Whoever reads how a judge takes them and then changes the judge
moves them to ``probes.TUNED`` and has new ones written; the history of looks is in ``weights.json`` (``cross_validation.looks``).
"""

from __future__ import annotations

from eval.judges.probes import Wordings

UNSEEN = Wordings(
    restated=("{question} That's a good one, let me think about it for a bit.",
              "Hmm, so what you want to know is this: {question}",
              "Great question! People often wonder about this sort of thing, and there's a lot one could say about it.",
              "The question here is \"{question}\" and it's about something that came up in the conversation.",
              "Okay, {question} Let's look at it step by step. First, we need to find the relevant part of the conversation.",
              "This has to do with {statement}.", "Regarding \"{statement}\", the conversation touches on several topics and details.",
              "To answer \"{question}\", one would have to go through the messages and pick out the relevant detail.",
              "wait, {question} lol why do you ask",
              "Your question concerns the following: {statement}. The answer depends on what was said at the time.",
              "Sure! I'd be happy to help you with your question: {question}",
              "The topic is {statement}, which the speakers discussed with each other at some point.",
              "So, {question} Well, that is exactly what we're trying to find out here."),
    denied=("It's not {gold}.", "The answer isn't {gold}, it's something else.",
            "No, {gold} is incorrect.", "I can tell you for sure that it wasn't {gold}.",
            "People might guess {gold}, but that's not right.", "You'd think it would be {gold}, but it's not.",
            "Contrary to what you may have heard, {gold} is not the answer.", "Saying {gold} here would be a mistake.",
            "nope, not {gold}", "Whatever the right answer is, it's not {gold}.", "It is false that the answer is {gold}.",
            "The correct answer is different from {gold}.", "If someone told you {gold}, they got it wrong.",
            "Well, it certainly couldn't have been {gold}.", "I checked, and {gold} turns out to be wrong.",
            "Some would say {gold}. They'd be wrong, though."),
    refusals=("Sorry, I have no idea.", "I couldn't find anything about that in the conversation.",
              "That isn't mentioned anywhere, so I can't say.", "no clue tbh", "I'm afraid I don't have enough information to answer this.",
              "I really don't remember.", "Unfortunately, the text I was given doesn't tell me that.", "Not sure, I'd only be guessing."),
    blank=("", " ", ".", "-", "..."),
    turns=(1, 5, 40),
)  # fmt: skip
SEED = 2025
"""Of the questions that these wordings are tried on; differs from the probes' own."""
