"""``experiment=growth``: score, recall, tokens and times of every system against the size of memory.

A job is a benchmark run of one system at one size, in an ordinary run folder that any other experiment may use and that
resumes as any other; what is added is ``memory_size.json``, and tables and a figure over the sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.experiments.benchmark import experiment as benchmark
from eval.experiments.protocol import Config, Outcome, Untimed, summed_up
from eval.runs.format.growth import MEMORY_SIZE, MemorySize
from eval.runs.write import write_json
from eval.stages.bench import Bench
from memos.tokens import count_tokens
from memos.types import Conversation

if TYPE_CHECKING:
    from eval.report.groups import RunGroup

__all__ = ["alone", "beside", "changed", "check", "ended", "finish", "foretell", "run", "tables", "up_to_date"]

check, changed, alone, foretell = benchmark.check, benchmark.changed, benchmark.alone, benchmark.foretell


def up_to_date(config: Config) -> Outcome | None:
    """The outcome of a run that has nothing left to do; None where there is something."""
    return _measured(config, benchmark.up_to_date(config))


def run(config: Config) -> Outcome:
    """Bring one system at one size to its end."""
    outcome = _measured(config, benchmark.run(config))
    assert outcome is not None
    return outcome


def beside(config: Config) -> Outcome | Untimed:
    """All of a run but the latency pass."""
    outcome = benchmark.beside(config)
    if not isinstance(outcome, Untimed):
        _measured(config, outcome)
    return outcome


def ended(config: Config, untimed: Untimed) -> Outcome:
    """The summary of a run that was timed, and the size of its memory."""
    outcome = benchmark.ended(config, untimed)
    _measured(config, outcome)
    return outcome


def _measured(config: Config, outcome: Outcome | None) -> Outcome | None:
    """The same outcome, once the size stands in the run's folder."""
    if outcome is not None and outcome["folder"]:
        path = Path(outcome["folder"]) / MEMORY_SIZE
        if not path.exists():
            write_json(path, size(Bench(config).dataset.conversations))
    return outcome


def size(conversations: Sequence[Conversation]) -> MemorySize:
    """How much there is to remember in some conversations."""
    turns = [turn for conversation in conversations for _, turn in conversation.turns()]
    return {
        "conversations": len(conversations),
        "sessions": sum(len(conversation.sessions) for conversation in conversations),
        "turns": len(turns),
        "tokens": sum(count_tokens(turn.text) for turn in turns),
    }


def tables(group: RunGroup, out: Path, width: int = 120) -> list[str]:
    """Write ``tables/<experiment>*``: every system at every size, and what growing did to it."""
    from eval.report.sources import sources
    from eval.report.tables import terminal, write
    from eval.report.tables.fitted import fitted_apart
    from eval.report.tables.growth import change_table, growth_table

    sized = group.sized
    if not sized:
        return []
    texts = []
    made = fitted_apart({"": growth_table(sized), "_change": change_table(sized)}, group.recorded)
    for ending, table in made.items():
        write(table, out / "tables" / f"{group.experiment}{ending}", sources([summary for summary, _ in sized]))
        texts.append(terminal(table, width))
    return texts


def finish(out: Path, name: str, outcomes: Sequence[Outcome], draw: bool = True) -> None:
    """Print the tables and draw ``figures/<name>_curves``."""
    from eval.report.figures import make_figures
    from eval.report.groups import RunGroup

    folders = summed_up(outcomes)
    if not folders:
        return
    group = RunGroup(name, folders)
    for text in tables(group, out):
        print("\n" + text)
    if draw:
        for line in make_figures([group], out, ("curves",))[1]:
            print(f"not drawn: {line}")
    write_json(out / "tables" / f"{name}.runs.json", [str(folder) for folder in folders])
    drawn = f"; figure: {out}/figures/{name}_curves.*" if draw else ""
    print(f"\ntables: {out}/tables/{name}.md, .csv, .tex and {name}_change{drawn}")
