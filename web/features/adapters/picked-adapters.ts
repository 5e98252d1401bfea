/**
 * Finds adapters among files that were dropped or picked. Most adapters are a single file; diffusers and peft
 * write one adapter as several files with fixed names. Those become one zip, which the engine reads and the
 * storage keeps.
 */
import { downloadZip } from "client-zip";
import type { PickedFile } from "../../ui/picked-files";

/** Files of an adapter in several files; peft puts the text encoder's into a folder of its own. */
const PART =
  /^(text_encoder\/)?(adapter_config\.json|adapter_model\.safetensors|pytorch_lora_weights\.safetensors)$|^learned_embeds[^/]*\.safetensors$/;
/** A file of this name shows that its folder is an adapter. */
const MAIN = /^(adapter_model|pytorch_lora_weights)\.safetensors$/;
const ALONE = /\.(safetensors|zip|pt|bin|ckpt)$/i;

/** Adapters, each as one file. Folders inside an adapter's, such as training checkpoints, are left out. */
export async function adaptersAmong(picked: readonly PickedFile[]): Promise<File[]> {
  const found = new Set(
    picked.filter(({ path }) => MAIN.test(nameOf(path))).map(({ path }) => folderOf(path)),
  );
  const folders = [...found].filter((folder) => ![...found].some((other) => isBelow(folder, other)));
  const alone = picked.filter(({ path }) => {
    // Files without a folder were picked one by one; those that are no parts are adapters by themselves.
    const partOf = (folder: string) => isIn(path, folder) && (folder !== "" || PART.test(path));
    return ALONE.test(path) && !folders.some(partOf);
  });
  const together = await Promise.all(folders.map((folder) => folderAsFile(folder, picked)));
  return [...together, ...alone.map(({ file }) => file)];
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
/** Folder of a path, with its slash; empty for files without a folder. */
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
const isIn = (path: string, folder: string) =>
  folder === "" ? !path.includes("/") : path.startsWith(folder);
const isBelow = (folder: string, other: string) =>
  folder !== other && other !== "" && folder.startsWith(other);

async function folderAsFile(folder: string, picked: readonly PickedFile[]): Promise<File> {
  const parts = picked
    .filter(({ path }) => isIn(path, folder) && PART.test(path.slice(folder.length)))
    .map(({ path, file }) => ({ name: path.slice(folder.length), input: file }));
  const [only] = parts;
  // A single file stays as it is: its own name tells what it is.
  if (only && parts.length === 1 && folder === "") return only.input;
  const name = folder.split("/").at(-2) ?? "adapter";
  return new File([await downloadZip(parts).blob()], `${name}.zip`);
}
