/** Dropped folders as browsers give them: a hundred entries a call, in no order. */
import { expect, test } from "vitest";
import { text } from "../../web/app/text";
import { droppedPhotos } from "../../web/ui/dropped-photos";

const file = (fullPath: string) => ({
  name: fullPath.slice(fullPath.lastIndexOf("/") + 1),
  fullPath,
  isFile: true,
  file: (resolve: (file: File) => void) => resolve(new File([], fullPath)),
});

/** `read` counts the calls that list a folder. */
function folder(fullPath: string, children: object[], read = { calls: 0 }) {
  const rest = [...children];
  const readEntries = (resolve: (some: object[]) => void) => {
    read.calls += 1;
    resolve(rest.splice(0, 100));
  };
  return { name: fullPath.slice(1), fullPath, isDirectory: true, createReader: () => ({ readEntries }) };
}

/** A folder is listed among the files too. */
const drop = (...entries: { name: string }[]) =>
  droppedPhotos({
    items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })),
    files: entries.map(({ name }) => new File([], name)),
  } as unknown as DataTransfer);

const names = async (dropped: ReturnType<typeof drop>) => (await dropped).files.map(({ name }) => name);

test("files alone are given at once", () => {
  expect(drop(file("/a.jpg"), file("/b.txt"))).toMatchObject({
    files: [{ name: "a.jpg" }, { name: "b.txt" }],
    problems: [],
  });
});

test("a large folder is read to its end, and its first photos come in the order of their numbers", async () => {
  const photos = Array.from({ length: 250 }, (_, at) => file(`/trip/IMG_${250 - at}.jpg`));
  const found = await names(drop(file("/own.png"), folder("/trip", photos)));
  expect(found.slice(0, 4)).toEqual(["own.png", "/trip/IMG_1.jpg", "/trip/IMG_2.jpg", "/trip/IMG_3.jpg"]);
  expect(found).toHaveLength(31);
});

test("folders are read three deep; a disk dropped by mistake is not read to its end", async () => {
  let nested = folder("/4", [file("/4/a.jpg")]);
  for (const name of ["/3", "/2", "/1", "/0"]) nested = folder(name, [file(`${name}/a.jpg`), nested]);
  expect(await names(drop(nested))).toEqual(["/0/a.jpg", "/1/a.jpg", "/2/a.jpg", "/3/a.jpg"]);
  const read = { calls: 0 };
  const letters = Array.from({ length: 100_000 }, (_, at) => file(`/disk/${at}.txt`));
  expect(await drop(folder("/disk", letters, read))).toEqual({
    files: [],
    problems: [text.photos.noneInFolder("disk")],
  });
  expect(read.calls).toBe(100);
});

test("one that can't be read gets a sentence, and the others come", async () => {
  const locked = {
    ...folder("/locked", []),
    createReader: () => ({ readEntries: (_: unknown, no: (error: Error) => void) => no(new Error()) }),
  };
  const dropped = await drop(locked, folder("/open", [file("/open/a.avif")]));
  expect(dropped.problems).toEqual([text.photos.folderUnreadable("locked")]);
  expect(dropped.files).toHaveLength(1);
});
