"""Typical replies: well-formed, of a stated length, and such that each method goes its usual way.

The lengths are those of gpt-4o-mini on dialogues like LOCOMO's, in words: a fact or memory FACT of the line it is made
of, one a line that says something; an entry of a simulated ChatGPT memory ENTRY, one for three to four lines; an answer
ANSWER; a judge's reason REASON. Updates add what is new and change nothing old. A schema that is not known here is
filled as it stands, with lists of GENERIC_ITEMS. Real replies put measured lengths in their place (``learned``).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eval.stages.forecast.shapes import AS_STATED, ReplyShape, stretch, stretch_text, to_json
from memos.llm.base import Request, ToolCall
from memos.llm.sample import sample_json

FACT, ENTRY, ANSWER, REASON, QUERY = 14, 25, 8, 20, 10
"""Words of a reply's pieces."""
LINES_PER_ENTRY, LINES_PER_INSERT, GENERIC_ITEMS = 3.5, 2.0, 2
SAYS_SOMETHING = 5
"""Least words of a line that a fact is made of."""
_NAME = re.compile(r"\b[A-Z][a-z]+\b")
_NUMBERED = re.compile(r"^(\d+)\. (?:\[[^\]]*\] )?(?:([^:\n]{1,40}): )?(.+)$", re.M)


def stated() -> str:
    """The lengths in words, for people."""
    return (
        f"a fact or memory of {FACT} words for each line that says something, an entry of {ENTRY} for "
        f"{LINES_PER_ENTRY:g} lines, an answer of {ANSWER}, a verdict of {REASON} and its label"
    )


Value = Callable[[Request, str, str], Any]
"""From a request, its system text and its last message to a JSON value."""


def reply_to(request: Request, shape: ReplyShape = AS_STATED) -> tuple[str, tuple[ToolCall, ...]]:
    """Text and tool calls of a typical reply.

    Args:
        shape: how real replies of this form compare with the stated ones.
    """
    contents = [message.content for message in request.messages]
    system, last = contents[0] if len(contents) > 1 else "", contents[-1]
    if request.json_schema is not None:
        return to_json(stretch(_value(request, request.json_schema, system, last), shape, last)), ()
    if request.tools:
        text, calls = _tool_reply(request, system, last)
        return text, tuple(ToolCall(c.name, to_json(stretch(json.loads(c.arguments), shape, last))) for c in calls)
    return stretch_text(_text_reply(last), shape), ()


def _value(request: Request, schema: Mapping[str, Any], system: str, last: str) -> Any:
    known = _KNOWN.get(frozenset(schema.get("required") or schema.get("properties") or ()))
    return known(request, system, last) if known else _generic(schema, last)


def _generic(schema: Mapping[str, Any], text: str) -> Any:
    lines = [_cut(line, FACT) for line in text.splitlines()[-40:] if line.strip()]
    return sample_json(schema, lines[-GENERIC_ITEMS:] or ["nothing"])


def _text_reply(last: str) -> str:
    """A judge's reason with its label, a judge's yes, or a short answer."""
    if '"label"' in last:
        return f'{_cut("The answer names the same thing as the reference " * 3, REASON)}.\n{{"label": "CORRECT"}}'
    if last.rstrip().endswith("Reply with yes or no only."):
        return "yes"
    question = last[-400:].rpartition("Question:")[2] or last[-400:]
    words = _cut(f"{question.replace('Answer:', ' ')} {'in the summer of that year with a friend ' * 2}", ANSWER - 1)
    return f"{words} {zlib.crc32(last.encode('utf-8', 'replace')) % 10_000}"  # other contexts give other answers


def _cut(text: str, words: int) -> str:
    return " ".join(text.split(None, words)[:words])


def _said(text: str) -> list[tuple[str, str]]:
    """Speaker and words of each line of a dialogue that says something."""
    out = []
    for line in text.splitlines():
        who, mark, words = line.rpartition(" | ")[2].partition(": ")
        if mark and len(words.split(None, SAYS_SOMETHING)) >= SAYS_SOMETHING:
            out.append((re.sub(r"^\([^)]*\) ", "", who), words))
    return out


def _facts(request: Request, system: str, last: str) -> Any:
    own = [line.removeprefix("user: ") for line in last.splitlines() if line.startswith("user: ")]
    return {"facts": [f"{who} {_cut(words, FACT)}" for who, words in _said("\n".join(own))]}


def _updates(request: Request, system: str, last: str) -> Any:
    old, _, new = last.partition("New facts:\n")
    facts = _json_line(new)
    taken = len(re.findall(r'^ *"id": ', old, re.M))
    return {
        "memory": [
            {"id": str(taken + number), "text": text, "event": "ADD", "old_memory": None}
            for number, text in enumerate(facts)
        ]
    }


def _json_line(text: str) -> list[str]:
    try:
        facts, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return []
    return [item for item in facts if isinstance(item, str)] if isinstance(facts, list) else []


def _queries(request: Request, system: str, last: str) -> Any:
    said = _said(last)
    step = max(1, len(said) // 5)
    return {"queries": [f"{who} {_cut(words, QUERY)}" for who, words in said[::step][:5]]}


def _changes(request: Request, system: str, last: str) -> Any:
    said = _spread(_said(last), LINES_PER_INSERT)
    return {"insert": [f"{who} {_cut(words, FACT)}" for who, words in said], "patch": [], "remove": []}


def _entries(request: Request, system: str, last: str) -> Any:
    said = _spread(_said(last), LINES_PER_ENTRY)
    entries = [
        {"speaker": who, "date": "8 May 2023", "text": _cut(f"{who} {words} {words}", ENTRY)} for who, words in said
    ]
    return {"entries": entries}


def _revision(request: Request, system: str, last: str) -> Any:
    return {**_entries(request, system, last), "updates": [], "deletes": []}


def _spread(said: Sequence[tuple[str, str]], lines: float) -> list[tuple[str, str]]:
    count = round(len(said) / lines)
    return [said[int(number * lines)] for number in range(count)] if count else list(said[:1])


def _current(last: str) -> str:
    return last.partition("CURRENT MESSAGE\n")[2].partition("\n\n")[0] or last


def _entities_of(text: str) -> list[str]:
    """The speaker, other names, and the longest word of what is said."""
    who, _, words = text.splitlines()[-1].partition(": ") if text.strip() else ("", "", "")
    longest = max(words.split(), key=len, default="")
    names = [who, *_NAME.findall(words)[:2], re.sub(r"\W+", "", longest)]
    return list(dict.fromkeys(name for name in names if len(name) > 2))


def _entities(request: Request, system: str, last: str) -> Any:
    return {"entities": [{"name": name, "type": "Thing"} for name in _entities_of(_current(last))]}


def _resolutions(request: Request, system: str, last: str) -> Any:
    new = last.rpartition("\nNEW\n")[2].splitlines()
    return {"resolutions": [{"new": number, "existing": -1} for number in range(len(new))]}


def _edges(request: Request, system: str, last: str) -> Any:
    names = last.rpartition("\n\nENTITIES\n")[2].splitlines()
    time = last.partition("REFERENCE TIME\n")[2].partition("\n")[0] or None
    message = _current(last)
    if not names or len(message.split()) < SAYS_SOMETHING:
        return {"edges": []}
    fact = _cut(message.partition(": ")[2], FACT - 1)
    return {
        "edges": [
            {
                "source": names[0],
                "target": name,
                "relation": "TALKED_ABOUT",
                "fact": f"{names[0]} {fact} {name}",
                "valid_at": time,
                "invalid_at": None,
            }
            for name in names[1:]
        ]
    }


def _no_conflict(request: Request, system: str, last: str) -> Any:
    return {"duplicates": [], "contradicted": []}


def _summaries(request: Request, system: str, last: str) -> Any:
    most = int(limit[1]) if (limit := re.search(r"At most (\d+) words", system)) else 60
    out = []
    for block in last.split("ENTITY ")[1:]:
        name, _, rest = block.partition("\nOLD SUMMARY ")
        text = rest.replace("(none)", "").replace("NEW FACTS", "")
        out.append({"name": name.strip(), "summary": _cut(text, most)})
    return {"summaries": out}


def _memories(request: Request, system: str, last: str) -> Any:
    return {
        "memories": [
            {
                "text": f"{who or 'Somebody'} {_cut(words, FACT)}",
                "kind": "fact",
                "about": who or "",
                "lines": [int(number)],
                "when": "8 May 2023",
                "tags": ["life"],
            }
            for number, who, words in _NUMBERED.findall(last)
            if len(words.split(None, SAYS_SOMETHING)) >= SAYS_SOMETHING
        ]
    }


def _independent(request: Request, system: str, last: str) -> Any:
    return {"relation": "independent"}


_KNOWN: Mapping[frozenset[str], Value] = {
    frozenset({"facts"}): _facts,
    frozenset({"memory"}): _updates,
    frozenset({"queries"}): _queries,
    frozenset({"insert", "patch", "remove"}): _changes,
    frozenset({"entries"}): _entries,
    frozenset({"entries", "updates", "deletes"}): _revision,
    frozenset({"entities"}): _entities,
    frozenset({"resolutions"}): _resolutions,
    frozenset({"edges"}): _edges,
    frozenset({"duplicates", "contradicted"}): _no_conflict,
    frozenset({"summaries"}): _summaries,
    frozenset({"memories"}): _memories,
    frozenset({"relation"}): _independent,
}
"""What a schema requires, to the value that a typical reply to it holds."""


def _tool_reply(request: Request, system: str, last: str) -> tuple[str, tuple[ToolCall, ...]]:
    function = request.tools[0]["function"]
    name, parameters = function["name"], function.get("parameters") or {"type": "object"}
    if name == "manage_memory":
        return _agent_reply(last)
    if name == "extract_entities":
        value: Any = {"entities": [{"entity": n, "entity_type": "thing"} for n in _entities_of(last)]}
    elif name == "add_relations":
        names = last.partition("Entities: ")[2].partition("\n")[0].split(", ")
        value = {
            "relations": [
                {"source": names[0], "relationship": "talks_about", "destination": other} for other in names[1:]
            ]
        }
    elif name == "delete_relations":
        value = {"relations": []}
    else:
        value = _generic(parameters, last)
    return "", (ToolCall(name, json.dumps(value, ensure_ascii=False)),)


def _agent_reply(last: str) -> tuple[str, tuple[ToolCall, ...]]:
    """An agent keeps what it is told, looks up what it is asked, and then says so."""
    if last.startswith("[result of"):
        return _cut(last.partition("] ")[2], ANSWER) or "Noted.", ()
    line = last.partition(" | ")[2]
    if line:
        who, _, words = line.partition(": ")
        content = {"action": "create", "content": f"{who} {_cut(words, FACT)}"}
        return "", (ToolCall("manage_memory", json.dumps(content, ensure_ascii=False)),)
    return "", (ToolCall("search_memory", json.dumps({"query": _cut(last, QUERY)}, ensure_ascii=False)),)
