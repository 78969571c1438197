// Sets Yasgui up for this server: its prefixes, its questions as examples, completion from its own VoID description.
"use strict";

const { Yasqe } = window.Yasgui;
const VOID = "http://rdfs.org/ns/void#";
const editor = document.getElementById("editor");
const prefixes = JSON.parse(editor.dataset.prefixes);
const example = `PREFIX ng: <${prefixes.ng}>
PREFIX dct: <${prefixes.dct}>

SELECT ?notice ?title ?number ?text {
  ?notice dct:title ?title ; ng:hasMeasure ?measure .
  ?measure ng:number ?number ; ng:text ?text .
}
LIMIT 20
`;

const described = fetch("/.well-known/void", { headers: { Accept: "application/ld+json" } })
  .then((answer) => (answer.ok ? answer.json() : []))
  .then((found) => (Array.isArray(found) ? found : found["@graph"] ?? [found]));

/** The terms that a property of VoID, `class` or `property`, names in our description. */
const terms = async (name) => {
  const iris = (await described).flatMap((node) => (node[VOID + name] ?? []).map((value) => value["@id"]));
  return [...new Set(iris)].sort();
};

const own = {
  prefixes: { name: "own-prefixes", get: async () => Object.entries(prefixes).map(([name, iri]) => `${name}: <${iri}>`).sort() },
  class: { name: "own-classes", get: () => terms("class") },
  property: { name: "own-properties", get: () => terms("property") },
};
for (const [name, completer] of Object.entries(own)) {
  Yasqe.forkAutocompleter(name, { ...completer, bulk: true, persistenceId: null });
}
Yasqe.defaults.autocompleters = ["variables", ...Object.values(own).map(({ name }) => name)];
Yasqe.defaults.value = example;

const yasgui = new window.Yasgui(editor, {
  requestConfig: { endpoint: new URL("/sparql", location).href, method: "POST" },
  copyEndpointOnNewTab: true,
  autofocus: true,
  yasr: { prefixes },
});

const heard = new WeakSet();
yasgui.on("query", (_, tab) => {
  const yasqe = tab.getYasqe();
  if (heard.has(yasqe)) return;
  heard.add(yasqe);
  yasqe.on("queryResponse", (_editor, answer) => {
    const cut = answer.headers?.get("x-result-truncated") && "结果不完整 · the result was cut; see /limits";
    document.getElementById("hint").value = [cut, answer.headers?.get("x-query-hint")].filter(Boolean).join(" · ");
  });
});

/** Puts a query into the tab that is shown. */
const show = (query) => yasgui.getTab().getYasqe().setValue(query);

const asked = new URLSearchParams(location.search).get("query");
if (asked) {
  show(asked);
  yasgui.getTab().query();
}

const questions = document.getElementById("questions");
fetch("/queries", { headers: { Accept: "application/json" } })
  .then((answer) => answer.json())
  .then(({ items }) => questions.append(...items.map(({ id, label, en }) => new Option(`${label} · ${en}`, id))));
questions.addEventListener("change", async () => {
  if (questions.value) show(await (await fetch(`/queries/${questions.value}.rq`)).text());
});
