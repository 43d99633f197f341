"""All tables and figures of the fixture runs against golden CSVs; figures are legible and nothing overlaps."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import warm

from eval.experiments.load import experiment_of
from eval.report import figures, groups, plots
from eval.report.paper.reference import paper_value
from eval.report.plots.style import COLUMN_CM, PAGE_CM
from eval.runs.read import load_summary, run_folders
from memos.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "tests" / "fixtures" / "runs"
GOLDEN = ROOT / "tests" / "fixtures" / "golden"
TABLES = ["fixture", "fixture_table4", "fixture_recall", "fixture_cost", "kv_ttft_table5"]
FIGURES = [
    "fixture_score_against_tokens",
    "fixture_score_by_category",
    "fixture_recall",
    "fixture_latency",
    "fixture_cost",
    "fixture_critical_difference",
    "fig9_figure9",
    "fig9_figure9_generation",
    "fig9_figure9_meaning",
    "fig9_score_against_tokens",
    "kv_ttft_figure10",
    "judge_card_calibration",
]


DPI = 300


class Drawn:
    """What each figure looked like when its PNG was drawn: every text with its size in points and its box in pixels."""

    def __init__(self) -> None:
        self.texts: dict[str, list] = {}
        self.inches: dict[str, tuple[float, float]] = {}
        self.units: dict[str, list[str]] = {}

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        from matplotlib.figure import Figure
        from matplotlib.text import Text

        draw, savefig = Text.draw, Figure.savefig
        current: list = []

        def draw_text(text, renderer, *args, **options):
            if text.get_visible() and text.get_text().strip():
                current.append((text.get_text(), text.get_fontsize(), Text.get_window_extent(text, renderer)))
            return draw(text, renderer, *args, **options)

        def save(figure, path, **options):
            current.clear()
            savefig(figure, path, **options)
            if Path(path).suffix == ".png":
                once = {(text, tuple(box.extents.round())): (text, size, box) for text, size, box in current}
                self.texts[path.stem] = list(once.values())
                self.inches[path.stem] = tuple(figure.get_size_inches())
                named = [x for axes in figure.axes for x in (axes.get_xlabel(), axes.get_ylabel())]
                self.units[path.stem] = [x for x in (*named, figure.get_supxlabel()) if x]

        patch.setattr(Text, "draw", draw_text)
        patch.setattr(Figure, "savefig", save)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Everything drawn once: (output folder, what it looked like, figures not drawn)."""
    out, drawn, skipped = tmp_path_factory.mktemp("out"), Drawn(), []
    with pytest.MonkeyPatch.context() as patch:
        drawn.watch(patch)
        patch.chdir(ROOT)
        for group in groups.groups([RUNS, RUNS / "cards"], out):
            experiment_of(group).tables(group, out)
            only = (
                [f.removeprefix("fig9_") for f in FIGURES if f.startswith("fig9_")]
                if group.experiment == "fig9"
                else ()
            )
            skipped += figures.make_figures([group], out, only)[1]
    return out, drawn, skipped


@pytest.mark.parametrize("name", TABLES)
def test_table_csv_equals_golden(made, name):
    assert (made[0] / "tables" / f"{name}.csv").read_text() == (GOLDEN / f"table_{name}.csv").read_text()


@pytest.mark.parametrize("name", FIGURES)
def test_figure_csv_equals_golden(made, name):
    assert (made[0] / "figures" / f"{name}.csv").read_text() == (GOLDEN / f"figure_{name}.csv").read_text()


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_legible_at_the_width_of_a_column_or_a_page(made, name):
    drawn = made[1]
    width, height = drawn.inches[name]
    wide = name.endswith("score_by_category")
    assert width * 2.54 == pytest.approx(PAGE_CM if wide else COLUMN_CM) and height * 2.54 < 24
    assert min(size for _, size, _ in drawn.texts[name]) >= 7.0
    assert drawn.units[name]
    for _, _, box in drawn.texts[name]:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width * DPI + 1 and box.y1 <= height * DPI + 1


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_covers_another(made, name):
    boxes = made[1].texts[name]
    for i, (first, _, a) in enumerate(boxes):
        for second, _, b in boxes[i + 1 :]:
            apart = a.x1 - 2 <= b.x0 or b.x1 - 2 <= a.x0 or a.y1 - 2 <= b.y0 or b.y1 - 2 <= a.y0
            assert apart, f"{first!r} covers {second!r}"


@pytest.mark.parametrize("name", ["fixture_latency", "kv_ttft_figure10"])
def test_pdf_text_is_vector_type_42(made, name):
    content = (made[0] / "figures" / f"{name}.pdf").read_bytes()
    assert b"/FontFile2" in content and b"/Type3" not in content


def test_sources_name_runs_commit_and_command(made):
    origin = json.loads((made[0] / "figures" / "fixture_cost.sources.json").read_text())
    assert {r["system"] for r in origin["runs"]} == {"memos", "oracle", "rag"} and origin["command"]
    assert all(re.fullmatch("[0-9a-f]{10}", r["fingerprint"]) for r in origin["runs"])
    kv = json.loads((made[0] / "figures" / "kv_ttft_figure10.sources.json").read_text())
    assert kv["runs"][0]["model"] == "made/up-135M"


def test_every_figure_has_its_golden_and_every_output_its_sources(made):
    stems = {p.name.removesuffix(".sources.json") for p in made[0].rglob("*.sources.json")}
    assert {p.stem for p in made[0].rglob("*.png")} == set(FIGURES)
    assert {p.stem for p in made[0].rglob("*.csv")} == stems
    for path in made[0].rglob("*.sources.json"):
        origin = json.loads(path.read_text())
        assert origin["command"] and "commit" in origin and (origin["runs"] or origin["cards"])


def test_many_settings_are_drawn_as_a_few_methods(made):
    shown = {text for text, _, _ in made[1].texts["fig9_score_against_tokens"]}
    assert {"RAG, top-1", "RAG, top-2", "memos"} <= shown and not any("RAG-" in text for text in shown)


def test_what_cannot_be_drawn_says_why(made):
    assert any("fixture figure9: no method has 3 settings" in line for line in made[2])


@pytest.fixture
def own():
    return [load_summary(f) for f in run_folders([RUNS / "fixture"])]


def test_paper_overlay_only_for_comparable_runs(own, tmp_path):
    plots.score_against_tokens(own, tmp_path / "plain")
    assert ",paper," not in (tmp_path / "plain.csv").read_text()
    own[0]["not_comparable"] = []
    plots.score_against_tokens(own, tmp_path / "beside")
    assert (tmp_path / "beside.csv").read_text().count(",paper,") == 6


def test_without_any_context_size_there_is_no_figure(own, tmp_path):
    for summary in own:
        del summary["metrics"]["memory_words"]
    with pytest.raises(DataError, match="memory_words"):
        plots.score_against_tokens(own, tmp_path / "none")
    plots.score_by_category(own, tmp_path / "some")
    assert (tmp_path / "some.png").exists()


def legends(monkeypatch) -> list[str]:
    """Fills with the texts of every legend drawn from here on."""
    from matplotlib.figure import Figure

    texts: list[str] = []
    draw = Figure.legend
    monkeypatch.setattr(
        Figure,
        "legend",
        lambda self, handles, names, **options: texts.extend(names) or draw(self, handles, names, **options),
    )
    return texts


@pytest.mark.parametrize("name", ["score_against_tokens", "score_by_category", "latency_parts"])
def test_paper_overlay_asked_for_says_that_it_is_not_comparable(own, tmp_path, monkeypatch, name):
    shown = legends(monkeypatch)
    draw = getattr(plots, name)
    memos = next(s for s in own if s["system"] == "memos")
    memos["display"]["top_k"] = 20
    draw(own, tmp_path / "plain")
    assert not any("paper" in text for text in shown) and "paper" not in (tmp_path / "plain.csv").read_text()
    draw(own, tmp_path / "asked", True)
    assert "paper (gpt-4o-mini), not comparable" in shown and "paper" in (tmp_path / "asked.csv").read_text()
    shown.clear()
    memos["not_comparable"] = []
    draw(own, tmp_path / "comparable")
    assert "paper (gpt-4o-mini)" in shown and "paper" in (tmp_path / "comparable.csv").read_text()


def test_paper_values_are_those_of_the_same_setting():
    run = {"system": "rag", "display": {"chunk": 8192, "top_k": 2}}
    assert paper_value(run, "judge_offline") == pytest.approx(0.582)
    assert paper_value(run, "judge_offline", 4) is None  # Table 3 has no RAG
    assert paper_value(run | {"display": {"chunk": 8192, "top_k": 5}}, "judge_offline") is None
    memos = {"system": "memos", "display": {"top_k": 20}}
    assert paper_value(memos, "f1_memos", 2) == pytest.approx(0.5367)
    assert paper_value(memos, "latency_ms.search.p95") == 1969
    assert paper_value(memos | {"display": {"top_k": 5}}, "f1_memos", 2) is None


def test_paper_overlay_of_the_time_to_first_token_needs_the_papers_device(tmp_path, monkeypatch):
    cell = {
        "model": "Qwen/Qwen3-8B",
        "context": "long",
        "context_tokens": 6064,
        "query": "long",
        "query_tokens": 952.7,
        "dir_ttft": 2.0,
        "kv_ttft": 0.4,
        "build": 0.9,
        "device": "NVIDIA H800",
    }
    shown = legends(monkeypatch)
    for changed, asked, expected in (
        ({}, False, "paper (H800)"),
        ({"device": "cpu"}, False, None),
        ({"device": "cpu"}, True, "paper (H800), not comparable"),
        ({"model": "made/up-135M"}, False, None),
        ({"model": "made/up-135M"}, True, "paper (Qwen3-8B, H800), not comparable"),
    ):
        shown.clear()
        plots.ttft([cell | changed], tmp_path / "kv", paper=asked)
        assert {text for text in shown if "paper" in text} == ({expected} if expected else set())
        assert (",2.37," in (tmp_path / "kv.csv").read_text()) == bool(expected)


def test_calibration_bins_and_figure(tmp_path):
    bins = plots.calibration_bins([0.05, 0.05, 0.95, 1.0, 0.5], [0, 1, 1, 1, 0])
    assert [(b["n"], b["observed"]) for b in bins] == [(2, 0.5), (1, 0.0), (2, 1.0)]
    plots.calibration([{"judge": "offline", "reference": "made-up", "calibration": bins}], tmp_path / "c")
    assert (tmp_path / "c.csv").read_text().splitlines()[1].startswith("offline,made-up,0.05,0.5,")
    with pytest.raises(DataError, match="no judge card"):
        plots.calibration([], tmp_path / "none")


def test_methods_that_find_the_same_share_a_look(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn: dict[str, str] = {}
    plot = Axes.plot
    monkeypatch.setattr(
        Axes,
        "plot",
        lambda self, *data, **style: drawn.update({style["label"]: style["color"]}) or plot(self, *data, **style),
    )
    recall = {"evidence_recall_at_5": {"mean": 0.5, "n": 9}, "evidence_recall_words_200": {"mean": 0.4, "n": 9}}
    runs = [{"system": "s", "fingerprint": n, "display": {"label": n}, "metrics": recall} for n in ("a", "b")]
    runs.append(
        {
            "system": "s",
            "fingerprint": "c",
            "display": {"label": "c"},
            "metrics": recall | {"evidence_recall_at_5": {"mean": 0.6, "n": 9}},
        }
    )
    plots.recall_against_budget(runs, tmp_path / "r")
    assert drawn["a"] == drawn["b"] != drawn["c"]


def _content(path: Path):
    """A file's bytes; of a sources file what does not change while somebody else edits the code."""
    if path.suffix != ".json":
        return path.read_bytes()
    origin = json.loads(path.read_text())
    return origin["command"], origin["runs"]


def test_two_processes_write_the_same_files_in_the_same_order(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    made = {}
    for jobs in (1, 2):
        out = tmp_path / str(jobs)
        batch = groups.groups([RUNS / "fixture", RUNS / "kv_ttft"], out)
        files, skipped = figures.make_figures(batch, out, ("cost", "figure9", "figure10"), jobs=jobs)
        made[jobs] = [(p.name, _content(p)) for p in files], skipped
    assert made[1] == made[2]
    assert [name for name, _ in made[1][0]][::4] == ["fixture_cost.png", "kv_ttft_figure10.png"] and len(
        made[1][1]
    ) == 1


def script(name: str, *args: str) -> subprocess.CompletedProcess:
    return warm.run(
        [sys.executable, f"scripts/{name}.py", *args], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


def test_tables_check_prints_matrix_and_audit(tmp_path):
    done = script("tables", str(RUNS), "--check", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "NOT RUN: " in done.stdout and "FAILS" in done.stdout and "OKish" in done.stdout
    assert {p.name for p in (tmp_path / "tables").iterdir()} >= {
        "reproduction.csv",
        "audit.md",
        "reproduction.sources.json",
    }
    assert (
        max(
            map(
                len,
                (
                    line
                    for line in done.stdout.splitlines()
                    if "│" not in line and "holds" not in line and "FAILS" not in line
                ),
            )
        )
        <= 120
    )


def test_tables_check_works_without_any_run_and_tables_says_what_to_do(tmp_path):
    done = script("tables", "--check", "--out", str(tmp_path))
    assert done.returncode == 0 and "OK: 0" in done.stdout
    done = script("tables", "--out", str(tmp_path))
    assert (
        done.returncode == 1
        and done.stderr.startswith("error: ")
        and "run.py" in done.stderr
        and done.stderr.count("\n") == 1
    )


def test_compare_prints_and_writes_the_page(tmp_path):
    memos, rag = (str(next((RUNS / "fixture").glob(f"{s}-*"))) for s in ("memos", "rag"))
    done = script("compare", memos, rag, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "overall (n = 60)" in done.stdout and "26 questions differ in judge_offline" in done.stdout
    page = next((tmp_path / "compare").glob("*.html")).read_text()
    assert page.count("<article") == 26 and "memories in the context" in page
    assert not re.search(r"""(src|href)=|url\(|https?://""", page)
    done = script("compare", memos, rag, "--metric", "zzz", "--out", str(tmp_path))
    assert done.returncode == 1 and "'zzz' is not in this run" in done.stderr


def test_figures_only(tmp_path):
    done = script("figures", str(RUNS / "fixture"), "--only", "cost", "--out", str(tmp_path))
    assert done.returncode == 0 and sorted(p.suffix for p in (tmp_path / "figures").iterdir()) == [
        ".csv",
        ".json",
        ".pdf",
        ".png",
    ]
    done = script("figures", str(RUNS / "fixture"), "--only", "score_against_tokens", "--paper", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "figures" / "fixture_score_against_tokens_paper.csv").read_text().count(",paper,") == 6
    done = script("figures", str(RUNS / "fixture"), "--jobs", "0", "--out", str(tmp_path))
    assert done.returncode == 1 and done.stderr == "error: --jobs: expected 1 or more, found 0\n"
    done = script("figures", str(RUNS / "fixture"), "--only", "kost", "--out", str(tmp_path))
    assert done.returncode == 1 and "kost" in done.stderr
