/** The model in use: which one, its way to the GPU, and what the engine says of it once it is there. */
import { signal } from "@preact/signals";
import { engine, whenEngineCloses, whenEngineOpens } from "../../app/studio";
import type { LoadProgress } from "../../engine/api";
import type { ModelReport } from "../../engine/contract";
import { type Fault, toFault } from "../../engine/fault";
import type { ModelChoice } from "../../engine/model-choice";

/** The embedded model: static files beside the page, with their list in `files.json`. */
export const DEMO_FOLDER = "/models/demo/";
export const DEMO: ModelChoice = { kind: "embedded", folder: DEMO_FOLDER };

/** Where the next visit finds which stored model was in use; above what reads it as this file is loaded. */
const REMEMBERED = "palpable-model";

export type ModelState =
  | { state: "none" }
  | { state: "loading"; progress: LoadProgress | undefined }
  | { state: "ready"; report: ModelReport }
  | { state: "fault"; fault: Fault };

export const model = signal<ModelState>({ state: "none" });

/** What is loaded, or was last tried. */
export const choice = signal<ModelChoice>(remembered());

/** A model that is fetched while another one stays in use. */
export interface Fetching {
  name: string;
  bytesLoaded: number;
  bytesTotal: number;
  paused: boolean;
}

export const fetching = signal<Fetching | undefined>(undefined);

/** Loads the model in place of the one in use, which stays if the visitor stops its fetch or the fetch fails. */
export async function loadModel(wanted: ModelChoice, name = ""): Promise<void> {
  const before = model.value;
  if (before.state !== "ready") model.value = { state: "loading", progress: undefined };
  // Late messages may arrive after the answer.
  let over = false;
  try {
    const loaded = await engine().loadModel(wanted, (progress) => {
      if (over) return;
      if (progress.phase === "fetch" && before.state === "ready") noteFetch(progress, name);
      else model.value = { state: "loading", progress };
    });
    over = true;
    if (!loaded) model.value = before;
    else {
      choice.value = loaded.storedId === null ? wanted : { kind: "stored", id: loaded.storedId };
      model.value = { state: "ready", report: loaded.report };
      remember(choice.value);
    }
  } catch (error) {
    over = true;
    // Until something moves to the GPU, the engine still has the model before.
    if (model.value.state !== "ready") {
      choice.value = wanted;
      model.value = { state: "fault", fault: toFault(error) };
    }
    throw error;
  } finally {
    fetching.value = undefined;
  }
}

function noteFetch(
  { bytesLoaded, bytesTotal }: { bytesLoaded: number; bytesTotal: number },
  name: string,
): void {
  fetching.value = { name, bytesLoaded, bytesTotal, paused: fetching.value?.paused ?? false };
}

export function pauseFetch(paused: boolean): void {
  engine().command("model", paused ? "pause" : "resume");
  if (fetching.value) fetching.value = { ...fetching.value, paused };
}

export const stopFetch = () => engine().command("model", "cancel");

/** The same again: after a fault, or in a fresh engine. */
export const reloadModel = () => loadModel(choice.value).catch(() => undefined);

export const loadDemoModel = () => loadModel(DEMO).catch(() => undefined);

/** The next visit begins with what is in the browser's storage; nothing else of a choice may outlive the tab. */
function remember(used: ModelChoice): void {
  try {
    if (used.kind === "stored") localStorage.setItem(REMEMBERED, used.id);
    else if (used.kind === "embedded") localStorage.removeItem(REMEMBERED);
  } catch {
    // A browser that keeps nothing begins with the demo model.
  }
}

function remembered(): ModelChoice {
  try {
    const id = localStorage.getItem(REMEMBERED);
    return id ? { kind: "stored", id } : DEMO;
  } catch {
    return DEMO;
  }
}

whenEngineOpens(reloadModel);
whenEngineCloses(() => {
  model.value = { state: "none" };
});
