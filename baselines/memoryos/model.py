"""What MemoryOS asks of its language model (docs/systems.md#memoryos)."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.backbone import TEXT, Backbone, listed, record
from baselines.memoryos.brain import KnowledgeLine, TopicAnalysis
from baselines.memoryos.pages import Page
from baselines.memoryos.topics import Theme

SYSTEM = "You keep the memory of a long conversation and reply with JSON only."
CONTINUITY_PROMPT = """Does the second exchange go on with what the first one is about?

First exchange
{before}

Second exchange
{page}

Reply with JSON: {{"continues": true | false}}"""
META_PROMPT = """Sum up in one or two sentences what this chain of exchanges is about, so that somebody who reads its \
last part alone knows where it stands.

The chain so far: {before}

Its newest exchange
{page}

Reply with JSON: {{"meta": text}}"""
THEMES_PROMPT = """Name what the text below is about: one theme, or two where it changes. For each give a summary of \
what is said and the keywords it could be searched by.

{text}

Reply with JSON: {{"themes": [{{"keywords": [text, …], "content": text}}]}}"""
KEYWORDS_PROMPT = """List the keywords by which this text could be searched.

{text}

Reply with JSON: {{"keywords": [text, …]}}"""
PERSON_PROMPT = """From the exchanges below, describe the person called user for later conversations.
- profile: character, interests, habits and circumstances, in a few sentences.
- private: lasting facts about the person, one a line; the word None where there are none.

{pages}

Reply with JSON: {{"profile": text, "private": text}}"""
ASSISTANT_PROMPT = """From the exchanges below, describe what the one called assistant is like and what is learned \
about that person, in a few sentences.

{pages}

Reply with JSON: {{"assistant": text}}"""
MERGE_PROMPT = """Two descriptions of one person: the one so far and a newer one. Write one description that keeps \
what holds; where they differ the newer one is right.

So far: {old}

Newer: {new}

Reply with JSON: {{"profile": text}}"""

TEXTS = listed(TEXT)
CONTINUITY = record(continues={"type": "boolean"})
META = record(meta=TEXT)
THEMES = record(themes=listed(record(keywords=TEXTS, content=TEXT)))
KEYWORDS = record(keywords=TEXTS)
PERSON = record(profile=TEXT, private=TEXT)
ASSISTANT = record(assistant=TEXT)
PROFILE = record(profile=TEXT)
MOST_THEMES = 2


class ModelMemoryOSBrain:
    """Two or three calls a page, two a new session, two or three an analysis, one a question.

    Args:
        backbone: the model.
        fixed: whether a line that says there is nothing is left out; as released only two of its forms are.
    """

    def __init__(self, backbone: Backbone, fixed: bool) -> None:
        self._backbone, self._fixed = backbone, fixed

    def expect(self, page: Page, before: Page | None) -> None:
        if before is not None:
            self._backbone.begin_json(SYSTEM, _continuity(page, before), CONTINUITY)
        self._backbone.begin_json(SYSTEM, _themes(page), THEMES)

    def continues(self, page: Page, before: Page) -> bool:
        reply = self._backbone.json("ingest", SYSTEM, _continuity(page, before), CONTINUITY)
        return bool(reply and reply["continues"])

    def meta(self, page: Page, before: str) -> str:
        prompt = META_PROMPT.format(before=before or "(it begins here)", page=shown(page))
        reply = self._backbone.json("ingest", SYSTEM, prompt, META)
        return reply["meta"].strip() if reply else ""

    def themes(self, page: Page) -> list[Theme]:
        reply = self._backbone.json("ingest", SYSTEM, _themes(page), THEMES)
        listed_themes = reply["themes"] if reply else []
        themes = [Theme(item["content"].strip(), tuple(item["keywords"])) for item in listed_themes]
        return [theme for theme in themes if theme.content][:MOST_THEMES]

    def keywords(self, text: str) -> tuple[str, ...]:
        reply = self._backbone.json("organise", SYSTEM, KEYWORDS_PROMPT.format(text=text), KEYWORDS)
        return tuple(reply["keywords"]) if reply else ()

    def analyse(self, pages: Sequence[Page], profile: str) -> TopicAnalysis:
        text = "\n\n".join(f"{page.time_text}\n{shown(page)}" for page in pages)
        person = self._backbone.json("organise", SYSTEM, PERSON_PROMPT.format(pages=text), PERSON)
        assistant = self._backbone.json("organise", SYSTEM, ASSISTANT_PROMPT.format(pages=text), ASSISTANT)
        turns = tuple(turn for page in pages for turn in page.turn_ids)
        private = (person or {"private": ""})["private"].splitlines()
        lines = tuple(KnowledgeLine(line.strip(), turns) for line in private if self._says(line.strip()))
        new = person["profile"].strip() if person else ""
        if profile and new:
            merged = self._backbone.json("organise", SYSTEM, MERGE_PROMPT.format(old=profile, new=new), PROFILE)
            new = merged["profile"].strip() if merged else new
        return TopicAnalysis(new or profile, lines, assistant["assistant"].strip() if assistant else "")

    def _says(self, line: str) -> bool:
        """Whether a line of private facts is stored."""
        nothing = line.strip("-.* ").lower() in ("", "none") if self._fixed else line in ("", "- None", "- None.")
        return not nothing

    def asked(self, question: str, backbone: Backbone) -> tuple[str, ...]:
        reply = backbone.json("search", SYSTEM, KEYWORDS_PROMPT.format(text=question), KEYWORDS)
        return tuple(reply["keywords"]) if reply else ()


def shown(page: Page) -> str:
    """A page as the model reads it."""
    return f"user: {page.user}\nassistant: {page.reply}"


def _continuity(page: Page, before: Page) -> str:
    return CONTINUITY_PROMPT.format(before=shown(before), page=shown(page))


def _themes(page: Page) -> str:
    """The themes are asked of one side alone, as released; of the other where that is all there is."""
    return THEMES_PROMPT.format(text=page.user or page.reply)
