/** A model in a hub's repository: one API answer lists all files, with sizes and SHA-256, and the licence. */
import { faultError } from "../../fault";
import type { HubChoice, Licence } from "../../model-choice";
import { allowHost } from "../network";
import { checkpointFiles } from "./checkpoint";
import { httpFile, refuse, request } from "./http-file";
import { type IncomingFile, type IncomingModel, Interrupted } from "./incoming";
import { chooseFiles, isPickle, MODEL_INDEX, pickle } from "./layout";
import { readText } from "./transfer";

const HUB = "https://huggingface.co";

/** The fields of the hub's answer that are used here. */
interface Repository {
  /** The commit that the revision stands for. */
  sha: string;
  tags?: unknown;
  cardData?: { license?: unknown; license_name?: unknown; license_link?: unknown };
  siblings: { rfilename: string; size?: number; blobId?: string; lfs?: { sha256?: string; size?: number } }[];
}

export async function hubModel(choice: HubChoice): Promise<IncomingModel> {
  const { repository, revision, file, token } = choice;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw faultError("BadSettings", "Write the repository as owner/name.");
  }
  const host = new URL(choice.host ?? HUB);
  allowHost(host);
  const listing = await list(host, choice);
  const sources = new Map(
    listing.siblings.map((sibling): [string, IncomingFile] => [
      sibling.rfilename,
      fileOf(host, repository, listing.sha, sibling, token),
    ]),
  );
  const files = await chosen(sources, file);
  const name = file ?? repository.slice(repository.indexOf("/") + 1);
  return {
    identity: [host.origin, repository, revision, file ?? ""].join(" "),
    name: name.replace(/\.safetensors$/, ""),
    from: [revision === "main" ? repository : `${repository}@${revision}`, ...(file ? [file] : [])].join("/"),
    licence: licenceOf(listing, new URL(`/${repository}`, host)),
    files,
  };
}

async function list(host: URL, { repository, revision, token }: HubChoice): Promise<Repository> {
  const address = new URL(`/api/models/${repository}/revision/${encodeURIComponent(revision)}`, host);
  address.search = "?blobs=true";
  try {
    const answer = await request(address, { token });
    await refuse(answer, host, `${repository}, or nothing of that name`);
    const listing: unknown = await answer.json();
    if (isListing(listing)) return listing;
  } catch (error) {
    if (error instanceof Interrupted) throw faultError("Network", error.message);
    if (error instanceof Error && error.name === "SyntaxError") throw unreadable(host);
    throw error;
  }
  throw unreadable(host);
}

/** Looks at the fields without which there is nothing to fetch; the others may be anything. */
function isListing(answer: unknown): answer is Repository {
  const { sha, siblings } = (answer ?? {}) as Partial<Repository>;
  const isFile = (file: { rfilename?: unknown } | null) => typeof file?.rfilename === "string";
  return typeof sha === "string" && Array.isArray(siblings) && siblings.every(isFile);
}

const unreadable = (host: URL) =>
  faultError("Network", `${host.host} answers with something other than a list of files. Try again later.`);

function fileOf(
  host: URL,
  repository: string,
  commit: string,
  { rfilename: path, size, blobId, lfs }: Repository["siblings"][number],
  token: string | undefined,
): IncomingFile {
  const place = path.split("/").map(encodeURIComponent).join("/");
  const version = lfs?.sha256 ?? blobId;
  return httpFile({
    path,
    // By commit, so that all files are of the same state.
    url: new URL(`/${repository}/resolve/${encodeURIComponent(commit)}/${place}`, host),
    bytes: lfs?.size ?? size ?? 0,
    token,
    ...(lfs?.sha256 && { sha256: lfs.sha256 }),
    ...(version && { version }),
  });
}

async function chosen(sources: Map<string, IncomingFile>, file: string | undefined): Promise<IncomingFile[]> {
  if (file !== undefined) return checkpointFiles(needed(sources, file));
  if (sources.has(MODEL_INDEX)) {
    return chooseFiles<IncomingFile>({
      find: async (path) => sources.get(path),
      read: readText,
    });
  }
  const names = [...sources.keys()];
  const checkpoints = names.filter((name) => /^[^/]+\.safetensors$/.test(name));
  if (checkpoints.length > 1) {
    throw faultError(
      "BadSettings",
      `The repository holds several models. Write the file to take behind its name, for example ${checkpoints[0]}.`,
    );
  }
  const [only = names.find(isPickle)] = checkpoints;
  if (only === undefined) {
    throw faultError(
      "BadFile",
      "The repository holds no model that can be read. Choose a Stable Diffusion model.",
    );
  }
  return checkpointFiles(needed(sources, only));
}

function needed(sources: Map<string, IncomingFile>, path: string): IncomingFile {
  if (isPickle(path)) throw pickle(path);
  const file = sources.get(path);
  if (!file) throw faultError("BadFile", `The repository has no file ${path}. Check the spelling.`);
  return file;
}

function licenceOf({ cardData, tags }: Repository, page: URL): Licence {
  const said = [cardData?.license_name, cardData?.license].find((name) => typeof name === "string");
  const known = (Array.isArray(tags) ? tags : []).filter((tag) => typeof tag === "string");
  const tag = known.find((tag) => tag.startsWith("license:"))?.slice("license:".length);
  const link = cardData?.license_link;
  const safe = typeof link === "string" && link.startsWith("https://") ? link : page.href;
  return { name: (said as string | undefined) ?? tag ?? "", link: safe };
}
