// --- questions: filters, list ---------------------------------------------------------------------------------------
const PAGE = 100;
const FILTERS = { text: "f-text", category: "f-category", sample: "f-sample", system: "f-system", judge: "f-judge", verdict: "f-verdict", recall: "f-recall", metric: "f-metric", order: "f-order" };
let rows = [], page = 0, chosen = -1, wish = 0;

function keep(n, f) {
  const q = index.questions[n];
  if (f.category && String(q.c) !== f.category) return false;
  if (f.sample && q.s !== f.sample) return false;
  if (f.verdict) {
    const v = verdict(f.system, f.judge, n);
    if (f.verdict === "not" ? v === "c" : f.verdict === "split" ? !split(n, f.judge) : v !== f.verdict) return false;
  }
  if (f.recall) {
    const r = index.recall[f.system][n];
    if (r < 0 ? f.recall !== "unknown" : f.recall !== (r >= 100 ? "full" : r > 0 ? "part" : "none")) return false;
  }
  return !f.text || `${q.q} ${q.g} ${q.s} ${q.i}`.toLowerCase().includes(f.text.toLowerCase());
}
const split = (n, judge) => new Set(index.systems.map((s) => verdict(s.id, judge, n) === "c")).size > 1;

async function filter() {
  const f = writeFields(FILTERS), mine = ++wish;
  const data = f.metric ? await block(f.system) : null;
  if (mine !== wish) return;
  const values = data?.metrics[f.metric];
  rows = index.questions.map((_, n) => n).filter((n) => keep(n, f));
  if (values && f.order) {
    const side = f.order === "up" ? 1 : -1, at = (n) => values[n] ?? Infinity * side;
    rows.sort((a, b) => (at(a) === at(b) ? a - b : side * (at(a) - at(b))));
  }
  page = 0;
  chosen = -1;
  remember("questions", f);
  counts(f, values);
  draw(f, values);
}
function counts(f, values) {
  const right = rows.filter((n) => verdict(f.system, f.judge, n) === "c").length;
  const parts = [`${rows.length.toLocaleString("en")} of ${index.questions.length.toLocaleString("en")} questions`];
  if (rows.length && f.judge && (!f.verdict || f.verdict === "split")) parts.push(`${systemOf(f.system).label}: ${percent(right / rows.length, 2)} % correct by ${f.judge}`);
  if (values) {
    // As in the summary: a failed question counts 0 in metrics of the answer, and is left out of those of the context.
    const own = rows.map((n) => values[n] ?? (/^(memory|evidence)_/.test(f.metric) ? null : 0)).filter((x) => x !== null);
    const mean = own.length ? own.reduce((a, b) => a + b, 0) / own.length : null;
    parts.push(`mean ${title(f.metric)} ${share(f.metric) ? percent(mean, 2) + " %" : amount(f.metric, mean)} over ${own.length.toLocaleString("en")}`);
  }
  $("count").textContent = parts.join(" · ");
}
let drawn = {};
function draw(f = drawn.f, values = drawn.values) {
  drawn = { f, values };
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  page = Math.max(0, Math.min(page, pages - 1));
  $("page").textContent = `page ${page + 1} of ${pages}`;
  $("prev").disabled = page === 0;
  $("next").disabled = page === pages - 1;
  const heads = index.systems.map((s) => make("th", { class: "sys" + (s.id === f.system ? " on" : ""), scope: "col", title: s.label }, make("span", {}, s.short)));
  const head = make("thead", {}, make("tr", {}, text("th", "question"), values ? text("th", title(f.metric), "num") : "", heads));
  const body = make("tbody", {}, rows.slice(page * PAGE, (page + 1) * PAGE).map((n, k) => rowOf(n, page * PAGE + k, f, values)));
  $("table").replaceChildren(head, body);
  if (!rows.length) body.append(make("tr", {}, make("td", { colspan: 2 + index.systems.length }, "No question fits these filters.")));
  mark();
}
function rowOf(n, k, f, values) {
  const q = index.questions[n];
  const cells = index.systems.map((s) => {
    const v = verdict(s.id, f.judge, n), r = index.recall[s.id][n];
    return make("td", { class: "v " + v + (s.id === f.system ? " on" : ""), title: `${s.label}: ${NAMES[v]}` + (r >= 0 ? `, evidence recall ${r} %` : "") },
      SIGNS[v], r >= 0 ? make("i", { class: "bar", style: `--r:${r}%` }) : "");
  });
  return make("tr", { "data-k": k, onclick: () => choose(k) }, make("td", {}, q.q, text("span", ` ${q.s} #${q.i} · ${q.c} ${index.categories[q.c]}`, "note")),
    values ? text("td", amount(f.metric, values[n]), "num") : "", cells);
}
function mark() {
  for (const row of document.querySelectorAll("#table tbody tr[data-k]")) row.setAttribute("aria-selected", Number(row.dataset.k) === chosen);
  document.querySelector('#table tr[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}
function choose(k) {
  if (k < 0 || k >= rows.length) return;
  chosen = k;
  const wanted = Math.floor(k / PAGE);
  if (wanted !== page) { page = wanted; draw(); } else mark();
  const q = index.questions[rows[k]];
  remember("questions", { ...writeFields(FILTERS), open: `${q.s}:${q.i}` });
  detail(rows[k]);
}
function turn(by) {
  page += by;
  draw();
}
async function showQuestions(values) {
  readFields(FILTERS, values);
  const open = values.get("open");
  await filter();
  if (open) {
    const k = rows.findIndex((n) => `${index.questions[n].s}:${index.questions[n].i}` === open);
    if (k >= 0) choose(k);
  }
}
