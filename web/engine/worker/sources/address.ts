/** A .safetensors file, or a folder in diffusers' layout, at an address that the visitor wrote. */
import { faultError } from "../../fault";
import { pathParts } from "../../model-address";
import { allowHost } from "../network";
import { checkpointFiles } from "./checkpoint";
import { httpFile, refuse, request, tagOf } from "./http-file";
import { type IncomingFile, type IncomingModel, Interrupted } from "./incoming";
import { chooseFiles, isPickle, MODEL_INDEX, pickle } from "./layout";
import { readText } from "./transfer";

export async function addressModel(url: string): Promise<IncomingModel> {
  const address = parse(url);
  allowHost(address);
  const last = pathParts(address).at(-1) ?? address.host;
  if (isPickle(last)) throw pickle(last);
  const isFile = last.endsWith(".safetensors");
  return {
    identity: address.href,
    name: last.replace(/\.safetensors$/, ""),
    from: address.href,
    licence: null,
    files: isFile ? await checkpointFiles(await fileAt(address, last)) : await folderFiles(address),
  };
}

function parse(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw faultError("BadSettings", "Write the whole address, beginning with https://.");
  }
  address.hash = "";
  return address;
}

async function fileAt(address: URL, name: string): Promise<IncomingFile> {
  const file = await find(address, name);
  if (!file) throw faultError("BadFile", `${address.host} has no ${name}. Check the address.`);
  return file;
}

async function folderFiles(address: URL): Promise<IncomingFile[]> {
  const base = new URL(address);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  await fileAt(new URL(MODEL_INDEX, base), MODEL_INDEX);
  return chooseFiles<IncomingFile>({
    find: (path) => find(new URL(path, base), path),
    read: readText,
  });
}

/**
 * Requests the file and reads only the answer's headers. Its length comes from `Content-Length`, which pages
 * of other sites can read; the whole length in `Content-Range` they often can't. `undefined` if the server
 * has no such file.
 */
async function find(url: URL, path: string): Promise<IncomingFile | undefined> {
  const answer = await request(url, { range: "bytes=0-" }).catch((error: unknown) => {
    throw error instanceof Interrupted ? faultError("Network", error.message) : error;
  });
  if (answer.status === 404) {
    await answer.body?.cancel();
    return undefined;
  }
  await refuse(answer, url, path).catch((error: unknown) => {
    throw error instanceof Interrupted ? faultError("Network", error.message) : error;
  });
  await answer.body?.cancel();
  const length = answer.headers.get("content-length");
  if (!length) {
    throw faultError(
      "BadFile",
      `${url.host} doesn't say how long ${path} is. Fetch it yourself and open the file.`,
    );
  }
  const tag = tagOf(answer);
  return httpFile({ path, url, bytes: Number(length), tag, ...(tag && { version: tag }) });
}
