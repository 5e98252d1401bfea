/** Files of this device, dropped or picked: read where they lie, a piece at a time. */
import { faultError } from "../../fault";
import type { FilesChoice } from "../../model-choice";
import { checkpointFiles } from "./checkpoint";
import { fileStream } from "./file-stream";
import type { IncomingFile, IncomingModel } from "./incoming";
import { chooseFiles, isPickle, MODEL_INDEX, pickle } from "./layout";
import { readText } from "./transfer";

export async function localModel({ name, files }: FilesChoice): Promise<IncomingModel> {
  const sources = new Map(files.map(({ path, file }) => [path, localFile(path, file)]));
  const dates = files.map(({ path, file }) => `${path} ${file.size} ${file.lastModified}`);
  return {
    identity: ["files", name, ...dates.sort()].join("\n"),
    name: name.replace(/\.safetensors$/, ""),
    from: "",
    licence: null,
    files: await chosen(sources),
  };
}

const localFile = (path: string, file: File): IncomingFile => ({
  path,
  bytes: file.size,
  version: `${file.lastModified}`,
  open: async (start, end) => fileStream(file, start, end),
});

async function chosen(sources: Map<string, IncomingFile>): Promise<IncomingFile[]> {
  if (sources.has(MODEL_INDEX)) {
    return chooseFiles<IncomingFile>({
      find: async (path) => sources.get(path),
      read: readText,
    });
  }
  const names = [...sources.keys()];
  const checkpoints = names.filter((name) => name.endsWith(".safetensors"));
  const [only, another] = checkpoints;
  const checkpoint = only !== undefined && sources.get(only);
  if (checkpoint && another === undefined) return checkpointFiles(checkpoint);
  const unreadable = names.find(isPickle);
  if (unreadable !== undefined && !only) throw pickle(unreadable);
  throw faultError("BadFile", "Choose one .safetensors file, or a folder with model_index.json in it.");
}
