// --- compare: two systems on the questions where they differ ---------------------------------------------------------
const PAIRS = 25;
const SIDES = { a: "c-a", b: "c-b", judge: "c-judge", show: "c-show", category: "c-category" };
let cRows = [], cPage = 0, cChosen = -1;

async function compare() {
  const f = writeFields(SIDES);
  const kept = index.questions.map((_, n) => n).filter((n) => !f.category || String(index.questions[n].c) === f.category);
  const right = (s, n) => verdict(s, f.judge, n) === "c";
  const count = { aw: kept.filter((n) => right(f.a, n) && !right(f.b, n)), wa: kept.filter((n) => !right(f.a, n) && right(f.b, n)) };
  cRows = f.show === "both" ? kept.filter((n) => right(f.a, n) !== right(f.b, n)) : count[f.show];
  cPage = 0;
  cChosen = -1;
  remember("compare", f);
  $("c-count").textContent = `${cRows.length.toLocaleString("en")} questions shown · only A right: ${count.aw.length} · only B right: ${count.wa.length} · of ${kept.length.toLocaleString("en")}`;
  $("c-test").textContent = testOf(f);
  await drawCompare();
}
function testOf(f) {
  const straight = index.pairs[`${f.a} ${f.b}`]?.[f.judge], swapped = index.pairs[`${f.b} ${f.a}`]?.[f.judge];
  if (!straight && !swapped) return f.a === f.b ? "Choose two different systems." : "";
  let [difference, low, high, p] = straight ?? swapped;
  if (!straight) [difference, low, high] = [-difference, high === null ? null : -high, low === null ? null : -low];
  const range = low === null ? "no interval" : `95 % interval ${percent(low)} to ${percent(high)}`;
  return `All questions by ${f.judge}: ${systemOf(f.a).label} minus ${systemOf(f.b).label} = ${percent(difference, 2)} points (${range}` +
    (p === null ? ")" : `, sign-flip over conversations p = ${p < 0.0001 ? "<0.0001" : p.toPrecision(2)}, not adjusted for many comparisons)`);
}
async function drawCompare() {
  const f = writeFields(SIDES), pages = Math.max(1, Math.ceil(cRows.length / PAIRS));
  cPage = Math.max(0, Math.min(cPage, pages - 1));
  const shown = cRows.slice(cPage * PAIRS, (cPage + 1) * PAIRS);
  const made = await Promise.all(shown.map((n, k) => pairOf(n, cPage * PAIRS + k, f)));
  $("c-page").textContent = `page ${cPage + 1} of ${pages}`;
  $("c-prev").disabled = cPage === 0;
  $("c-next").disabled = cPage === pages - 1;
  $("c-list").replaceChildren(...made);
  if (!cRows.length) $("c-list").append(text("p", "The two do not differ here.", "hint"));
}
async function pairOf(n, k, f) {
  const q = index.questions[n];
  const head = make("summary", {}, make("b", {}, q.q), text("span", ` ${q.s} #${q.i} · ${q.c} ${index.categories[q.c]} · gold: ${q.g || "not said"}`, "note"),
    make("div", { class: "pair" }, await brief(f.a, f.judge, n), await brief(f.b, f.judge, n)));
  const box = make("details", { class: "compared", "data-k": k }, head);
  box.addEventListener("toggle", async () => {
    if (!box.open || box.childElementCount > 1) return;
    const body = make("div", {}, questionHead(n).slice(2));
    box.append(body);
    const [left, right] = [await systemDetail(systemOf(f.a), n), await systemDetail(systemOf(f.b), n)];
    body.append(make("div", { class: "pair" }, make("div", {}, left), make("div", {}, right)));
    for (const part of body.querySelectorAll("details.memories")) part.open = true;
  });
  return box;
}
async function brief(s, judge, n) {
  const r = index.recall[s][n];
  return make("div", {}, sign(verdict(s, judge, n)), " ", make("b", {}, systemOf(s).label), text("span", r >= 0 ? ` · evidence recall ${r} %` : "", "note"),
    text("div", (await answerOf(s, n)).words, "short"));
}
function step(by) {
  const next = cChosen < 0 ? cPage * PAIRS : Math.max(0, Math.min(cRows.length - 1, cChosen + by));
  const go = () => {
    cChosen = next;
    document.querySelector(`#c-list details[data-k="${next}"] > summary`)?.focus();
  };
  if (Math.floor(next / PAIRS) === cPage) return go();
  cPage = Math.floor(next / PAIRS);
  return drawCompare().then(go);
}
function turnCompare(by) {
  cPage += by;
  cChosen = -1;
  return drawCompare();
}
function showCompare(values) {
  readFields(SIDES, values);
  if (!values.get("b") && index.systems.length > 1) $("c-b").value = index.systems[index.systems.length - 1].id;
  return compare();
}
