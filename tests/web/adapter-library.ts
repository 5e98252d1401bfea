/** The library of adapters on an engine that keeps nothing but their names. */
import "fake-indexeddb/auto";
import { afterEach, vi } from "vitest";
import type { ProjectContents } from "../../web/engine/api";
import type { AdapterReport } from "../../web/engine/contract/adapters";
import type { TrainingSettings } from "../../web/engine/contract/training";
import { faultError } from "../../web/engine/fault";

const fakeEngine = vi.hoisted(() => ({
  next: 1,
  adapters: new Map<number, string>(),
  closed: [] as (() => void)[],
  refused: "",
  project: undefined as ProjectContents | undefined,
}));

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: (step: () => void) => fakeEngine.closed.push(step),
  engine: () => ({
    addAdapter: async (_: Uint8Array, fileName: string) => {
      if (fileName === fakeEngine.refused) throw faultError("BadFile", "It belongs to another model.");
      const placeholder = `<${fileName}>`;
      const id = fakeEngine.next++;
      fakeEngine.adapters.set(id, fileName);
      return {
        id,
        name: fileName,
        placeholder,
        placeholders: [placeholder],
      } as AdapterReport;
    },
    exportAdapter: async () => Uint8Array.of(1, 2, 3),
    removeAdapter: async (id: number) => fakeEngine.adapters.delete(id),
    openProject: async () => fakeEngine.project,
  }),
}));

export const adapters = await import("../../web/features/adapters/library");
export const { importAll, importFile, outcome } = await import("../../web/features/adapters/import");
export const elsewhere = await import("../../web/features/adapters/store");
export const { putPhotos, readPhotos } = elsewhere;
export const { library } = adapters;

export const settings = { placeholder: "<my-dog>", steps: 100 } as TrainingSettings;

export function trained(name: string) {
  const id = fakeEngine.next++;
  fakeEngine.adapters.set(id, `${name}.safetensors`);
  return adapters.keepTrained(
    { id, name, placeholder: `<${name}>`, placeholders: [`<${name}>`] } as AdapterReport,
    { id: `training of ${name}`, settings },
  );
}

/** As after a lost GPU: another engine, which numbers adapters anew. */
export function freshEngine(): void {
  fakeEngine.adapters.clear();
  fakeEngine.next = 1;
  for (const step of fakeEngine.closed) step();
}

/** By the numbers in the library: what the engine has there. */
export const inEngine = () => library.value.map(({ report }) => fakeEngine.adapters.get(report.id));

/** As after a reload: nothing but the storage. */
export async function reload(): Promise<void> {
  library.value = [];
  freshEngine();
  await adapters.bringAll();
}

export const names = () => library.value.map(({ fileName }) => fileName);

/** To be called once in a file of tests: each begins with an empty library. */
export function emptyAfterEach(): void {
  afterEach(async () => {
    vi.restoreAllMocks();
    fakeEngine.refused = "";
    fakeEngine.project = undefined;
    vi.unstubAllGlobals();
    await reload();
    for (const entry of library.value) await adapters.remove(entry);
    for (const { key } of adapters.unusable.value) await adapters.removeUnusable(key);
    adapters.storageFault.value = undefined;
  });
}

// What is hoisted above the imports can't be exported where it is defined.
export { fakeEngine };
