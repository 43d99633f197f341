// --- overview and runs ----------------------------------------------------------------------------------------------
function linkOf(link) {
  if (!link) return null;
  const [system, category, metric] = link, at = { system, category };
  if (metric === "failed") return href("questions", { ...at, verdict: "x" });
  if (metric.startsWith("judge_")) return href("questions", { ...at, judge: metric.slice(6) });
  return metric ? href("questions", { ...at, metric, order: "up" }) : href("runs", { system });
}
function cellOf([value, interval, mark, link], numeric) {
  const to = linkOf(link);
  const shown = make(mark === "best" ? "b" : mark === "second" ? "u" : "span", {}, value);
  return make(numeric ? "td" : "th", { class: numeric ? "num" : null, scope: numeric ? null : "row" },
    to ? make("a", { href: to, title: numeric ? "the questions behind this number" : "the run" }, shown) : shown,
    interval ? text("span", interval, "interval") : "");
}
function tableOf(table) {
  const groups = [];
  for (const [group] of table.columns) {
    const last = groups[groups.length - 1];
    if (last && last[0] === group && group) last[1] += 1;
    else groups.push([group, 1]);
  }
  const head = make("thead", {}, groups.some(([g]) => g) ? make("tr", {}, groups.map(([g, n]) => make("th", { colspan: n, class: "group" }, g))) : "",
    make("tr", {}, table.columns.map(([, name, numeric]) => make("th", { class: numeric ? "num" : null, scope: "col" }, name))));
  const bodies = table.sections.map((section) => make("tbody", {},
    section.title ? make("tr", {}, make("th", { colspan: table.columns.length, scope: "rowgroup", class: "section" }, section.title)) : "",
    section.rows.map((row) => make("tr", {}, row.map((cell, i) => cellOf(cell, table.columns[i][2]))))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title }, make("table", { class: "paper" }, head, bodies));
}
function foldedOf(table) {
  const box = make("details", { class: "folded" }, text("summary", `${table.title}: ${table.notes[0]}`));
  box.addEventListener("toggle", () => {
    if (box.open && !box.querySelector("table"))
      box.append(tableOf(table), make("ul", { class: "notes" }, table.notes.slice(1).map((n) => text("li", n))));
  });
  return box;
}
function overview() {
  const root = $("overview");
  root.append(...index.notes.map((note) => text("p", note, "note")));
  for (const table of index.tables)
    root.append(text("h2", table.title), tableOf(table), make("details", { class: "notes", open: table === index.tables[0] }, text("summary", "how to read it"), make("ul", {}, table.notes.map((n) => text("li", n)))));
  root.append(text("h2", "Against the paper"), foldedOf(index.reproduction));
  if (index.figures.length) root.append(text("h2", "Figures"));
  root.append(...index.figures.map((f) => make("figure", { class: f.wide ? "wide" : null }, make("img", { src: f.src, alt: f.title, loading: "lazy" }), text("figcaption", f.title))));
}
function runs() {
  for (const s of index.systems) {
    const facts = s.facts.map(([k, v]) => make("tr", {}, make("th", { scope: "row" }, k), text("td", v)));
    $("runs").append(make("h2", { id: "run-" + s.id, tabindex: "-1" }, s.label), make("table", { class: "facts" }, make("tbody", {}, facts)),
      make("details", {}, text("summary", "configuration"), text("pre", s.config)),
      make("details", {}, text("summary", "provenance: sessions, machine, dataset, packages"), text("pre", s.provenance)));
  }
}
