/** Models brought from a fake hub into an empty storage: both are new for each test. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { LoadProgress } from "../../web/engine/api";
import type { ModelSource } from "../../web/engine/contract/models";
import type { HubChoice } from "../../web/engine/model-choice";
import { JobControl } from "../../web/engine/worker/job-control";
import { openModel as open } from "../../web/engine/worker/sources/model";
import type { Patience } from "../../web/engine/worker/sources/transfer";
import { FakeHub, fillWithModel } from "./fake-hub";
import { type FakeFolder, fakeStorage } from "./fake-opfs";

export const UNET = "unet/diffusion_pytorch_model.fp16.safetensors";
const HASTY: Patience = { failures: 4, pause: 1, stall: 1000, leastBytes: 1000 };

export let hub: FakeHub;
export let storage: FakeFolder;

/** To be called once in a file of tests. */
export function beginWithFakeHub(): void {
  beforeEach(async () => {
    hub = new FakeHub();
    fillWithModel(hub);
    await hub.start();
    storage = fakeStorage();
    // The page's own server, which brings the tokenizer of checkpoint files.
    hub.put("models/clip-tokenizer/merges.txt", "#version: 0.2\n");
    vi.stubGlobal("self", { location: { origin: hub.store } });
  });
  afterEach(() => hub.stop());
}

export const choice = (more: Partial<HubChoice> = {}): HubChoice => ({
  kind: "hub",
  repository: hub.repository,
  revision: "main",
  host: hub.host,
  ...more,
});

export const openModel = async (...wanted: Parameters<typeof open>) => (await open(...wanted)).source;

export const noted: LoadProgress[] = [];
export const bringing = (control = new JobControl()) => ({
  control,
  patience: HASTY,
  progress: (progress: LoadProgress) => void noted.push(progress),
});

export async function whole(source: ModelSource, path: string): Promise<Uint8Array> {
  return source.read(path, 0, (await source.length(path)) ?? -1);
}

/** By bytes: comparing arrays of numbers takes longer than fetching them. */
export async function expectWhole(source: ModelSource, path: string): Promise<void> {
  expect(Buffer.compare(await whole(source, path), hub.files.get(path) ?? new Uint8Array())).toBe(0);
}

export const onStore = (path: string) =>
  hub.seen.filter((seen) => seen.host === "store" && seen.path === `/${path}`);
