/** Hands bytes to the browser's downloads. */
export function download(content: Blob | Uint8Array, fileName: string): void {
  const blob =
    content instanceof Blob ? content : new Blob([content as BlobPart], { type: "application/octet-stream" });
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName;
  link.click();
  // The browser has the blob by the next task; a second is on the safe side.
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
