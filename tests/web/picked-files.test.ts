/** Files as drops and pickers give them, with and without the File System Access API. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { openFilePicker, openFolderPicker } from "../../web/ui/file-system-access";
import { fromDrop, fromHandle } from "../../web/ui/picked-files";
import { asHandle, FakeDirectoryHandle, fileHandle } from "./fake-handles";

const folder = new FakeDirectoryHandle("sd", [
  fileHandle("model_index.json"),
  new FakeDirectoryHandle("unet", [fileHandle("config.json")]),
]);

const entryOf = (name: string) => ({
  isFile: true,
  fullPath: `/${name}`,
  file: (resolve: (file: File) => void) => resolve(new File([], name)),
});

/** A drop whose list is empty once the event is over, as browsers have it. */
function drop(...items: object[]): DataTransfer {
  const transfer = { items };
  void Promise.resolve().then(() => {
    transfer.items = [];
  });
  return transfer as unknown as DataTransfer;
}

describe("a drop", () => {
  test("comes with the handle of each thing that was dropped", async () => {
    const file = fileHandle("x.safetensors");
    const picked = await fromDrop(
      drop(
        { getAsFileSystemHandle: async () => folder, webkitGetAsEntry: () => null },
        { getAsFileSystemHandle: async () => file, webkitGetAsEntry: () => entryOf("x.safetensors") },
      ),
    );
    expect(picked.map(({ path }) => path)).toEqual([
      "sd/model_index.json",
      "sd/unet/config.json",
      "x.safetensors",
    ]);
    expect(picked.map(({ handle }) => handle)).toEqual([folder, folder, file]);
  });

  test.each([
    ["has no handles", undefined],
    ["refuses them", () => Promise.reject(new DOMException("no", "NotAllowedError"))],
    ["has none for it", async () => null],
  ])("comes without where the browser %s", async (_, getAsFileSystemHandle) => {
    const item = { getAsFileSystemHandle, webkitGetAsEntry: () => entryOf("x.safetensors") };
    const picked = await fromDrop(drop(item, { webkitGetAsEntry: () => null }));
    expect(picked).toMatchObject([{ path: "x.safetensors" }]);
    expect(picked[0]).not.toHaveProperty("handle");
  });
});

test("a folder is read three levels down", async () => {
  let deep = new FakeDirectoryHandle("5", [fileHandle("x.json")]);
  for (const name of ["4", "3", "2", "1"])
    deep = new FakeDirectoryHandle(name, [deep, fileHandle(`${name}.json`)]);
  const paths = (await fromHandle(asHandle(deep))).map(({ path }) => path);
  expect(paths).toEqual(["1/2/3/4/4.json", "1/2/3/3.json", "1/2/2.json", "1/1.json"]);
});

describe("a picker", () => {
  afterEach(() => vi.unstubAllGlobals());
  const rejecting = (name: string) => () => Promise.reject(new DOMException("", name));

  test("that the browser lacks is told at once, so that the old one opens within the press", () => {
    vi.stubGlobal("window", {});
    expect(openFilePicker(".safetensors", false)).toBeUndefined();
    expect(openFolderPicker()).toBeUndefined();
  });

  test("gives what was picked, nothing when it was closed, and the old one's turn when it won't open", async () => {
    const asked: unknown[] = [];
    vi.stubGlobal("window", {
      showOpenFilePicker: async (options: unknown) => {
        asked.push(options);
        return [folder];
      },
      showDirectoryPicker: rejecting("AbortError"),
    });
    expect(await openFilePicker(".safetensors,.zip", true)).toEqual([folder]);
    expect(asked).toEqual([
      { multiple: true, types: [{ accept: { "application/octet-stream": [".safetensors", ".zip"] } }] },
    ]);
    expect(await openFolderPicker()).toEqual([]);
    vi.stubGlobal("window", { showDirectoryPicker: rejecting("SecurityError") });
    expect(await openFolderPicker()).toBeUndefined();
  });
});
