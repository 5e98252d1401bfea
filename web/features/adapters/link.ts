/**
 * Links that open the studio with an adapter from another server: `#/adapters/from=<address>`. Anybody can
 * write such a link, so nothing is fetched before the visitor has seen from where and said yes.
 */
import { SITE_FOLDER } from "../../engine/site";
import { trustedScriptUrl } from "../../engine/trusted-urls";
import type { FetchAnswer } from "./fetch-worker";
import fetchWorker from "./fetch-worker.ts?worker&url";

const PREFIX = "from=";
/** Longest address in characters: longer than any file's address that a person would share. */
const MAX_ADDRESS = 2000;

export interface LinkedAdapter {
  address: URL;
  fileName: string;
}

/** Adapter that a link asks for; `"refused"` if it isn't followed, `undefined` if it is no such link. */
export function linkedAdapter(subject: string | undefined): LinkedAdapter | "refused" | undefined {
  if (!subject?.startsWith(PREFIX)) return undefined;
  try {
    const written = decodeURIComponent(subject.slice(PREFIX.length));
    const address = new URL(written);
    // A user name or password in the address would be sent along without the visitor noticing.
    const plain = address.protocol === "https:" && !address.username && !address.password;
    const fileName = decodeURIComponent(address.pathname.split("/").at(-1) ?? "");
    if (!plain || written.length > MAX_ADDRESS || !fileName.endsWith(".safetensors")) return "refused";
    return { address, fileName };
  } catch {
    return "refused";
  }
}

/** Link to this page that asks for the adapter at an address; `undefined` if such a link would be refused. */
export function linkTo(address: string): string | undefined {
  const subject = PREFIX + encodeURIComponent(address.trim());
  const found = linkedAdapter(subject);
  return typeof found === "object" ? `${location.origin}${SITE_FOLDER}#/adapters/${subject}` : undefined;
}

/** @throws with the reason as its message: see `FetchAnswer`. */
export async function fetchLinked({ address, fileName }: LinkedAdapter): Promise<File> {
  const worker = new Worker(trustedScriptUrl(fetchWorker), { type: "module", name: "adapter link" });
  try {
    const answer = await new Promise<FetchAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data as FetchAnswer);
      worker.onerror = reject;
      worker.postMessage(address.href);
    });
    if ("bytes" in answer) return new File([answer.bytes as BlobPart], fileName);
    throw new FetchProblem(answer.problem);
  } finally {
    worker.terminate();
  }
}

export class FetchProblem extends Error {
  constructor(readonly problem: "unreachable" | "tooLarge") {
    super(problem);
  }
}
