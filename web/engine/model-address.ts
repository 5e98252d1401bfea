/** What the visitor wrote to name a model: a repository of the hub, an address on it, or any other address. */
import type { OfferedChoice } from "./api";

const HUB_HOSTS = ["huggingface.co", "hf.co"];

/**
 * "owner/name", "owner/name@revision", "owner/name/file.safetensors", an address on the hub, or any other address.
 * `undefined` for anything else.
 */
export function parseModelAddress(written: string): OfferedChoice | undefined {
  const words = written.trim();
  if (URL.canParse(words)) {
    const address = new URL(words);
    if (!/^https?:$/.test(address.protocol)) return undefined;
    return (HUB_HOSTS.includes(address.host) && onHub(address)) || { kind: "address", url: address.href };
  }
  const match = /^([\w.-]+\/[\w.-]+?)(?:@([\w./-]+))?(?:\/([\w./ -]+\.safetensors))?$/.exec(words);
  if (!match) return undefined;
  const [, repository = "", revision = "main", file] = match;
  return { kind: "hub", repository, revision, ...(file !== undefined && { file }) };
}

/** Parts of an address's path. One with a percent sign that encodes nothing stays as it is written. */
export function pathParts({ pathname }: URL): string[] {
  const parts = pathname.split("/").filter(Boolean);
  return parts.map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

/** "/owner/name", perhaps with "/tree/revision", "/blob/revision/file" or "/resolve/revision/file". */
function onHub(address: URL): OfferedChoice | undefined {
  const [owner, name, view, revision, ...rest] = pathParts(address);
  if (!owner || !name) return undefined;
  const isFile = (view === "blob" || view === "resolve") && rest.length > 0;
  return {
    kind: "hub",
    repository: `${owner}/${name}`,
    revision: (view && revision) || "main",
    ...(isFile && { file: rest.join("/") }),
  };
}
