/** A page with the studio's policy and nothing but the worker's sources of models: no engine, no GPU. */
import * as Comlink from "comlink";
import type { SourcesApi } from "./worker";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
Object.assign(window, { sources: Comlink.wrap<SourcesApi>(worker) });
