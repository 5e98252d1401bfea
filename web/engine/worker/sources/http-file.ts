/**
 * A file on a server, read by single ranges. A request whose only header is `Range: bytes=a-b` needs no CORS
 * preflight. The hosts that hubs redirect to don't answer one, so no other header is sent, except the token
 * to the hub itself. Browsers remove the token when a redirect leads to another host.
 */
import { faultError } from "../../fault";
import { type IncomingFile, Interrupted } from "./incoming";

export interface HttpFile {
  path: string;
  url: URL;
  bytes: number;
  sha256?: string;
  version?: string;
  /** ETag or Last-Modified of its answers, if that serves as the file's version. */
  tag?: string | undefined;
  token?: string | undefined;
}

export function httpFile({ path, url, bytes, sha256, version, tag, token }: HttpFile): IncomingFile {
  return {
    path,
    bytes,
    ...(sha256 && { sha256 }),
    ...(version && { version }),
    open: async (start, end, signal) => {
      const answer = await request(url, { range: `bytes=${start}-${end - 1}`, token, signal });
      await refuse(answer, url, path);
      checkSame(answer, { path, start, bytes, tag });
      const body = answer.body ?? new Blob().stream();
      // Some servers don't support ranges and send the whole file.
      return answer.status === 206 || start === 0 ? body : body.pipeThrough(without(start));
    },
  };
}

interface RequestParts {
  range?: string;
  token?: string | undefined;
  signal?: AbortSignal;
}

/** @throws {Interrupted} where no answer comes. */
export async function request(url: URL, { range, token, signal }: RequestParts): Promise<Response> {
  const headers: Record<string, string> = {};
  if (range) headers.Range = range;
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    return await fetch(url, {
      headers,
      // Files of gigabytes are kept in the model's own storage, not in the browser's cache as well.
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      ...(signal && { signal }),
    });
  } catch (error) {
    if (error instanceof Error && error.name === "Network") throw error;
    // Browsers report a missing network and a server that denies its files to other sites' pages alike.
    throw new Interrupted(
      `${url.host} can't be reached, or doesn't let pages of other sites read its files.`,
    );
  }
}

/** Does nothing for a successful answer; drops the body of any other and throws a fault or `Interrupted`. */
export async function refuse(answer: Response, url: URL, what: string): Promise<void> {
  if (answer.ok) return;
  await answer.body?.cancel().catch(() => undefined);
  const { status } = answer;
  if (status === 401 || status === 403) {
    throw faultError(
      "AccessDenied",
      `${url.host} gives ${what} only to those it knows. Accept the model's terms there if it has any, then enter an access token.`,
    );
  }
  if (status === 404 || status === 410) {
    throw faultError("BadFile", `${url.host} has no ${what}. Check the spelling.`);
  }
  if (status === 416) {
    throw faultError("BadFile", `${what} is shorter on ${url.host} than it said. Try again later.`);
  }
  if (status === 408 || status === 429 || status >= 500) {
    throw new Interrupted(`${url.host} answers with status ${status}.`);
  }
  throw faultError("Network", `${url.host} refuses ${what} with status ${status}.`);
}

/**
 * @throws a fault if the answer's headers, as far as other sites' pages may read them, don't fit the file.
 */
function checkSame(
  answer: Response,
  { path, start, bytes, tag }: { path: string; start: number; bytes: number; tag: string | undefined },
): void {
  const now = tagOf(answer);
  if (tag && now && now !== tag) {
    throw faultError("BadFile", `${path} has changed on the server meanwhile. Fetch the model again.`);
  }
  if (answer.status !== 206) return;
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get("content-range") ?? "");
  if (range && (Number(range[1]) !== start || Number(range[2]) !== bytes)) {
    throw faultError(
      "BadFile",
      `The server says that ${path} has ${range[2]} bytes where ${bytes} were announced. Fetch the model again.`,
    );
  }
}

export const tagOf = (answer: Response): string | undefined =>
  answer.headers.get("etag") ?? answer.headers.get("last-modified") ?? undefined;

/** Drops the first bytes of a stream. */
function without(bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let left = bytes;
  return new TransformStream({
    transform(piece, stream) {
      const skipped = Math.min(left, piece.byteLength);
      left -= skipped;
      if (skipped < piece.byteLength) stream.enqueue(piece.subarray(skipped));
    },
  });
}
