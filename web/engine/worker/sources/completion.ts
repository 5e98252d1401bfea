/** Completes a checkpoint with the parts it lacks, from a model that the browser's storage has in parts. */
import { faultError } from "../../fault";
import type { Completion } from "../../model-choice";
import { fileStream } from "./file-stream";
import type { IncomingFile, IncomingModel } from "./incoming";
import { storedFiles } from "./model-store";

/** The parts lie beside the checkpoint, in folders of their own. */
export async function completed(model: IncomingModel, { id, parts }: Completion): Promise<IncomingModel> {
  const found = await storedFiles(id);
  const ofParts = [...found].filter(([path]) => parts.some((part) => path.startsWith(`${part}/`)));
  const missing = parts.filter((part) => !ofParts.some(([path]) => path.startsWith(`${part}/`)));
  if (missing.length > 0) {
    throw faultError("BadFile", `That model has no ${missing.join(" and no ")} to give. Choose another one.`);
  }
  return {
    ...model,
    identity: [model.identity, "completed", id, ...parts].join("\n"),
    files: [...model.files, ...ofParts.map(([path, file]) => storedFile(path, file))],
  };
}

const storedFile = (path: string, file: File): IncomingFile => ({
  path,
  bytes: file.size,
  version: `${file.lastModified}`,
  open: async (start, end) => fileStream(file, start, end),
});
