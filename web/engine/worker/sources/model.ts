/** Finds the chosen model: describes it before it is fetched, and brings it when it is to be loaded. */
import type { ModelChoice } from "../../model-choice";
import { addressModel } from "./address";
import { type Bringing, bring, directModel, type OpenedModel } from "./bring";
import { completed } from "./completion";
import { hubModel } from "./hub";
import type { IncomingModel } from "./incoming";
import { localModel } from "./local-files";
import { storedBytes, storedModel } from "./model-store";

export type FetchedChoice = Exclude<ModelChoice, { kind: "embedded" }>;
type OfferedModel = Exclude<FetchedChoice, { kind: "stored" }>;

export async function openModel(choice: FetchedChoice, bringing: Bringing): Promise<OpenedModel> {
  if (choice.kind === "stored") return { source: await storedModel(choice.id), storedId: choice.id };
  const model = await incoming(choice);
  const whereItLies = choice.kind === "files" && !choice.keep;
  return whereItLies ? { source: directModel(model, bringing), storedId: null } : bring(model, bringing);
}

/** What is known about a model from its list of files; `source` reads directly from where the model is. */
export async function describeModel(choice: OfferedModel, bringing: Bringing) {
  const model = await incoming(choice);
  const { name, from, licence } = model;
  return {
    name,
    from,
    licence,
    bytes: model.files.reduce((sum, file) => sum + file.bytes, 0),
    storedBytes: await storedBytes(model).catch(() => 0),
    source: directModel(model, bringing),
  };
}

async function incoming(choice: OfferedModel): Promise<IncomingModel> {
  const model = await found(choice);
  return choice.completion ? completed(model, choice.completion) : model;
}

function found(choice: OfferedModel): Promise<IncomingModel> {
  switch (choice.kind) {
    case "hub":
      return hubModel(choice);
    case "address":
      return addressModel(choice.url);
    case "files":
      return localModel(choice);
  }
}
