"use strict";
// Data lie in <script type="text/plain"> blocks: gzip, then base64. The index is read at once, a system's own block
// (answers, memories, contexts) when it is first looked at. The address after # holds the view and its filters.
const NAMES = { c: "correct", w: "wrong", u: "unparsed verdict", e: "judge error", x: "not answered" };
const SIGNS = { c: "✓", w: "✗", u: "?", e: "!", x: "–" };
const $ = (id) => document.getElementById(id);
const blocks = {};
let index;

async function unpack(id) {
  const bytes = Uint8Array.from(atob($(id).textContent), (x) => x.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}
function block(system) {
  blocks[system] ??= unpack("data-" + system);
  return blocks[system];
}
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((x) => x !== null && x !== undefined && x !== ""));
  return node;
}
// A system's answer to question n as a text, in brackets where there is none; failed is whether there is none.
async function answerOf(system, n) {
  const said = (await block("answers"))[system][n], failed = Array.isArray(said);
  return { words: failed ? `(${said[0] || "no answer"})` : said || "(an empty answer)", failed };
}
const text = (tag, words, kind) => make(tag, { class: kind }, words);
const percent = (x, digits = 1) => (x === null || x === undefined ? "–" : (100 * x).toFixed(digits));
const share = (metric) => !/^memory_/.test(metric);
const amount = (metric, x) => (x === null || x === undefined ? "–" : share(metric) ? percent(x) : String(Math.round(x)));
const verdict = (system, judge, n) => index.verdicts[system][judge]?.[n] ?? "x";
const systemOf = (id) => index.systems.find((s) => s.id === id);
const title = (metric) => metric.replace(/^judge_/, "judge ").replaceAll("_", " ");
const href = (view, fields) => "#" + view + "?" + new URLSearchParams(Object.entries(fields).filter(([, v]) => v !== "")).toString();

// A mark of right or wrong is never colour alone.
const sign = (v) => make("span", { class: "sign " + v, title: NAMES[v] }, SIGNS[v]);

function options(select, items, first) {
  select.replaceChildren(...(first === undefined ? [] : [make("option", { value: "" }, first)]), ...items.map(([value, label]) => make("option", { value }, label)));
}
function readFields(fields, values) {
  for (const [name, id] of Object.entries(fields)) {
    const node = $(id), value = values.get(name);
    if (node.tagName === "SELECT") {
      const known = [...node.options].some((o) => o.value === value);
      if (known) node.value = value;
      else node.selectedIndex = 0;
    } else node.value = value ?? "";
  }
}
const writeFields = (fields) => Object.fromEntries(Object.entries(fields).map(([name, id]) => [name, $(id).value]));
const viewOf = () => location.hash.slice(1).split("?")[0];
function remember(view, fields) {
  if (viewOf() === view) history.replaceState(null, "", href(view, fields));
}
