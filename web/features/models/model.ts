/** The model in use: which one it is, its loading, and the engine's report on it once it is loaded. */
import { signal } from "@preact/signals";
import { remember, remembered } from "../../app/choices";
import { engine, whenEngineCloses, whenEngineOpens } from "../../app/studio";
import type { LoadProgress } from "../../engine/api";
import type { ModelReport } from "../../engine/contract/models";
import { type Fault, toFault } from "../../engine/fault";
import type { ModelChoice } from "../../engine/model-choice";
import { SITE_FOLDER } from "../../engine/site";
import { readUnasked, rememberOnDisk } from "./disk-models";
import * as diskStore from "./disk-store";
import { tellMemoryLimit } from "./memory-limit";
import { tellWideActivations } from "./wide-activations";

/** The embedded model: static files beside the page, with their list in `files.json`. */
export const DEMO_FOLDER = `${SITE_FOLDER}models/demo/`;
export const DEMO: ModelChoice = { kind: "embedded", folder: DEMO_FOLDER };

/** Of the remembered ids of models on this device's disk; ids of stored models have no prefix. */
const ON_DISK = "disk:";

export type ModelState =
  | { state: "none" }
  | { state: "loading"; progress: LoadProgress | undefined }
  | { state: "ready"; report: ModelReport }
  | { state: "fault"; fault: Fault };

export const model = signal<ModelState>({ state: "none" });

/** The model that is loaded, or that was tried last. */
export const choice = signal<ModelChoice>(storedAtLastVisit());

/**
 * The model of the last visit, if it is on this device's disk and the visitor hasn't said yet whether to read
 * it again. Until then the demo model stands in for it.
 */
export const lastOnDisk = signal<diskStore.DiskModel | undefined>(undefined);

/** A model that is fetched while another one stays in use. */
export interface Fetching {
  name: string;
  bytesLoaded: number;
  bytesTotal: number;
  paused: boolean;
}

export const fetching = signal<Fetching | undefined>(undefined);

/** Steps to run when the visitor has chosen a model and it is loaded. */
const onChosen: (() => Promise<void>)[] = [];

export function whenModelIsChosen(step: () => Promise<void>): void {
  onChosen.push(step);
}

/**
 * Loads the model in place of the one in use, which stays if the visitor stops its fetch or the fetch fails. False if it
 * was stopped.
 */
export async function loadModel(wanted: ModelChoice, name = ""): Promise<boolean> {
  if (!(await load(wanted, name))) return false;
  for (const step of onChosen) await step();
  return true;
}

async function load(wanted: ModelChoice, name: string): Promise<boolean> {
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
      choice.value = await findableAgain(wanted, loaded.storedId);
      model.value = { state: "ready", report: loaded.report };
      rememberLast(choice.value);
    }
    return loaded !== null;
  } catch (error) {
    over = true;
    // Until bytes move to the GPU, the engine still has the previous model.
    if (model.value.state !== "ready") {
      choice.value = wanted;
      model.value = { state: "fault", fault: toFault(error) };
    }
    throw error;
  } finally {
    fetching.value = undefined;
  }
}

/** The choice in a form by which the next visit can find the model. */
async function findableAgain(used: ModelChoice, storedId: string | null): Promise<ModelChoice> {
  if (storedId !== null) return { kind: "stored", id: storedId };
  if (used.kind !== "files") return used;
  const diskId = await rememberOnDisk(used);
  return diskId === undefined ? used : { ...used, diskId };
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

/** Loads the same model again: after a fault, or in a fresh engine. */
export const reloadModel = () => loadModel(choice.value).catch(() => undefined);

export const loadDemoModel = () => loadModel(DEMO).catch(() => undefined);

/** Remembers a model in the storage or on the disk for the next visit; no other may outlive the tab. */
function rememberLast(used: ModelChoice): void {
  if (used.kind === "stored") remember("model", used.id);
  else if (used.kind === "files" && used.diskId !== undefined) remember("model", ON_DISK + used.diskId);
  else if (used.kind === "embedded" && !lastOnDisk.value) forgetLast();
  // Another model took its place.
  if (used.kind !== "embedded") lastOnDisk.value = undefined;
}

/** Forgets the last model: the next visit begins with the demo model. */
export function forgetLast(): void {
  lastOnDisk.value = undefined;
  remember("model", undefined);
}

/** The model stays in use, but no later visit finds it on the disk. */
export function forgetChoiceOnDisk(id: string): void {
  if (remembered("model") === ON_DISK + id) forgetLast();
  if (choice.value.kind !== "files" || choice.value.diskId !== id) return;
  const { handle: _, diskId: __, ...files } = choice.value;
  choice.value = files;
}

function storedAtLastVisit(): ModelChoice {
  const last = remembered("model");
  return last === undefined || last.startsWith(ON_DISK) ? DEMO : { kind: "stored", id: last };
}

let begun = false;

/** Lets a visit's first engine take the last visit's model on the disk, if it can be read without asking. */
async function findOnDisk(): Promise<void> {
  const last = remembered("model");
  const first = !begun;
  begun = true;
  if (!first || !last?.startsWith(ON_DISK)) return;
  const known = await diskStore.find(last.slice(ON_DISK.length)).catch(() => undefined);
  const readable = known && (await readUnasked(known).catch(() => undefined));
  if (readable) choice.value = readable;
  else lastOnDisk.value = known;
}

whenEngineOpens(async () => {
  await tellMemoryLimit();
  await tellWideActivations();
  await findOnDisk();
  // A failure shows in the model's state; the page's other steps still follow.
  await load(choice.value, "").catch(() => undefined);
});
whenEngineCloses(() => {
  model.value = { state: "none" };
});
