"""Words that speak about talk, knowledge and certainty, and what an answer says without them."""

from __future__ import annotations

import re

from eval.judges.offline.pair import DENYING, TALK, Pair
from eval.judges.offline.text import content, found, tokens

MARK = "§"
"""Stands for the gold; no word to any reader of words."""
MOST_LEFT = 3
"""Words of its own that a frame around the gold or the question may have."""
DISCOURSE = (
    TALK
    | DENYING
    | frozenset(
        "accur agre ah anybodi anyon appar appear argu aspect assert awar base basic bet call certain chanc choic "
        "clear clearli complet confid confirm consid consist contend correctli could curiou day deal decid declar "
        "describ detail dig direct discov end entir especi even ever everi everybodi everyon everyth evid exact exampl "
        "exchang expect explain explicit express extent fair fall feel figur find fine firm fit folk frankli full "
        "fulli genuin get give glad go gone good great guess hand happen happi hard hear heart held help hint histori "
        "hm hmm hold honest honestli hope howev idea imagin impli includ inde indic inquir insist instanc intend "
        "interest interpret issu judg just keep kind known label last later lead least leav less let level lie like "
        "line list liter littl live log long look lot made main make mani mark may mayb mean might mind minut moment "
        "much name near need next note notion now obviou obvious occur offer often oh okay old open opinion option "
        "otherwis over own part particular past peopl perhap person pick pictur piec place plain plainli play plenti "
        "plu point portion posit possibl precis prefer presum pretti probabl problem prompt proof proper propos prove "
        "provid put queri quick quit rais read readi real realiti reason recal reckon recognis recollect refer relev "
        "remain remark rememb repli report repres requir respect respond respons rest result reveal review round safe "
        "scene second seem seen sens seriou set settl sever show side sign simpl sit situat slight small so somebodi "
        "someon someth sort sound speak speaker specif spoke start state statement step still stop stori straight "
        "strict strong stuff suggest suit support sure surpris suspect swear take taken tell term test thank throw "
        "time today togeth told took total touch toward transcript truli truth try turn type um understand use usual "
        "utterli valid variou view want went whatev whenev wherev whoever whole wish within word work worth write yes "
        "yet".split()
    )
)
"""Stems that speak about talk, knowledge and certainty; beside the gold's and the question's words they answer nothing.
"""


def words(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning, and every word as it stands."""
    return frozenset(content(text)) | frozenset(tokens(text))


def left(answer: str, pair: Pair) -> int:
    """How many stems of an answer say something that neither the question nor the gold holds."""
    gold = words(pair.gold)
    return sum(
        word not in DISCOURSE and not found(word, pair.asked) and not found(word, gold) for word in set(content(answer))
    )


def without(answer: str, gold: str) -> str:
    """An answer with a mark in place of the gold's wording where it stands in it literally, so that the gold's own
    words deny nothing.
    """
    text = gold.strip().rstrip(".")
    if not text or text.lower() not in answer.lower():
        return answer
    return " ".join(re.sub(re.escape(text), f" {MARK} ", answer, flags=re.IGNORECASE).split())
