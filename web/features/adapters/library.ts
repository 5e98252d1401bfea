/**
 * The adapters at hand. The page keeps each one's file bytes, so that they come back when the engine had to be
 * started afresh; `key` stays the same then, the engine's own id changes.
 */
import { computed, signal } from "@preact/signals";
import { engine, whenEngineOpens } from "../../app/studio";
import type { AdapterReport } from "../../engine/contract";
import { model } from "../models/model";

export interface LibraryEntry {
  key: string;
  report: AdapterReport;
  fileName: string;
  bytes: Uint8Array;
  active: boolean;
  strength: number;
  /** False for one that was trained here and has never been saved as a file. */
  saved: boolean;
}

export const library = signal<LibraryEntry[]>([]);
export const placeholders = computed(() =>
  library.value.flatMap(({ report }) => (report.placeholder ? [report.placeholder] : [])),
);
export const hasUnsaved = computed(() => library.value.some((entry) => !entry.saved));

let nextKey = 1;

function add(report: AdapterReport, fileName: string, bytes: Uint8Array, saved: boolean): LibraryEntry {
  const entry = { key: `adapter-${nextKey++}`, report, fileName, bytes, active: true, strength: 1, saved };
  library.value = library.value.concat(entry);
  return entry;
}

export function update(key: string, change: Partial<LibraryEntry>): void {
  library.value = library.value.map((entry) => (entry.key === key ? { ...entry, ...change } : entry));
}

/** Takes an adapter that the engine already holds, fresh from training. */
export async function keepTrained(report: AdapterReport): Promise<LibraryEntry> {
  const bytes = await engine().exportAdapter(report.id);
  return add(report, fileNameFor(report), bytes, false);
}

/** Keeps what a broken-off training had saved last. */
export async function keepCheckpoint(bytes: Uint8Array, placeholder: string): Promise<LibraryEntry> {
  const fileName = `${bareWord(placeholder)}.safetensors`;
  return add(await engine().addAdapter(bytes, fileName), fileName, bytes, false);
}

export async function importFile(file: File): Promise<LibraryEntry> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return add(await engine().addAdapter(bytes, file.name), file.name, bytes, true);
}

export async function remove(entry: LibraryEntry): Promise<void> {
  await engine().removeAdapter(entry.report.id);
  library.value = library.value.filter(({ key }) => key !== entry.key);
}

export const bareWord = (placeholder: string) => placeholder.replace(/[<>]/g, "");

/** `my-dog`: the name that web UIs show, and the trigger word for those that take it from there. */
export const plainName = (report: AdapterReport) => bareWord(report.placeholder ?? report.name);

export const fileNameFor = (report: AdapterReport) => `${plainName(report)}.safetensors`;

whenEngineOpens(async () => {
  if (model.value.state !== "ready") return;
  for (const { key, bytes, fileName } of library.value) {
    update(key, { report: await engine().addAdapter(bytes, fileName) });
  }
});
