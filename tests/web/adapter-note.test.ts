import { describe, expect, test } from "vitest";
import { safeName } from "../../web/features/adapters/export";
import { noteOf, thumbnailOf, withNote } from "../../web/features/adapters/safetensors-metadata";

const TENSOR = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
const DATA = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function safetensors(header: string, data = DATA): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const plain = safetensors(JSON.stringify({ __metadata__: { ss_network_dim: "16" }, x: TENSOR }));

function parts(file: Uint8Array) {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  return { length, header, data: file.subarray(8 + length) };
}

describe("name and licence of an adapter's file", () => {
  test("are written beside what is there, and the tensors stay as they were", () => {
    const note = { title: "My dog", licence: "CC BY 4.0" };
    const file = withNote(plain, note);
    expect(noteOf(file)).toEqual(note);
    const { length, header, data } = parts(file);
    expect(length % 8).toBe(0);
    expect(header.x).toEqual(TENSOR);
    expect(header.__metadata__.ss_network_dim).toBe("16");
    expect(data).toEqual(DATA);
  });

  test("are written over what was there, and an empty one leaves it", () => {
    const first = withNote(plain, { title: "One", licence: "CC0" });
    expect(noteOf(withNote(first, { title: "Two", licence: "" }))).toEqual({ title: "Two", licence: "CC0" });
  });

  test("of a file without metadata", () => {
    const bare = safetensors(JSON.stringify({ x: TENSOR }));
    expect(noteOf(bare)).toEqual({ title: "", licence: "" });
    expect(noteOf(withNote(bare, { title: "T", licence: "" })).title).toBe("T");
  });

  test.each([
    ["shorter than its length says", plain.slice(0, 20)],
    ["empty", new Uint8Array()],
    ["a zip archive", new TextEncoder().encode("PK\u0003\u0004 and then some more bytes")],
    ["with a header that isn't JSON", safetensors("{")],
    ["with a header that isn't an object", safetensors("[1]")],
  ])("a file that is %s has none and stays as it is", (_, file) => {
    expect(noteOf(file)).toEqual({ title: "", licence: "" });
    expect(withNote(file, { title: "T", licence: "L" })).toBe(file);
  });

  test("hostile metadata is text or nothing", () => {
    const header = `{"__metadata__": {"__proto__": {"modelspec.title": "inherited"}, "modelspec.license": {"a": 1}}}`;
    const file = safetensors(header);
    expect(noteOf(file)).toEqual({ title: "", licence: "" });
    withNote(file, { title: "T", licence: "L" });
    expect(({} as Record<string, unknown>)["modelspec.title"]).toBeUndefined();
  });
});

test.each([
  ["../../etc/passwd", "etc-passwd"],
  ["My dog, at the beach", "My dog- at the beach"],
  ["<script>", "script"],
  ["  ", "adapter"],
  ["…", "adapter"],
])("the title %j becomes the file name %j", (title, name) => expect(safeName(title)).toBe(name));

describe("an adapter's picture in its file", () => {
  const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 250);
  const note = { title: "My dog", licence: "" };

  test("is a data address by ModelSpec, beside the note, and comes back", () => {
    const file = withNote(plain, note, JPEG);
    expect(parts(file).header.__metadata__["modelspec.thumbnail"]).toBe("data:image/jpeg;base64,/9j/4AD6");
    expect(thumbnailOf(file)).toEqual(JPEG);
    expect(noteOf(file).title).toBe("My dog");
    expect(parts(file).data).toEqual(DATA);
  });

  test("is gone where it shall not go along", () => {
    expect(thumbnailOf(withNote(withNote(plain, note, JPEG), note))).toBeUndefined();
  });

  test.each([
    ["an address elsewhere", "https://example.com/a.jpg"],
    ["a picture that can hold script", "data:image/svg+xml;base64,PHN2Zy8+"],
    ["no base64", "data:image/jpeg;base64,<script>"],
    ["base64 cut off", "data:image/jpeg;base64,A"],
    ["far too large", `data:image/jpeg;base64,${"A".repeat(1_100_000)}`],
  ])("%s is none", (_, address) => {
    const file = safetensors(JSON.stringify({ __metadata__: { "modelspec.thumbnail": address }, x: TENSOR }));
    expect(thumbnailOf(file)).toBeUndefined();
  });
});
