/** Files of a single-file model: the checkpoint, under a fixed name, and the tokenizer's merges it lacks. */
import { faultError } from "../../fault";
import { SITE_FOLDER } from "../../site";
import { httpFile } from "./http-file";
import type { IncomingFile } from "./incoming";
import { CHECKPOINT, MERGES } from "./layout";

/** Address of CLIP's own merges, which come with the page; all models of one architecture share them. */
const MERGES_ADDRESS = `${SITE_FOLDER}models/clip-tokenizer/merges.txt`;

export async function checkpointFiles(checkpoint: IncomingFile): Promise<IncomingFile[]> {
  return [{ ...checkpoint, path: CHECKPOINT }, await merges()];
}

async function merges(): Promise<IncomingFile> {
  const url = new URL(MERGES_ADDRESS, self.location.origin);
  const answer = await fetch(url).catch(() => undefined);
  if (!answer?.ok) {
    throw faultError(
      "Network",
      "The tokenizer's file could not be fetched. Check the connection and try again.",
    );
  }
  const { byteLength } = await answer.arrayBuffer();
  return httpFile({ path: MERGES, url, bytes: byteLength });
}
