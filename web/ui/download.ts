/** Downloads of what the page has made. */

/** Milliseconds for which a file's address stays valid. */
const KEPT = 60_000;

/** Hands bytes to the browser's downloads. */
export function download(content: Blob | Uint8Array, fileName: string): void {
  const blob =
    content instanceof Blob ? content : new Blob([content as BlobPart], { type: "application/octet-stream" });
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  // A browser on a busy machine asks for the blob later than one would think.
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}
