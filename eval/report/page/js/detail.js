// --- one question: evidence, and for each system memories, prompt, answer, verdicts, metrics -------------------------
function questionHead(n) {
  const q = index.questions[n], gold = q.g || "(the conversation does not say)";
  const evidence = q.e.map((id) => {
    const t = index.turns[q.s]?.[id];
    return make("blockquote", {}, text("span", t ? `${id} · ${t[0]} · ` : id, "note"), t ? make("b", {}, t[1] + ": ") : "", t ? t[2] : "");
  });
  return [text("h2", q.q), text("p", `${q.s} #${q.i} · category ${q.c} ${index.categories[q.c]}`, "note"),
    text("h3", "Gold answer"), text("blockquote", gold, "gold"), ...(q.trap ? [text("p", `Trap answer: ${q.trap}`, "note")] : []),
    text("h3", "Evidence"), ...evidence, evidence.length ? "" : text("p", "No turn is given as evidence.", "note"),
    q.un ? text("p", `Evidence that names no turn: ${q.un.join(", ")}`, "note") : ""].filter((x) => x !== "");
}
async function detail(n) {
  const root = $("detail"), first = $("f-system").value;
  const boxes = [...index.systems].sort((a, b) => (b.id === first) - (a.id === first)).map(async (s) => {
    const marks = index.judges.map((j) => [sign(verdict(s.id, j, n)), " " + j + "  "]).flat();
    const said = (await answerOf(s.id, n)).words;
    const box = make("details", { class: "system" }, make("summary", {}, make("span", { class: "marks" }, marks), make("b", {}, s.label), text("span", said, "said")));
    box.addEventListener("toggle", () => box.open && fill(box, s, n));
    box.open = s.id === first;
    return box;
  });
  const made = await Promise.all(boxes);
  if (rows[chosen] !== n) return;
  root.replaceChildren(...questionHead(n), text("h3", "Systems and their answers"), ...made);
  root.scrollTop = 0;
}
async function fill(box, s, n) {
  if (box.childElementCount > 1) return;
  const body = make("div", {}, text("p", "reading …", "note"));
  box.append(body);
  body.replaceChildren(...(await systemDetail(s, n)));
}
async function systemDetail(s, n) {
  const data = await block(s.id), { words, failed } = await answerOf(s.id, n);
  const parts = [text("blockquote", words, "answer " + (failed ? "x" : verdict(s.id, index.judges[0], n)))];
  const facts = [data.model.values[data.model.of[n]] && `answered by ${data.model.values[data.model.of[n]]}`,
    data.words[n] !== null && `context ${data.words[n]} words${data.tokens[n] === null ? "" : `, ${data.tokens[n]} tokens`}`,
    data.cut[n] && `${data.cut[n]} tokens cut from the prompt`].filter(Boolean);
  parts.push(text("p", facts.join(" · "), "note"), verdictsOf(data, n), memoriesOf(data, n), promptOf(data, n), metricsOf(data, n));
  return parts.filter((x) => x);
}
function verdictsOf(data, n) {
  const lines = index.judges.filter((j) => data.judged[j]).map((j) => {
    const row = data.judged[j].rows[n], letter = row ? { correct: "c", wrong: "w", unparsed: "u", not_judged: "x" }[row[0]] ?? "e" : "x";
    if (!row) return make("li", {}, sign("x"), ` ${j}: not judged, counts as wrong`);
    const [label, score, votes, words] = row;
    return make("li", {}, sign(letter), ` ${j}: ${label}`, score === null ? "" : ` (${score.toFixed(2)})`, votes.length ? `, runs ${votes.join(", ")}` : "",
      text("span", ` ${data.judged[j].model}`, "note"), words.map((w) => text("pre", w)));
  });
  return lines.length ? make("ul", { class: "verdicts" }, lines) : null;
}
function memoriesOf(data, n) {
  const q = index.questions[n], hits = data.hits[n], used = data.used[n], of = data.of[n] ?? hits.length;
  const rank = (id) => hits.findIndex((h) => data.memories[h][1].includes(id)) + 1;
  const found = q.e.map((id) => `${id} ${rank(id) ? `at rank ${rank(id)}${rank(id) > used ? " (not in the context)" : ""}` : "not retrieved"}`);
  const items = hits.map((h, k) => {
    const [words, turns] = data.memories[h], gold = turns.some((t) => q.e.includes(t));
    return make("li", { class: (gold ? "gold" : "") + (k >= used ? " unused" : "") }, gold ? make("b", {}, "evidence ") : "", words,
      text("span", " " + (turns.length > 6 ? `${turns[0]} … ${turns[turns.length - 1]}, ${turns.length} turns` : turns.join(", ")) + (k >= used ? ", not in the context" : ""), "note"));
  });
  const more = of > hits.length ? `, the first ${hits.length} of ${of} shown` : "";
  return make("details", { class: "memories" }, text("summary", `Retrieved memories: ${of}, ${used} in the context${more}`), found.length ? text("p", "Evidence: " + found.join("; "), "note") : "",
    items.length ? make("ol", { class: "hits" }, items) : text("p", "Nothing was retrieved.", "note"));
}
function promptOf(data, n) {
  const q = index.questions[n], hash = data.prompt.values[data.prompt.of[n]], template = index.prompts[hash], ids = data.contexts[data.context[n]];
  if (!ids && !template) return null;
  const context = (ids ?? []).map((i) => data.lines[i]).join("\n");
  if (!template) {
    const why = hash ? `Its template (${hash}) is not in this checkout; the context it held:` : "No language model was prompted: the answerer read the question and this context.";
    return make("details", {}, text("summary", hash ? `Prompt ${hash}` : "Context as the answerer read it"), text("p", why, "note"), text("pre", context || "(empty)"));
  }
  const [one, two] = index.speakers[q.s] ?? ["", ""], values = { context: context.trim(), question: q.q, speaker_1: one, speaker_2: two };
  const parts = template.parts.map(([role, words]) => [text("p", role, "note"), text("pre", words.replace(/\{(context|question|speaker_1|speaker_2)\}/g, (_, k) => values[k]))]);
  return make("details", {}, text("summary", `Prompt “${template.id}” as it was sent`), parts.flat());
}
function metricsOf(data, n) {
  const names = Object.keys(data.metrics).filter((m) => data.metrics[m][n] !== null);
  if (!names.length) return null;
  const row = (m) => make("tr", {}, make("th", { scope: "row" }, title(m)), text("td", amount(m, data.metrics[m][n]) + (share(m) ? " %" : ""), "num"));
  return make("details", {}, text("summary", `Metrics (${names.length})`), make("table", { class: "metrics" }, make("tbody", {}, names.map(row))));
}
