import { beforeEach, describe, expect, test, vi } from "vitest";
import type { AdapterReport, ExportFormat } from "../../web/engine/contract";
import type { LibraryEntry } from "../../web/features/adapters/library";

const outside = vi.hoisted(() => ({
  downloads: [] as File[],
  asked: [] as unknown[],
  thumbnail: undefined as Uint8Array | undefined,
}));

const HEADER = new TextEncoder().encode(`{"__metadata__":{}}${" ".repeat(5)}`);
const SAFETENSORS = Uint8Array.of(HEADER.length, 0, 0, 0, 0, 0, 0, 0, ...HEADER);
const ZIP = new TextEncoder().encode("PK\u0003\u0004…");

vi.mock("../../web/app/studio", () => ({
  whenEngineOpens: () => undefined,
  whenEngineCloses: () => undefined,
  engine: () => ({
    exportAdapter: async (_: number, format: ExportFormat, thumbnail?: Uint8Array) => {
      outside.asked.push(format);
      outside.thumbnail = thumbnail;
      return format === "peft" || format === "project" ? ZIP : SAFETENSORS;
    },
  }),
}));
vi.mock("../../web/ui/download", () => ({ download: (file: File) => outside.downloads.push(file) }));

const { canShare, exportFile, share } = await import("../../web/features/adapters/export");
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
    await exportFile({ ...entry(), preview: { jpeg, exported } }, "project");
    expect(outside.thumbnail).toEqual(exported ? jpeg : undefined);
  });

  test("goes by a title of the visitor's own", async () => {
    await exportFile(entry("../Rex & friends"));
    expect(names()).toEqual(["Rex - friends.safetensors"]);
  });

  test.each([
    ["diffusers", "my-dog.diffusers.safetensors"],
    ["peft", "my-dog.peft.zip"],
    ["project", "my-dog.palpable.zip"],
  ] as const)("for %s is %s", async (format, name) => {
    await exportFile(entry(), format);
    expect(outside.asked).toEqual([format]);
    expect(names()).toEqual([name]);
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
