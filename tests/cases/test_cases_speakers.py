"""Speakers that are not the two of the conversation, or are written otherwise."""

from __future__ import annotations

from case_tools import ending, facts_of, mem0, read, record


def stranger(told_of: str, made: dict, folder) -> bool:
    """Whether the loader refuses the file or has a note with a word."""
    if ending(lambda: read(folder, [made])) == "told":
        return True
    return any(told_of in note for note in read(folder, [made]).notes)


def test_c16_a_third_speakers_facts_are_kept_or_told_of(tmp_path):
    """CortexReach/memory-lancedb-pro#912, mem0ai/mem0#2669: what a third person says is lost without a word."""
    made = record()
    made["conversation"]["session_1"].append({"speaker": "Cy", "dia_id": "D1:3", "text": "I run a bakery in Faro."})
    system = mem0(("Ana", "I live in Porto with my cat."), ("Cy", "I run a bakery in Faro with my wife."))
    stored = any("bakery" in fact for who in ("Ana", "Bo") for fact in facts_of(system, who))
    assert stored or stranger("Cy", made, tmp_path)


def test_c17_a_space_after_a_name_is_no_other_person(tmp_path):
    """hyperspell/hyperspell-openclaw#59: a known sender is dropped where the key differs by a space."""
    made = record()
    made["conversation"]["speaker_a"] = "Ana "
    cut = (
        ending(lambda: read(tmp_path, [made])) == "done"
        and read(tmp_path, [made]).conversations[0].speakers[0] == "Ana"
    )
    harmless = bool(facts_of(mem0(("Ana", "I live in Porto with my cat."), speakers=("Ana ", "Bo")), "Ana "))
    assert cut or harmless or stranger("speaker", made, tmp_path)
