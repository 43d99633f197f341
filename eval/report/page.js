"use strict";
// Data lie in <script type="text/plain"> blocks: gzip, then base64. The index is read at once, a system's own block
// (answers, memories, contexts) when it is first looked at.
const PAGE = 100;
const NAMES = { c: "correct", w: "wrong", u: "unparsed", e: "judge error", x: "no answer" };
const SIGNS = { c: "✓", w: "✗", u: "?", e: "!", x: "–" };
const $ = (id) => document.getElementById(id);
const blocks = {};
let index, rows = [], page = 0, chosen = -1, cRows = [], cPage = 0;

async function unpack(id) {
  const text = $(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (x) => x.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}
async function block(system) {
  if (!blocks[system]) blocks[system] = unpack("data-" + system);
  return blocks[system];
}
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((x) => x !== null && x !== undefined));
  return node;
}
const percent = (x) => (x === null || x === undefined ? "–" : (100 * x).toFixed(1));
const verdict = (system, judge, q) => (index.verdicts[system][judge] || "")[q] || "x";

function options(select, items, first) {
  select.replaceChildren(...(first === undefined ? [] : [make("option", { value: "" }, first)]),
    ...items.map(([value, label]) => make("option", { value }, label)));
}
function show(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const on = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", on);
    $(tab.getAttribute("aria-controls")).hidden = !on;
  }
  if (name === "compare") compare();
}

// --- overview and runs ----------------------------------------------------------------------------------------------
function overview() {
  const root = $("overview");
  for (const note of index.notes) root.append(make("p", { class: "note" }, note));
  for (const table of index.tables) {
    root.append(make("h2", {}, table.title));
    const body = make("tbody", {}, ...table.rows.map((r) => make("tr", {}, ...r.map((x, i) => make("td", { class: table.numeric[i] ? "num" : null }, x)))));
    const head = make("thead", {}, make("tr", {}, ...table.columns.map((x, i) => make("th", { class: table.numeric[i] ? "num" : null, scope: "col" }, x))));
    root.append(make("div", { class: "scroll" }, make("table", {}, head, body)));
    for (const note of table.notes) root.append(make("p", { class: "note" }, note));
  }
  if (index.figures.length) root.append(make("h2", {}, "Figures"));
  for (const figure of index.figures)
    root.append(make("figure", {}, make("img", { src: figure.src, alt: figure.title, loading: "lazy" }), make("figcaption", {}, figure.title)));
}
function runs() {
  const root = $("runs");
  for (const s of index.systems) {
    root.append(make("h2", {}, `${s.label} (${s.id})`));
    const facts = make("tbody", {}, ...s.facts.map(([k, v]) => make("tr", {}, make("th", { scope: "row" }, k), make("td", {}, v))));
    root.append(make("table", {}, facts));
    root.append(make("details", {}, make("summary", {}, "configuration"), make("pre", {}, s.config)));
    root.append(make("details", {}, make("summary", {}, "provenance"), make("pre", {}, s.provenance)));
  }
}

// --- questions ------------------------------------------------------------------------------------------------------
function filter() {
  const text = $("f-text").value.toLowerCase(), category = $("f-category").value, sample = $("f-sample").value;
  const system = $("f-system").value || index.systems[0].id, judge = $("f-judge").value, mark = $("f-verdict").value, recall = $("f-recall").value;
  rows = [];
  index.questions.forEach((q, n) => {
    if (category && String(q.c) !== category) return;
    if (sample && q.s !== sample) return;
    if (mark && verdict(system, judge, n) !== mark) return;
    if (recall) {
      const r = index.recall[system][n];
      if (r < 0 || (recall === "full" && r < 100) || (recall === "none" && r > 0) || (recall === "part" && (r <= 0 || r >= 100))) return;
    }
    if (text && !`${q.q} ${q.g} ${q.s} ${q.i}`.toLowerCase().includes(text)) return;
    rows.push(n);
  });
  page = 0;
  chosen = -1;
  draw();
}
function draw() {
  const judge = $("f-judge").value;
  $("count").textContent = `${rows.length} of ${index.questions.length} questions`;
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  page = Math.min(page, pages - 1);
  $("page").textContent = `page ${page + 1} of ${pages}`;
  const head = make("thead", {}, make("tr", {}, make("th", {}, "id"), make("th", {}, "cat"), make("th", {}, "question"),
    ...index.systems.map((s) => make("th", { class: "sys", title: s.label }, s.label))));
  const body = make("tbody", {});
  rows.slice(page * PAGE, (page + 1) * PAGE).forEach((n, k) => {
    const q = index.questions[n];
    const cells = index.systems.map((s) => {
      const v = verdict(s.id, judge, n), r = index.recall[s.id][n];
      return make("td", { class: "v " + v, title: `${s.label}: ${NAMES[v]}` + (r >= 0 ? `, evidence recall ${r} %` : "") }, SIGNS[v]);
    });
    body.append(make("tr", { "data-k": page * PAGE + k, onclick: () => choose(page * PAGE + k) },
      make("td", {}, `${q.s} ${q.i}`), make("td", { title: index.categories[q.c] }, String(q.c)), make("td", {}, q.q), ...cells));
  });
  $("table").replaceChildren(head, body);
  mark();
}
function mark() {
  for (const row of document.querySelectorAll("#table tbody tr")) row.setAttribute("aria-selected", Number(row.dataset.k) === chosen);
  const on = document.querySelector('#table tr[aria-selected="true"]');
  if (on) on.scrollIntoView({ block: "nearest" });
}
function choose(k) {
  if (k < 0 || k >= rows.length) return;
  chosen = k;
  const wanted = Math.floor(k / PAGE);
  if (wanted !== page) { page = wanted; draw(); } else mark();
  detail(rows[k]);
}
async function detail(n) {
  const q = index.questions[n], root = $("detail");
  root.replaceChildren(make("h2", {}, q.q), make("p", { class: "note" }, `${q.s}, question ${q.i}, category ${q.c} ${index.categories[q.c]}`),
    make("h3", {}, "Gold answer"), make("blockquote", { class: "gold" }, q.g || "(the conversation does not say)"),
    make("h3", {}, "Evidence"), ...(q.e.length ? q.e.map((id) => {
      const t = (index.turns[q.s] || {})[id];
      return make("blockquote", {}, t ? `${id} · ${t[0]} · ${t[1]}: ${t[2]}` : id);
    }) : [make("p", { class: "note" }, "none given")]), make("h3", {}, "Systems"));
  const first = $("f-system").value;
  for (const s of index.systems) {
    const box = make("details", { open: s.id === first });
    const marks = index.judges.map((j) => `${SIGNS[verdict(s.id, j, n)]} ${j}`).join("  ");
    box.append(make("summary", {}, make("b", {}, s.label), ` ${marks}`));
    const fill = async () => { if (box.childElementCount === 1) box.append(await systemDetail(s, n, q)); };
    box.addEventListener("toggle", () => box.open && fill());
    root.append(box);
    if (box.open) fill();
  }
}
async function systemDetail(s, n, q) {
  const data = await block(s.id), node = make("div", {});
  node.append(make("h3", {}, "Answer"), make("blockquote", {}, data.answers[n] ?? "(no answer) " + (data.errors[n] || "")));
  for (const judge of index.judges) {
    const d = (data.judged[judge] || [])[n];
    if (d) node.append(make("p", {}, `${judge}: ${d.label}` + (d.score === null ? "" : ` (score ${d.score.toFixed(2)})`)),
      d.raw && d.raw.length ? make("details", {}, make("summary", {}, "the judge's words"), make("pre", {}, d.raw.join("\n\n"))) : "");
  }
  const metrics = Object.keys(data.metrics);
  if (metrics.length) node.append(make("details", {}, make("summary", {}, "metrics"), make("table", {}, make("tbody", {},
    ...metrics.map((m) => make("tr", {}, make("th", { scope: "row" }, m), make("td", { class: "num" }, data.metrics[m][n] === null ? "–" : String(data.metrics[m][n]))))))));
  const hits = data.hits[n] || [], used = data.used[n] || 0;
  node.append(make("details", {}, make("summary", {}, `retrieved memories (${used} in the context${hits.length > used ? `, ${hits.length} shown` : ""})`),
    make("ol", { class: "hits" }, ...hits.map((id) => {
      const [text, turns] = data.memories[id];
      return make("li", { class: turns.some((t) => q.e.includes(t)) ? "gold" : null }, text, make("span", { class: "note" }, turns.length > 6 ? ` ${turns.length} turns` : ` ${turns.join(", ")}`));
    }))));
  const ids = data.contexts[data.context_of[n]];
  if (ids) node.append(make("details", {}, make("summary", {}, `prompt (id ${s.prompt}): the context as the answerer read it`), make("pre", {}, ids.map((i) => data.lines[i]).join("\n"))));
  return node;
}

// --- compare --------------------------------------------------------------------------------------------------------
function compare() {
  const a = $("c-a").value, b = $("c-b").value, judge = $("c-judge").value, which = $("c-show").value;
  cRows = index.questions.map((_, n) => n).filter((n) => {
    const x = verdict(a, judge, n) === "c", y = verdict(b, judge, n) === "c";
    return x !== y && (which === "both" || (which === "aw") === x);
  });
  cPage = 0;
  drawCompare();
}
async function drawCompare() {
  const a = $("c-a").value, b = $("c-b").value, judge = $("c-judge").value;
  const [x, y] = [await block(a), await block(b)];
  const size = 25, pages = Math.max(1, Math.ceil(cRows.length / size));
  cPage = Math.min(cPage, pages - 1);
  $("c-count").textContent = `${cRows.length} questions`;
  $("c-page").textContent = `page ${cPage + 1} of ${pages}`;
  const side = (s, data, n) => {
    const v = verdict(s, judge, n);
    return make("div", {}, make("b", { class: v }, `${SIGNS[v]} ${index.systems.find((t) => t.id === s).label}`), make("blockquote", {}, data.answers[n] ?? "(no answer)"));
  };
  $("c-list").replaceChildren(...cRows.slice(cPage * size, (cPage + 1) * size).map((n) => {
    const q = index.questions[n];
    return make("div", { class: "pair" }, make("div", { class: "ask" }, make("b", {}, q.q), ` (${q.s} ${q.i}, category ${q.c} ${index.categories[q.c]}) `,
      make("span", { class: "note" }, `gold: ${q.g || "not said"}`)), side(a, x, n), side(b, y, n));
  }));
}

// --- start ----------------------------------------------------------------------------------------------------------
function keys(event) {
  const typing = /INPUT|SELECT|TEXTAREA/.test(event.target.tagName);
  if (event.key === "Escape") { document.activeElement.blur(); $("detail").replaceChildren(make("p", { class: "hint" }, "Choose a question.")); chosen = -1; mark(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const views = ["overview", "questions", "compare", "runs"];
  if ("1234".includes(event.key)) show(views[Number(event.key) - 1]);
  else if (event.key === "/") { show("questions"); $("f-text").focus(); }
  else if ("jknp".includes(event.key) && !$("questions").hidden) {
    if (event.key === "j") choose(Math.min(rows.length - 1, chosen < 0 ? page * PAGE : chosen + 1));
    if (event.key === "k") choose(Math.max(0, chosen < 0 ? page * PAGE : chosen - 1));
    if (event.key === "n") { page += 1; draw(); }
    if (event.key === "p") { page = Math.max(0, page - 1); draw(); }
  } else if (event.key === "Enter" && chosen >= 0 && !$("questions").hidden) $("detail").focus();
  else return;
  event.preventDefault();
}
async function start() {
  index = await unpack("data-index");
  $("title").textContent = index.title;
  const systems = index.systems.map((s) => [s.id, s.label]), judges = index.judges.map((j) => [j, j]);
  options($("f-category"), Object.entries(index.categories).filter(([c]) => index.questions.some((q) => String(q.c) === c)).map(([c, n]) => [c, `${c} ${n}`]), "any");
  options($("f-sample"), [...new Set(index.questions.map((q) => q.s))].map((s) => [s, s]), "any");
  options($("f-system"), systems);
  options($("f-judge"), judges);
  options($("c-a"), systems); options($("c-b"), systems); options($("c-judge"), judges);
  if (systems.length > 1) $("c-b").selectedIndex = 1;
  for (const id of ["f-text", "f-category", "f-sample", "f-system", "f-judge", "f-verdict", "f-recall"]) $(id).addEventListener("input", filter);
  for (const id of ["c-a", "c-b", "c-judge", "c-show"]) $(id).addEventListener("input", compare);
  for (const tab of document.querySelectorAll("[role=tab]")) tab.addEventListener("click", () => show(tab.getAttribute("aria-controls")));
  $("prev").addEventListener("click", () => { page = Math.max(0, page - 1); draw(); });
  $("next").addEventListener("click", () => { page += 1; draw(); });
  $("c-prev").addEventListener("click", () => { cPage = Math.max(0, cPage - 1); drawCompare(); });
  $("c-next").addEventListener("click", () => { cPage += 1; drawCompare(); });
  document.addEventListener("keydown", keys);
  overview(); runs(); filter();
  if (location.hash === "#questions") { show("questions"); choose(0); }
  if (location.hash === "#compare") show("compare");
  document.documentElement.dataset.ready = Math.round(performance.now());
}
start();
