// A client of noticegraph: paths, parameters and answers are typed by schema.ts, which `make client` makes.
import createClient from "openapi-fetch";

import type { paths } from "./schema.js";

export type * from "./schema.js";

/** Returns a client of the server at an address; `GET` gives `data`, or as `error` a problem (RFC 9457). */
export const noticegraph = (baseUrl: string) =>
  createClient<paths, "application/json" | "application/problem+json">({ baseUrl });
