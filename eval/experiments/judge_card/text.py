"""A judge card for readers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def markdown(card: Mapping[str, Any]) -> str:
    """The card for readers."""
    figures, spans = card["agreement"], card["intervals"]

    def percent(value: float) -> str:
        return f"{100 * value:.1f}"

    def span(name: str, scale: float = 1.0, digits: int = 2) -> str:
        if figures.get(name) is None:
            return "–"
        text = f"{scale * figures[name]:.{digits}f}"
        return text + (
            f" [{scale * spans[name][0]:.{digits}f}, {scale * spans[name][1]:.{digits}f}]" if name in spans else ""
        )

    lines = [f"# Judge card: {card['judge']}", "", f"Identity: `{json.dumps(card['identity'], sort_keys=True)}`", ""]
    if card["held_out"]:
        held = card["held_out"]
        lines += [
            "This judge was fitted to these very sets, so the agreement below is in-sample. Held out (leave one "
            "project and one pair of conversations out, at the operating point of `offline`): row accuracy "
            f"{percent(held['row_accuracy'])} %, kappa {held['kappa']:.2f}, AUC {held['auc']:.3f}, score error "
            f"{held['score_error_mean']:.1f} points on average and {held['score_error_max']:.1f} at worst, "
            f"{held['category_error']:.1f} in a category, tau {held['tau']:.2f}. Held out, "
            f"{percent(held['wrong_sets']['ap_v1'])} % of ap_v1 and {percent(held['wrong_sets']['ap_v2'])} % of ap_v2 "
            f"are accepted (strict: {percent(held['wrong_sets']['ap_v1 strict'])} and "
            f"{percent(held['wrong_sets']['ap_v2 strict'])} %).",
            "",
        ]
    lines += _fitted_and_not(card)
    if card.get("unknown_rubric"):
        lines += [
            f"No verdicts under a rubric that is {card['unknown_rubric']} are at hand, so this judge's error is "
            "unknown. Below it is held against verdicts under the generous rubric: what its gates cost there.",
            "",
        ]
    lines += [
        f"## Agreement with gpt-4o-mini's recorded verdicts ({figures['systems']} systems, {figures['n']} answers)",
        "",
        "| figure | value [95 %] |",
        "|---|---|",
        f"| row accuracy, % | {span('row_accuracy', 100)} |",
        f"| kappa | {span('kappa', digits=3)} |",
        f"| AUC | {span('auc', digits=3)} |",
        f"| error of a system's score, points, mean | {span('score_error_mean')} |",
        f"| the same, worst | {span('score_error_max')} |",
        f"| error in a category, points, mean | {span('category_error')} |",
        f"| Kendall tau of the systems | {span('tau', digits=3)} |",
        *[
            f"| pairs in order, {kind} points apart | {good} of {total} |"
            for kind, (good, total) in figures["pairs"].items()
        ],
        "",
        "| category | n | accuracy, % | kappa |",
        "|---|---|---|---|",
        *[
            f"| {name} | {row['n']} | {percent(row['row_accuracy'])} | "
            f"{'–' if row['kappa'] is None else format(row['kappa'], '.2f')} |"
            for name, row in figures["by_category"].items()
        ],
        "",
        "| system | recorded | this judge | mean score |",
        "|---|---|---|---|",
        *[f"| {name} | {row[0]:.2f} | {row[1]:.2f} | {row[2]:.2f} |" for name, row in figures["scores"].items()],
        "",
        "## Answers whose truth is known",
        "",
        "| answers | n | accepted, % [95 %] | should be |",
        "|---|---|---|---|",
        *[
            f"| {name} (all deliberately wrong; gpt-4o-mini accepts {percent(row['recorded'])}) | {row['n']} | "
            f"{percent(row['accepted'])} | as few as are true paraphrases |"
            for name, row in card["wrong_sets"].items()
        ],
        *[
            f"| {kind} | {row['n']} | {percent(row['accepted'])}{_range(row)} | {100 * row['should_be']:.0f} |"
            for kind, row in card["probes"].items()
        ],
        *[
            f"| {kind}, wording that no offline judge was tuned on | {row['n']} | "
            f"{percent(row['accepted'])}{_range(row)} | 0 |"
            for kind, row in card["probes_unseen"].items()
        ],
        "",
        *(
            []
            if card["probes_unseen"]
            else ["Not measured: wordings that no offline judge was tuned on. All that were written are spent.", ""]
        ),
        "## Questions with a wrong key",
        "",
    ]
    key = card["wrong_key"]
    if "missing" in key:
        lines.append(f"Not measured: {key['missing']}")
    else:
        lines += ["| key | answers | accuracy, % | accepted, % | recorded, % |", "|---|---|---|---|---|"]
        lines += [
            f"| {name.replace('_', ' ')} | {key[name]['n']} | {percent(key[name]['row_accuracy'])} | "
            f"{percent(key[name]['accepted'])} | {percent(key[name]['recorded'])} |"
            for name in ("wrong_key", "sound_key")
            if name in key
        ]
    cost = card["cost"]
    lines += ["", "## Calibration", "", "| score | n | recorded as correct, % |", "|---|---|---|"]
    lines += [f"| {row['score']:.2f} | {row['n']} | {percent(row['recorded'])} |" for row in card["calibration"]]
    lines += [
        "",
        "## Cost per 1,000 verdicts",
        "",
        f"{cost['seconds']:.1f} s on this machine, {cost['calls']:.0f} calls, {cost['prompt_tokens']:.0f} prompt and "
        f"{cost['completion_tokens']:.0f} completion tokens. Labels: {json.dumps(card['labels'], sort_keys=True)}.",
    ]
    return "\n".join(lines) + "\n"


def _fitted_and_not(card: Mapping[str, Any]) -> list[str]:
    """The figures of each way of leaving answers out beside those of none; none where the weights do not tell them."""
    held = card["held_out"]
    if "by_system" not in held:
        return []
    ways = {
        "the system's project and the pair of conversations": held,
        "the system": held["by_system"],
        "nothing (in-sample)": held["fitted"],
    }
    lines = [
        "## Fitted and unfitted",
        "",
        "| left out of the fit | row accuracy, % | kappa | score error, points, mean (worst) | by category, points |",
        "|---|---|---|---|---|",
    ]
    for name, one in ways.items():
        errors = ", ".join(f"{title} {error:.1f}" for title, error in one["category_errors"].items())
        lines.append(
            f"| {name} | {100 * one['row_accuracy']:.1f} | {one['kappa']:.3f} | {one['score_error_mean']:.1f} "
            f"({one['score_error_max']:.1f}) | {errors} |"
        )
    return [*lines, ""]


def _range(row: Mapping[str, Any]) -> str:
    """The Wilson interval of a share in percent, where the card holds one."""
    return f" [{100 * row['low']:.1f}, {100 * row['high']:.1f}]" if row.get("low") is not None else ""
