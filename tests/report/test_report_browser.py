"""The page in headless Chromium: every view draws, links lead to questions, everything works by keyboard."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from eval.report.groups import RunGroup
from eval.report.page.browser import Browser, find_chromium
from eval.report.page.write import write_page
from eval.runs.read import run_folders

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium on the PATH; install Debian's package chromium"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="no playwright; run: pip install -e '.[dev]'"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)  # the fixture's manifest names its dataset from here
        group = RunGroup("fixture", tuple(run_folders([ROOT / "tests" / "fixtures" / "runs" / "fixture"])))
        return write_page(tmp_path_factory.mktemp("report") / "report.html", group)


@pytest.fixture(scope="module")
def browser():
    with Browser() as made:
        yield made


def test_overview_shows_tables_without_network(browser, page):
    assert browser.open(page) > 0
    assert browser.evaluate("document.querySelectorAll('#overview table').length") == 4
    assert browser.evaluate("document.documentElement.dataset.failed") is None
    assert browser.evaluate("performance.getEntriesByType('resource').length") == 0, "the page loads something"


def test_the_papers_cells_unfold_with_a_verdict_each(browser, page):
    browser.open(page)
    folded = "document.querySelector('#overview details.folded')"
    assert "NOT COMPARABLE: " in browser.evaluate(folded + ".querySelector('summary').textContent")
    browser.evaluate(folded + ".querySelector('summary').focus()")
    browser.press("Enter")
    verdicts = (
        f"[...{folded}.querySelectorAll('tbody tr')].map((r) => r.cells[6] && r.cells[6].textContent).filter(Boolean)"
    )
    shown = browser.wait(f"{folded}.querySelector('table') && {verdicts}")
    assert len(shown) > 300 and set(shown) <= {"OK", "OKish", "DIFFERS", "NOT COMPARABLE", "NOT RUN"}


def test_a_score_leads_to_the_questions_behind_it(browser, page):
    browser.open(page)
    href = 'document.querySelector(\'#overview a[href*="category=4"][href*="judge=offline"]\')'
    score = browser.evaluate(href + ".textContent")
    browser.evaluate(href + ".click()")
    count = browser.wait("$('count').textContent")
    assert count.startswith("30 of 60 questions") and f"{score.split()[0]} % correct by offline" in count


def test_a_metric_is_the_mean_of_the_questions_shown(browser, page):
    browser.open(page)
    link = 'document.querySelector(\'#overview a[href*="category=2"][href*="f1_memos"]\')'
    score = browser.evaluate(link + ".textContent")
    browser.evaluate(link + ".click()")
    assert f"mean f1 memos {score} % over 12" in browser.wait("$('count').textContent")


def test_filters(browser, page):
    browser.open(page, "#questions?system=s1&verdict=not&recall=full")
    expected = browser.evaluate(
        "index.questions.filter((_, n) => index.verdicts.s1.offline[n] !== 'c' && index.recall.s1[n] === 100).length"
    )
    assert 0 < expected < 60
    assert browser.evaluate("document.querySelectorAll('#table tbody tr[data-k]').length") == expected


def test_a_question_shows_all_there_is_by_keyboard(browser, page):
    browser.open(page)
    browser.press("2")
    browser.wait("rows.length")
    browser.press("j", "j", "k", "j")
    shown = browser.wait("document.querySelector('#detail details[open] ul.verdicts') && $('detail').textContent")
    first = browser.evaluate("index.questions[rows[1]]")
    assert first["q"] in shown and first["g"] in shown
    for part in ("Evidence", "Retrieved memories", "Prompt", "Metrics", "offline: ", "made-up"):
        assert part in shown
    assert f"open={first['s']}%3A{first['i']}" in browser.evaluate("location.hash")
    browser.press("Enter")
    assert browser.evaluate("document.activeElement.id") == "detail"
    browser.press("Escape")
    assert "Choose a question" in browser.evaluate("$('detail').textContent")


def test_typing_in_the_filter_and_leaving_it(browser, page):
    browser.open(page)
    browser.press("/")
    browser.wait("document.activeElement.id === 'f-text' && rows.length === 60")
    browser.press(*"oslo")
    browser.wait("rows.length > 0 && rows.length < 60")
    assert browser.evaluate(
        "rows.every((n) => `${index.questions[n].q} ${index.questions[n].g}`.toLowerCase().includes('oslo'))"
    )
    browser.press("Escape", "4")
    browser.wait("!$('runs').hidden")
    browser.press("2")
    browser.wait("!$('questions').hidden")
    assert browser.evaluate("$('f-text').value") == "oslo", "a view keeps its filters"


def test_two_systems_side_by_side(browser, page):
    browser.open(page, "#compare?a=s2&b=s1&show=aw")
    expected = browser.evaluate(
        "index.questions.filter((_, n) => index.verdicts.s2.offline[n] === 'c'"
        " && index.verdicts.s1.offline[n] !== 'c').length"
    )
    assert expected and browser.evaluate("cRows.length") == expected
    assert "sign-flip" in browser.evaluate("$('c-test').textContent")
    browser.press("j", "Enter")
    assert browser.wait("document.querySelectorAll('#c-list details[open] .pair ol.hits').length") == 2


def test_a_prompt_is_shown_as_it_was_sent(browser, page):
    browser.open(page, "#questions")
    made = browser.evaluate("""(async () => {
        index.prompts.h = { id: "made", parts: [["user", "Of {speaker_1}: {context} Q: {question}"]] };
        const data = await block("s0");
        data.prompt = { of: data.prompt.of.map(() => 0), values: ["h"] };
        return promptOf(data, 0).textContent;
    })()""")
    question, speaker = browser.evaluate("[index.questions[0].q, index.speakers[index.questions[0].s][0]]")
    assert f"Of {speaker}: " in made and f"context made-1 0 Q: {question}" in made
