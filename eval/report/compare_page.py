"""One static page with the questions where two runs differ, side by side."""

from __future__ import annotations

from html import escape
from pathlib import Path

from eval.core.categories import in_order, of_summary
from eval.report.significance import paired
from eval.report.tables.table import Table
from eval.report.tables.write import markdown_cell
from eval.runs.labels import label
from eval.runs.read import Run

RECALL = "evidence_recall_words_1600"
LISTED = 60
"""Memories of a context that are written out; a whole conversation beside every question made pages of 13 MB."""
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:76rem;padding:0 1rem;color:#1a1a1a;\
background:#fff}
table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}\
td,th{border-bottom:1px solid #ddd;padding:.25rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}\
fieldset{border:0;padding:0;margin:1rem 0;display:flex;gap:1rem;flex-wrap:wrap}
article{border-top:1px solid #bbb;padding:.8rem 0}article h3{font-size:1rem;margin:0 0 .3rem}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}\
.pair>div{background:#f6f6f6;padding:.5rem .7rem;overflow-wrap:anywhere}
.better{border-left:4px solid #0072B2}.worse{border-left:4px solid #D55E00}.meta{color:#555;font-size:.85rem}
select,input{font:inherit;padding:.15rem .3rem}\
details{margin-top:.4rem}pre{white-space:pre-wrap;font:inherit;margin:.3rem 0}
@media(max-width:50rem){.pair{grid-template-columns:1fr}}
"""
_SCRIPT = """
const all=[...document.querySelectorAll('article')],count=document.getElementById('count');
function show(){const c=category.value,b=better.value,t=text.value.toLowerCase();let n=0;
for(const a of all){const ok=(!c||a.dataset.category===c)&&\
(!b||a.dataset.better===b)&&(!t||a.textContent.toLowerCase().includes(t));
a.hidden=!ok;n+=ok}count.textContent=n+' of '+all.length+' questions'}
const category=document.getElementById('category'),\
better=document.getElementById('better'),text=document.getElementById('text');
for(const e of [category,better,text])e.addEventListener('input',show);show();
"""


def write_page(a: Run, b: Run, metric: str, table: Table, path: Path) -> int:
    """Write the page; it needs no network and no server.

    Args:
        a: one run.
        b: the other, on the same questions.
        metric: the score whose differences are listed, largest first.
        table: the paired comparison to show on top.
        path: the file to write; its folder is made.

    Returns:
        How many questions differ.
    """
    pair = paired(a, b, metric)
    differing = [(key, float(x), float(y)) for key, x, y in zip(pair.keys, pair.a, pair.b, strict=True) if x != y]
    differing.sort(key=lambda row: (-abs(row[1] - row[2]), row[0]))
    names = (label(a.summary), label(b.summary))
    known = of_summary(a.summary.get("dataset"))
    categories = in_order({a.categories[key] for key, *_ in differing})
    options = "".join(f'<option value="{escape(str(c))}">{escape(known.title(c))}</option>' for c in categories)
    sides = "".join(
        f'<option value="{side}">{side} ({escape(name)}) better</option>'
        for side, name in zip("AB", names, strict=True)
    )
    body = "\n".join(_article(a, b, names, *row) for row in differing)
    title = f"{names[0]} against {names[1]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{_table(table)}"
        f"<h2>Questions where {escape(metric)} differs</h2><fieldset>"
        f'<label>category <select id="category"><option value="">all</option>{options}</select></label>'
        f'<label>better <select id="better"><option value="">either</option>{sides}</select></label>'
        '<label>contains <input id="text" type="search"></label><output '
        'id="count" aria-live="polite"></output></fieldset>'
        f"{body}<script>{_SCRIPT}</script></html>\n",
        encoding="utf-8",
    )
    return len(differing)


def _article(a: Run, b: Run, names: tuple[str, str], key: tuple[str, int], x: float, y: float) -> str:
    question = a.questions.get(key)
    category = a.categories[key]
    title = of_summary(a.summary.get("dataset")).title(category)
    head = escape(question.text) if question else f"{key[0]} question {key[1]}"
    gold = (
        f"gold: {escape(question.gold)} · evidence {escape(', '.join(question.evidence) or 'none')} · "
        if question
        else ""
    )
    sides = "".join(_side(*args) for args in ((a, "A", names[0], key, x, x > y), (b, "B", names[1], key, y, y > x)))
    return (
        f'<article data-category="{escape(str(category))}" data-better="{"A" if x > y else "B"}">'
        f'<h3>{head}</h3><div class="meta">{gold}'
        f"{escape(title)} · {escape(key[0])} #{key[1]}</div>"
        f'<div class="pair">{sides}</div></article>'
    )


def _side(run: Run, side: str, name: str, key: tuple[str, int], value: float, better: bool) -> str:
    row = run.frame.loc[key]
    recall = row.get(RECALL)
    shown = "" if recall is None or recall != recall else f" · evidence recall in 1,600 words {recall:.0%}"
    answer = escape(str(row.answer)) if row.status == "ok" else f"<em>failed in {escape(str(row.status))}</em>"
    record = run.search.get(key, {})
    hits = [run.memories.get(i, {}).get("text", "") for i in record.get("hits", [])[: record.get("used") or 0]]
    listed = "".join(f"<pre>{escape(text)}</pre>" for text in hits[:LISTED])
    if len(hits) > LISTED:
        listed += f"<p>and {len(hits) - LISTED} more, in the run's memories.jsonl</p>"
    memories = f"<details><summary>{len(hits)} memories in the context</summary>{listed}</details>" if hits else ""
    return (
        f'<div class="{"better" if better else "worse"}"><strong>{side} {escape(name)}</strong> '
        f'<span class="meta">score {value:.2f}{shown}</span><p>{answer or "<em>empty answer</em>"}</p>{memories}</div>'
    )


def _table(table: Table) -> str:
    heads = "".join(f"<th>{escape(c.title)}</th>" for c in table.columns)
    rows = []
    for section in table.sections:
        rows.append(f'<tr><th colspan="{len(table.columns)}">{escape(section.title)}</th></tr>')
        for row in section.rows:
            cells = (escape(markdown_cell(c, k)) for c, k in zip(row, table.columns, strict=True))
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    return f"<table><tr>{heads}</tr>{''.join(rows)}</table><ul>{notes}</ul>"
