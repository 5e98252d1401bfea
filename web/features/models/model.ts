/** The model in use: its loading, with bytes, and what the engine says of it once it is there. */
import { signal } from "@preact/signals";
import { engine, whenEngineOpens } from "../../app/studio";
import type { LoadProgress } from "../../engine/api";
import type { ModelReport } from "../../engine/contract";
import { type Fault, toFault } from "../../engine/fault";

/** The embedded model: static files beside the page, with their list in `files.json`. */
export const DEMO_FOLDER = "/models/demo/";

export type ModelState =
  | { state: "none" }
  | { state: "loading"; progress: LoadProgress | undefined }
  | { state: "ready"; report: ModelReport }
  | { state: "fault"; fault: Fault };

export const model = signal<ModelState>({ state: "none" });

export async function loadDemoModel(): Promise<void> {
  model.value = { state: "loading", progress: undefined };
  try {
    const report = await engine().loadModel({ kind: "embedded", folder: DEMO_FOLDER }, (progress) => {
      // Late messages may arrive after the answer.
      if (model.value.state === "loading") model.value = { state: "loading", progress };
    });
    if (report) model.value = { state: "ready", report };
  } catch (error) {
    model.value = { state: "fault", fault: toFault(error) };
  }
}

whenEngineOpens(loadDemoModel);
