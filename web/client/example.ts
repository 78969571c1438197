// What ends in a month in a province, and what stands around the first of its measures.
import { noticegraph } from "./index.js";

const api = noticegraph("http://127.0.0.1:8000");
const { data, error } = await api.GET("/deadlines", {
  params: { query: { division: ["370000"], from: "2022-06-01", to: "2022-06-30", sort: "date" } },
});
if (error) throw new Error(error.detail);
for (const item of data.items) console.log(item.end, item.label, item.links.measure?.[0]?.label);

const iri = data.items[0]?.links.measure?.[0]?.id;
if (iri) {
  const around = await api.GET("/neighbourhood", { params: { query: { iri, limit: 10, lang: "en" } } });
  if (around.data && "nodes" in around.data) for (const node of around.data.nodes) console.log(node.label);
}
