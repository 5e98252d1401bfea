/** What the engine worker does with models, without the engine. */
import * as Comlink from "comlink";
import type { ModelChoice } from "../../../web/engine/model-choice";
import { removeModel, storedModels } from "../../../web/engine/model-folder";
import { JobControl } from "../../../web/engine/worker/job-control";
import { guardNetwork } from "../../../web/engine/worker/network";
import { openModel } from "../../../web/engine/worker/sources/model";

guardNetwork(self);

const api = {
  /** Of the bytes from `start` to `end`; stops when more than `most` have arrived. */
  async open(
    choice: Exclude<ModelChoice, { kind: "embedded" }>,
    path: string,
    range: [number, number],
    most = Infinity,
  ) {
    const control = new JobControl();
    const { source, storedId } = await openModel(choice, {
      control,
      progress: (now) => {
        if (now.phase === "fetch" && now.bytesLoaded > most) control.command("cancel");
      },
      patience: { failures: 4, pause: 10, stall: 1000, leastBytes: 1000 },
    });
    return { storedId, length: await source.length(path), bytes: [...(await source.read(path, ...range))] };
  },
  fetch: async (url: string) => (await fetch(url)).status,
  stored: storedModels,
  remove: removeModel,
};

export type SourcesApi = typeof api;
Comlink.expose(api);
