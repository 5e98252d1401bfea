/** Finds a model among dropped or picked files: those that may be part of it, by paths in its folder. */
import type { FilesChoice } from "../../engine/model-choice";
import type { PickedFile } from "../../ui/picked-files";

/** Names of files that may be part of a model. Pickles count, so that they can be refused with a sentence. */
const PART = /\.(json|txt|safetensors|ckpt|bin|pt)$/i;

/** Choice of the picked files; `undefined` if no model can be among them. */
export function choiceOf(picked: readonly PickedFile[], keep: boolean): FilesChoice | undefined {
  const parts = picked.filter(({ path }) => PART.test(path));
  const index = parts
    .filter(({ path }) => /(^|\/)model_index\.json$/.test(path))
    .sort((one, other) => one.path.length - other.path.length)[0];
  if (index) {
    const root = index.path.slice(0, -"model_index.json".length);
    const files = parts
      .filter(({ path }) => path.startsWith(root))
      .map(({ path, file }) => ({ path: path.slice(root.length), file }));
    const name = root.split("/").filter(Boolean).at(-1) ?? "model";
    return { kind: "files", name, files, keep, ...handleOf(index) };
  }
  const checkpoints = parts.filter(({ path }) => /\.(safetensors|ckpt|bin|pt)$/i.test(path));
  const [first] = checkpoints;
  const files = checkpoints.map(({ path, file }) => ({ path, file }));
  return first && { kind: "files", name: baseName(first.path), files, keep, ...handleOf(first) };
}

const handleOf = ({ handle }: PickedFile) => (handle ? { handle } : {});

const baseName = (path: string) => path.split("/").at(-1) ?? path;
