// --- views, keys, start ---------------------------------------------------------------------------------------------
const VIEWS = ["overview", "questions", "compare", "runs"];
const last = {};

async function go() {
  const [name, query] = location.hash.slice(1).split("?"), view = VIEWS.includes(name) ? name : "overview";
  for (const each of VIEWS) {
    $(each).hidden = each !== view;
    $("tab-" + each).setAttribute("aria-selected", each === view);
  }
  const values = new URLSearchParams(query ?? "");
  if (view === "questions") await showQuestions(values);
  if (view === "compare") await showCompare(values);
  if (view === "runs" && values.get("system")) $("run-" + values.get("system"))?.focus();
  if (view === "overview" || (view === "runs" && !values.get("system"))) scrollTo(0, 0);
}
function open(view) {
  last[viewOf()] = location.hash;
  location.hash = last[view] ?? "#" + view;
}
function escape(event) {
  event.preventDefault();
  if (/INPUT|SELECT/.test(document.activeElement.tagName)) return document.activeElement.blur();
  if ($("questions").hidden) return;
  $("detail").replaceChildren(text("p", "Choose a question.", "hint"));
  chosen = -1;
  mark();
  remember("questions", writeFields(FILTERS));
}
function keys(event) {
  if (event.key === "Escape") return escape(event);
  if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = VIEWS.find((view) => !$(view).hidden), key = event.key;
  if ("1234".includes(key)) open(VIEWS[Number(key) - 1]);
  else if (event.target.getAttribute("role") === "tab" && /^Arrow(Left|Right)$/.test(key)) {
    const next = VIEWS[(VIEWS.indexOf(here) + (key === "ArrowRight" ? 1 : 3)) % 4];
    open(next);
    $("tab-" + next).focus();
  } else if (key === "/") {
    if (here !== "questions") open("questions");
    $("questions").hidden = false;
    $("f-text").focus();
  }
  else if (here === "questions" && "jk".includes(key)) choose(chosen < 0 ? page * PAGE : Math.max(0, Math.min(rows.length - 1, chosen + (key === "j" ? 1 : -1))));
  else if (here === "questions" && "np".includes(key)) turn(key === "n" ? 1 : -1);
  else if (here === "questions" && key === "Enter" && chosen >= 0 && !/SUMMARY|BUTTON|A/.test(event.target.tagName)) $("detail").focus();
  else if (here === "compare" && "jk".includes(key)) step(key === "j" ? 1 : -1);
  else if (here === "compare" && "np".includes(key)) turnCompare(key === "n" ? 1 : -1);
  else return;
  event.preventDefault();
}
function controls() {
  const systems = index.systems.map((s) => [s.id, s.label]), judges = index.judges.map((j) => [j, j]);
  const categories = Object.entries(index.categories).map(([c, name]) => [c, `${c} ${name}`]);
  options($("f-category"), categories, "any");
  options($("c-category"), categories, "any");
  options($("f-sample"), [...new Set(index.questions.map((q) => q.s))].map((s) => [s, s]), "any");
  for (const id of ["f-system", "c-a", "c-b"]) options($(id), systems);
  for (const id of ["f-judge", "c-judge"]) options($(id), judges);
  options($("f-metric"), index.metrics.map((m) => [m, title(m)]), "none");
  for (const id of Object.values(FILTERS)) $(id).addEventListener("input", filter);
  for (const id of Object.values(SIDES)) $(id).addEventListener("input", compare);
  for (const view of VIEWS) $("tab-" + view).addEventListener("click", () => open(view));
  $("prev").addEventListener("click", () => turn(-1));
  $("next").addEventListener("click", () => turn(1));
  $("c-prev").addEventListener("click", () => turnCompare(-1));
  $("c-next").addEventListener("click", () => turnCompare(1));
  $("c-swap").addEventListener("click", () => {
    [$("c-a").value, $("c-b").value] = [$("c-b").value, $("c-a").value];
    compare();
  });
  document.addEventListener("keydown", keys);
  addEventListener("hashchange", go);
}
async function start() {
  index = await unpack("data-index");
  $("title").textContent = index.title;
  controls();
  overview();
  runs();
  await go();
  document.documentElement.dataset.ready = Math.round(performance.now());
}
start().catch((error) => {
  $("title").textContent = `This page could not be drawn: ${error}. It needs a browser of 2023 or newer.`;
  document.documentElement.dataset.failed = String(error);
});
