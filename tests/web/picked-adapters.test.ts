import { describe, expect, test } from "vitest";
import { adaptersAmong } from "../../web/features/adapters/picked-adapters";

const pick = (...paths: string[]) =>
  paths.map((path) => ({ path, file: new File([path], path.slice(path.lastIndexOf("/") + 1)) }));

const names = async (...paths: string[]) => (await adaptersAmong(pick(...paths))).map(({ name }) => name);

/** The names in a zip archive's directory. */
async function inside(file: File | undefined): Promise<string[]> {
  const bytes = Buffer.from(await (file as File).arrayBuffer());
  const found: string[] = [];
  const header = Buffer.from("PK\x01\x02", "latin1");
  for (let at = bytes.indexOf(header); at >= 0; at = bytes.indexOf(header, at + 1)) {
    found.push(bytes.toString("utf8", at + 46, at + 46 + bytes.readUInt16LE(at + 28)));
  }
  return found;
}

describe("adapters among picked files", () => {
  test("are the files themselves where each is one", async () => {
    expect(await names("a.safetensors", "b.zip", "notes.txt")).toEqual(["a.safetensors", "b.zip"]);
    expect(await names("loras/a.safetensors", "loras/old/b.safetensors", "loras/readme.md")).toEqual([
      "a.safetensors",
      "b.safetensors",
    ]);
    expect(await names("readme.md")).toEqual([]);
    // A pickle is refused by the engine, in a sentence.
    expect(await names("old.pt")).toEqual(["old.pt"]);
  });

  test("are diffusers' folder with its word, without what else a training left there", async () => {
    const [folder, ...rest] = await adaptersAmong(
      pick(
        "my-dog/pytorch_lora_weights.safetensors",
        "my-dog/learned_embeds.safetensors",
        "my-dog/optimizer.safetensors",
        "my-dog/logs/events.bin",
        "my-dog/checkpoint-500/pytorch_lora_weights.safetensors",
      ),
    );
    expect(rest).toEqual([]);
    expect(folder?.name).toBe("my-dog.zip");
    expect(await inside(folder)).toEqual(["pytorch_lora_weights.safetensors", "learned_embeds.safetensors"]);
  });

  test("are peft's folder with the text encoder's, also beside others", async () => {
    const files = await adaptersAmong(
      pick(
        "all/cat/adapter_config.json",
        "all/cat/adapter_model.safetensors",
        "all/cat/text_encoder/adapter_config.json",
        "all/cat/text_encoder/adapter_model.safetensors",
        "all/ink.safetensors",
      ),
    );
    expect(files.map(({ name }) => name)).toEqual(["cat.zip", "ink.safetensors"]);
    expect(await inside(files[0])).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "text_encoder/adapter_config.json",
      "text_encoder/adapter_model.safetensors",
    ]);
  });

  test("are peft's two files picked at once, and diffusers' one picked alone", async () => {
    const files = await adaptersAmong(
      pick("adapter_model.safetensors", "adapter_config.json", "ink.safetensors", "set/b.safetensors"),
    );
    expect(files.map(({ name }) => name)).toEqual(["adapter.zip", "ink.safetensors", "b.safetensors"]);
    expect(await names("pytorch_lora_weights.safetensors")).toEqual(["pytorch_lora_weights.safetensors"]);
  });
});
