"""The rubrics of the LLM judges, in our own words (docs/protocol.md#judges, docs/protocol.md#longmemevals-rubric)."""

from __future__ import annotations

from eval.core.types import JudgeTask

REPLY = 'Reply with one short sentence of reasoning and then a JSON object: {"label": "CORRECT"} or {"label": "WRONG"}.'

GENEROUS = (
    "You compare an answer to a question about a long conversation with the reference answer.\n"
    "Be generous. The reference is short, the answer may be long: accept it as CORRECT when it concerns the same "
    "thing as the reference, even if it says more or says it in other words. For times and dates, accept any wording "
    "or format that can mean the same day or "
    'period as the reference, relative wordings such as "last Tuesday" included. Otherwise it is WRONG.\n\n'
    "Example. Question: What did Ina bring her brother from Lisbon? Reference: a tin of sardines. Answer: She got him "
    "some canned fish there. This is CORRECT.\n\n"
    "Question: {question}\nReference: {gold}\nAnswer: {answer}\n\n" + REPLY
)

STRICT = (
    "You check an answer to a question about a long conversation against the reference answer, as an examiner who "
    "pays attention.\n"
    "CORRECT only if all three hold: every piece of key information in the reference is in the answer (each item of a "
    "list, each name, number and date), nothing in the answer contradicts the reference, and the answer is no vaguer "
    "than the reference (a "
    'month is not enough where the reference names the day; "a sport" is not enough where it says tennis). Other '
    "words, other date formats and extra detail that agrees are fine. If any of the three fails, or the answer "
    "declines to answer, it is WRONG.\n\n"
    "Question: {question}\nReference: {gold}\nAnswer: {answer}\n\n" + REPLY
)

_LONGMEMEVAL_TASK = {
    "single": "The answer is right if it contains the reference or says the same, also when it gives the steps that "
    "lead to it. It is not right if it holds only a part of what the reference requires.",
    "temporal": "The answer is right if it contains the reference or says the same, also when it gives the steps that "
    "lead to it. It is not right if it holds only a part of it. Do not punish a count of days, weeks or months that "
    "is off by one.",
    "knowledge": "The answer is right if it gives the updated information that the reference states, even where it "
    "tells the earlier state too.",
    "preference": "The reference describes what a good personal reply takes into account. The answer is right if it "
    "recalls and uses the person's own information correctly; it need not cover every point.",
    "abstention": "The question cannot be answered from the conversation. The answer is right if it says that the "
    "information is missing or incomplete.",
}
LONGMEMEVAL = (
    "Decide whether an assistant's answer is right.\n{rule}\n\nQuestion: {question}\nReference: {gold}\nAnswer: "
    "{answer}\n\n"
    "Is the answer right? Reply with yes or no only."
)
LONGMEMEVAL_TYPES = {1: "single", 2: "temporal", 3: "preference", 4: "single", 5: "abstention"}
"""LOCOMO's category to the question type of LongMemEval whose rule fits it best."""
LONGMEMEVAL_RULES = dict(_LONGMEMEVAL_TASK)


def fill(template: str, task: JudgeTask, **further: str) -> str:
    """Put a task into a rubric; braces inside the texts stay as they are."""
    texts = {"question": task.question, "gold": task.gold, "answer": task.answer, **further}
    out = []
    rest = template
    while rest:
        spots = [(rest.find("{" + name + "}"), name) for name in texts]
        spots = [(at, name) for at, name in spots if at >= 0]
        if not spots:
            break
        at, name = min(spots)
        out += [rest[:at], texts[name]]
        rest = rest[at + len(name) + 2 :]
    return "".join(out) + rest
