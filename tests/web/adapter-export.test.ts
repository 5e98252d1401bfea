import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { ProjectContents } from "../../web/engine/api";
import type { AdapterReport, ExportFormat } from "../../web/engine/contract/adapters";
import type { LibraryEntry } from "../../web/features/adapters/library";

const outside = vi.hoisted(() => ({
  downloads: [] as File[],
  asked: [] as unknown[],
  project: undefined as ProjectContents | undefined,
}));

const HEADER = new TextEncoder().encode(`{"__metadata__":{}}${" ".repeat(5)}`);
const SAFETENSORS = Uint8Array.of(HEADER.length, 0, 0, 0, 0, 0, 0, 0, ...HEADER);
const ZIP = new TextEncoder().encode("PK\u0003\u0004…");

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    exportAdapter: async (_: number, format: ExportFormat) => {
      outside.asked.push(format);
      return format === "peft" ? ZIP : SAFETENSORS;
    },
    exportProject: async (_: number, contents: ProjectContents) => {
      outside.project = contents;
      return ZIP;
    },
  }),
}));
vi.mock("../../web/ui/download", () => ({ download: (file: File) => outside.downloads.push(file) }));

vi.mock("../../web/features/gallery/gallery", () => ({
  promptsWith: async (name: string) => [`a <${name}> dog in the snow`, "a crown", "x".repeat(2001)],
}));

const { canShare, exportFile, exportProject, share } = await import("../../web/features/adapters/export");
const { putPhotos } = await import("../../web/features/adapters/store");
const { noteOf, thumbnailOf } = await import("../../web/features/adapters/safetensors-metadata");

const entry = (title = "", licence = "") =>
  ({
    key: "a",
    report: { id: 7, name: "my-dog", placeholder: "<my-dog>" } as AdapterReport,
    note: { title, licence },
  }) as LibraryEntry;

const names = () => outside.downloads.map(({ name }) => name);

beforeEach(() => {
  outside.downloads = [];
  outside.asked = [];
});

describe("an adapter's export", () => {
  test("is a .safetensors that goes by the word, with the note in it", async () => {
    await exportFile(entry("my-dog", "CC0"));
    expect(names()).toEqual(["my-dog.safetensors"]);
    const bytes = new Uint8Array((await outside.downloads[0]?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(noteOf(bytes)).toEqual({ title: "my-dog", licence: "CC0" });
  });

  test.each([
    ["with its picture", true],
    ["without, if so chosen", false],
  ])("%s", async (_, exported) => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff);
    await exportFile({ ...entry(), preview: { jpeg, exported } });
    const bytes = new Uint8Array((await outside.downloads[0]?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(thumbnailOf(bytes)).toEqual(exported ? jpeg : undefined);
    await exportProject({ ...entry(), preview: { jpeg, exported } }, false);
    expect(outside.project?.thumbnails).toEqual(exported ? [jpeg] : []);
  });

  test("goes by a title of the visitor's own", async () => {
    await exportFile(entry("../Rex & friends"));
    expect(names()).toEqual(["Rex - friends.safetensors"]);
  });

  test.each([
    ["diffusers", "my-dog.diffusers.safetensors"],
    ["peft", "my-dog.peft.zip"],
  ] as const)("for %s is %s", async (format, name) => {
    await exportFile(entry(), format);
    expect(outside.asked).toEqual([format]);
    expect(names()).toEqual([name]);
  });
});

describe("a project", () => {
  const project = { settings: { steps: 100 }, prompts: ["a crown"] };

  test("has how it was trained and the prompts of its pictures, each once", async () => {
    await exportProject({ ...entry("Rex"), project }, false);
    expect(names()).toEqual(["Rex.palpable.zip"]);
    expect(outside.project?.settings).toEqual({ steps: 100 });
    expect(outside.project?.prompts).toEqual(["a crown", "a <my-dog> dog in the snow"]);
  });

  test("has the photos that are kept with the adapter only where they were asked for", async () => {
    const photos = [Uint8Array.of(0xff, 0xd8, 1), Uint8Array.of(0xff, 0xd8, 2)];
    await putPhotos("a", photos);
    await exportProject(entry(), false);
    expect(outside.project?.photos).toEqual([]);
    await exportProject(entry(), true);
    expect(outside.project?.photos).toEqual(photos);
  });
});

describe("the share sheet", () => {
  const sheet = (answer: () => Promise<void>) =>
    vi.stubGlobal("navigator", { canShare: () => true, share: vi.fn(answer) });

  test("is offered where it takes files", () => {
    vi.stubGlobal("navigator", {});
    expect(canShare()).toBe(false);
    sheet(async () => undefined);
    expect(canShare()).toBe(true);
  });

  test("takes the file, and nothing is downloaded", async () => {
    sheet(async () => undefined);
    await share(entry());
    expect(vi.mocked(navigator.share).mock.calls[0]?.[0]?.files?.[0]?.name).toBe("my-dog.safetensors");
    expect(names()).toEqual([]);
  });

  test("closed by the visitor, it leaves everything as it was", async () => {
    sheet(() => Promise.reject(new DOMException("closed", "AbortError")));
    await share(entry());
    expect(names()).toEqual([]);
  });

  test("that refuses this kind of file gives way to a download", async () => {
    sheet(() => Promise.reject(new DOMException("no", "NotAllowedError")));
    await share(entry());
    expect(names()).toEqual(["my-dog.safetensors"]);
  });
});
