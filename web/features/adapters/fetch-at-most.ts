/** Result of fetching a file from another server, which may announce any length and send anything. */
export type FetchAnswer = { bytes: Uint8Array } | { problem: "unreachable" | "tooLarge" };

/** Fetches a file without cookies and referrer; gives up as soon as more than `most` bytes arrived. */
export async function fetchAtMost(address: string, most: number): Promise<FetchAnswer> {
  try {
    const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok || !answer.body) return { problem: "unreachable" };
    if (Number(answer.headers.get("content-length")) > most) return { problem: "tooLarge" };
    const chunks: Uint8Array[] = [];
    let length = 0;
    const reader = answer.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > most) {
        await reader.cancel();
        return { problem: "tooLarge" };
      }
      chunks.push(next.value);
    }
    return { bytes: joined(chunks, length) };
  } catch {
    return { problem: "unreachable" };
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
