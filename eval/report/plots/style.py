"""One look for every figure: column width, legible type, colour-blind-safe colours, vector text, files beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from eval.core.files import replacing
from eval.runs.write import write_atomic

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN_CM = 8.5
PAGE_CM = 17.6
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D00", "#7A7A7A", "#882255")
"""Okabe and Ito's palette (its yellow darkened to be legible on white), a grey and Tol's wine; never the only carrier
of meaning.
"""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo", "---", "***", "|||")
_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.0,
    "legend.handletextpad": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "lines.linewidth": 1.1,
    "lines.markersize": 4.0,
    "hatch.linewidth": 0.4,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "none",
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
}


@contextmanager
def canvas(
    rows: int = 1, columns: int = 1, *, width_cm: float = COLUMN_CM, height_cm: float = 6.0, **axes: Any
) -> Iterator[tuple[Figure, Any]]:
    """A figure and its axes in the house style, drawn without a display and closed at the end.

    Args:
        rows: rows of axes.
        columns: columns of axes.
        width_cm: 8.5 for one column of a page, 17.6 for both.
        height_cm: height.
        axes: passed to ``Figure.subplots``, such as ``sharey=True``.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_RC):
        figure = Figure(figsize=(width_cm / 2.54, height_cm / 2.54))
        FigureCanvasAgg(figure)
        yield figure, figure.subplots(rows, columns, **axes)


def look(position: int) -> dict[str, Any]:
    """Colour and marker of the n-th series."""
    turn = position // len(COLOURS)
    return {"color": COLOURS[position % len(COLOURS)], "marker": MARKERS[(position + turn) % len(MARKERS)]}


def save(figure: Figure, frame: pd.DataFrame, stem: Path, sources: Mapping[str, Any]) -> list[Path]:
    """Write ``<stem>.png``, ``.pdf``, ``.csv`` (what is drawn) and ``.sources.json``.
    Bytes depend on the data alone."""
    import matplotlib

    stem = Path(stem)
    paths = [stem.with_name(stem.name + suffix) for suffix in (".png", ".pdf", ".csv", ".sources.json")]
    _without_ligatures(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)  # solved once; with an engine each format would solve it and draw again
        with replacing(paths[0]) as scratch:
            figure.savefig(scratch, metadata={"Software": None})
        with replacing(paths[1]) as scratch:
            figure.savefig(scratch, metadata={"CreationDate": None, "Producer": None, "Creator": None})
    write_atomic(paths[2], frame.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
    write_atomic(paths[3], json.dumps(sources, indent=1, ensure_ascii=False) + "\n")
    return paths


def _without_ligatures(figure: Figure) -> None:
    """Keep f, f and l apart: a ligature cannot be searched for in a PDF and takes a font of its own (matplotlib 3.11
    shapes text).
    """
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if hasattr(text, "set_fontfeatures"):
            text.set_fontfeatures(("-liga",))


def _renderer(figure: Any) -> Any:
    """What measures texts: the one of the canvas that ``canvas`` has made."""
    return figure.canvas.get_renderer()


def legend_below(figure: Figure, axes: Axes) -> None:
    """A legend under the axes, in as many columns as fit the width; the figure grows by its height."""
    handles, names = axes.get_legend_handles_labels()
    unique = dict(zip(names, handles, strict=True))
    if not unique:
        return
    for columns in range(min(6, len(unique)), 0, -1):
        legend = figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=columns)
        extent = legend.get_window_extent(_renderer(figure))
        if extent.width <= figure.bbox.width * 0.98 or columns == 1:
            break
        legend.remove()
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + extent.height / figure.dpi)


def log_axis(axis: Any, *, fine: bool = False) -> None:
    """Plain numbers (1,000 rather than a power of ten) on a logarithmic axis; ``fine``: on less than two decades 2 and
    5 as well.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    if fine and 0 < low < high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def percent_axis(axes: Axes, what: str, *, vertical: bool = True, top: float | None = None) -> None:
    """Label an axis of fractions times 100."""
    if vertical:
        axes.set_ylabel(f"{what} (%)")
        axes.set_ylim(0, top)
    else:
        axes.set_xlabel(f"{what} (%)")
        axes.set_xlim(0, top)


def place_labels(
    axes: Axes,
    points: Sequence[tuple[float, float, str]],
    colours: Sequence[str],
    avoid: Sequence[tuple[float, float]] = (),
) -> None:
    """Write a name beside each point where it covers neither a point nor another name.

    Tries eight places around the point at growing distance, the most crowded points first; call it after limits and
    scales are set. ``avoid`` lists more places (data coordinates) that no name may cover, such as the ends of error
    bars. A name far from its point has a line to it, which crosses no other name either.

    Kept because it is better than the library adjustText 1.4 on such sparse figures: of 150 made-up ones (2 to 12
    points with error bars, 1,046 names) 9 had a name on a name, a point or a line or outside the axes, with
    adjustText's forces tuned 65.
    """
    from matplotlib.text import Text

    figure = axes.figure
    figure.canvas.draw()
    renderer = _renderer(figure)
    inside = axes.get_window_extent(renderer)
    scale = figure.dpi / 72
    dots = [axes.transData.transform((x, y)) for x, y, _ in points]
    others = [axes.transData.transform(place) for place in avoid]
    taken: list[Any] = []
    crowd = [sum(abs(a[0] - b[0]) < 60 * scale and abs(a[1] - b[1]) < 20 * scale for b in dots) for a in dots]
    for i in sorted(range(len(points)), key=lambda i: (-crowd[i], i)):
        (x, y, name), dot, colour = points[i], dots[i], colours[i]
        line = {"arrowstyle": "-", "linewidth": 0.4, "color": colour, "shrinkA": 0, "shrinkB": 2}
        text: Any = cast(
            Any,  # matplotlib makes set_ha and the arrow at run time
            axes.annotate(
                name, (x, y), (0, 0), textcoords="offset points", color=colour, annotation_clip=False, arrowprops=line
            ),
        )
        text.arrow_patch.set_visible(False)
        best: tuple | None = None
        for reach, dx, dy in _places():
            text.set_position((dx * reach, dy * reach))
            text.set_ha("center" if not dx else "left" if dx > 0 else "right")
            text.set_va("center" if not dy else "bottom" if dy > 0 else "top")
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer).expanded(1.02, 1.05)
            leader = _leader(box, dot) if reach > NEAR else []
            clashes = sum(box.overlaps(other) for other in taken)
            clashes += sum(other.contains(*spot) for other in taken for spot in leader)
            clashes += sum(
                abs(d[0] - x1) + abs(d[1] - y1) < 6 * scale for d in dots if d is not dot for x1, y1 in leader
            )
            clashes += sum(_near(box, d, 3 * scale) for d in dots if d is not dot)
            clashes += sum(_near(box, d, 1 * scale) for d in others)
            clashes += OUTSIDE * (
                not (
                    inside.x0 <= box.x0
                    and box.x1 <= inside.x1 + 2 * scale
                    and inside.y0 <= box.y0
                    and box.y1 <= inside.y1
                )
            )
            if best is None or clashes < best[0]:
                best = (clashes, text.get_position(), text.get_ha(), text.get_va(), box, leader)
            if clashes == 0:
                break
        assert best is not None  # _places names some
        text.set_position(best[1])
        text.set_ha(best[2])
        text.set_va(best[3])
        text.arrow_patch.set_visible(bool(best[5]))
        taken.append(best[4])
        others += best[5]


OUTSIDE = 10
"""Clashes that a name outside the axes counts as: it could cover the axis's own words."""
NEAR = 8
"""Up to this distance in points a name needs no line to its point."""


def _leader(box: Any, dot: Sequence[float] | np.ndarray) -> list[tuple[float, float]]:
    """Places along the line from a point to the middle of a name, without those inside the name."""
    middle = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    spots = [(dot[0] + (middle[0] - dot[0]) * t / 12, dot[1] + (middle[1] - dot[1]) * t / 12) for t in range(1, 12)]
    return [spot for spot in spots if not box.contains(*spot)]


def _places() -> list[tuple[float, int, int]]:
    around = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
    return [(reach, dx, dy) for reach in (5, NEAR, 14, 20, 27, 36) for dx, dy in around]


def _near(box: Any, dot: Sequence[float] | np.ndarray, margin: float) -> bool:
    return box.x0 - margin < dot[0] < box.x1 + margin and box.y0 - margin < dot[1] < box.y1 + margin
