"""The command line: Hydra composes and sweeps; mistakes are told in one line before anything starts."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import hydra
import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from eval.command.callbacks import Sweep, sweep
from eval.command.jobs import count, one_by_one, one_line, run_job, side_by_side, tell
from eval.command.precheck import MOST_JOBS, Checked, precheck
from eval.core import machine
from eval.core.places import conf
from eval.core.resources import ensure_language_data
from eval.core.settings import plain
from eval.experiments.benchmark.experiment import looking
from eval.experiments.load import load
from eval.experiments.protocol import BUDGET_REACHED, CONFIG_ERROR, FAILED_QUESTIONS, INTERRUPTED, OK, Outcome
from eval.stages.changes import question
from memos import terminal
from memos.errors import BudgetExceeded, ConfigError, MemosError
from memos.secret_values import hidden

CONF = conf()
INFORMATION = ("--help", "-h", "--hydra-help", "--cfg", "-c", "--info", "-i", "--version", "--shell-completion", "-sc")
SEVERITY = (CONFIG_ERROR, BUDGET_REACHED, FAILED_QUESTIONS, OK)
"""Exit codes of a sweep's jobs, the one that the whole sweep takes first."""


def main() -> None:
    """Entry point of ``run.py`` and ``memos-bench``."""
    terminal.speak_any_text()
    if sys.argv[1:2] == ["conformance"]:
        _conformance()
    sys.argv[1:] = [quote_null(arg) for arg in sys.argv[1:]]
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with sweep() as ended:
        _start(ended)
    codes = {outcome["code"] for outcome in ended.outcomes}
    sys.exit(next((code for code in SEVERITY if code in codes), OK))


def _conformance() -> NoReturn:
    """Check a memory server in place of running anything."""
    from eval.command.conformance import main as check

    try:
        sys.exit(check(sys.argv[2:]))
    except MemosError as error:
        fail(one_line(error))


def _start(ended: Sweep) -> None:
    """Run the jobs of the command line and let the experiment make its tables."""
    done, sweeps, left_out = False, [sys.argv[1:]], []
    try:
        if not any(arg.split("=")[0] in INFORMATION for arg in sys.argv[1:]):
            with looking():
                checked = precheck(CONF, sys.argv[1:])
                machine.check_folder(checked.configs[0]["out"])
                left_out = checked.left_out
                _tell_all(left_out)
                ended.outcomes.extend(left_out)
                machine.provide_cache()
                ensure_language_data()
                if checked.configs[0].get("check"):
                    _foretell(checked)
                    return
                _ask_about_code(checked)
                done, sweeps = _up_to_date(checked, ended), checked.sweeps
                if checked.local and not done:
                    at_once = count(checked.configs)
                    outcomes = side_by_side(checked.configs, at_once) if at_once > 1 else one_by_one(checked.configs)
                    ended.end(checked.configs[0], outcomes)
                    done = True
        for arguments in [] if done else sweeps:
            sys.argv[1:] = arguments
            _hydra_main()
        ended.finish()
        _tell_all(left_out)
    except KeyboardInterrupt:
        print("interrupted; the same command resumes", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except yaml.YAMLError as error:
        fail(f"configuration: {_where(error)}")
    except BudgetExceeded as error:
        print(hidden(one_line(error)), file=sys.stderr)
        sys.exit(BUDGET_REACHED)
    except (MemosError, HydraException, OmegaConfBaseException) as error:
        fail(one_line(error))
    except BrokenPipeError:
        terminal.leave()
    except terminal.MACHINE_ERRORS as error:
        fail(machine.line(error))


def _tell_all(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        tell(outcome)


def _foretell(checked: Checked) -> None:
    """Tell what the command will use.

    Raises:
        ConfigError: there are too many jobs to rehearse, or the experiment makes no forecast.
    """
    if not checked.whole:
        raise ConfigError(f"check=true: a sweep of at most {MOST_JOBS} jobs by Hydra's own sweeper can be foretold")
    entry = checked.configs[0]["entry"]
    foretell = getattr(load(entry), "foretell", None)
    if foretell is None:
        raise ConfigError(
            f"check=true: experiment={checked.configs[0]['name']} makes no forecast; experiment=locomo does"
        )
    foretell(checked.configs, count(checked.configs) if checked.local else 1)


def _up_to_date(checked: Checked, ended: Sweep) -> bool:
    """Whether every job of the command is finished already: then they are told, and no sweep is started on any node."""
    if not checked.whole:
        return False
    outcomes = []
    for config in checked.configs:
        outcome = load(config["entry"]).up_to_date(config)
        if outcome is None:
            return False
        outcomes.append(outcome)
    for outcome in outcomes:
        print(outcome["message"], flush=True)
    ended.end(checked.configs[0], outcomes)
    return True


def _ask_about_code(checked: Checked) -> None:
    """Ask once for the whole command where the code of a part is no more the one that made a run's records.

    Raises:
        ConfigError: the question, naming every run.
    """
    first = checked.configs[0]
    if first.get("accept_code") or first.get("rerun"):
        return
    differing = []
    for config in checked.configs:
        differing += load(config["entry"]).changed(config)
    if differing:
        raise ConfigError(question(differing))


def quote_null(arg: str) -> str:
    """``system=null`` names the system; Hydra would read the word as no value at all."""
    key, eq, value = arg.partition("=")
    if key != "system" or not eq:
        return arg
    return f"{key}={re.sub(r'(?<![^,])null(?![^,])', chr(39) + 'null' + chr(39), value)}"


def fail(message: str) -> NoReturn:
    print(f"error: {hidden(message)}", file=sys.stderr)
    sys.exit(CONFIG_ERROR)


def _where(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return one_line(error)
    return f"{mark.name}: line {mark.line + 1} column {mark.column + 1}: {problem}"


@hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")
def _hydra_main(config: DictConfig) -> Outcome:
    outcome = run_job(plain(config))
    try:
        tell(outcome)
        folder = Path(HydraConfig.get().runtime.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "outcome.json").write_text(hidden(json.dumps(outcome)), encoding="utf-8")
    except BrokenPipeError:
        terminal.leave()
    except OSError as error:  # Hydra would print a traceback
        fail(machine.line(error))
    return outcome
