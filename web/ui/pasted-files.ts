/** Photos that are pasted anywhere on the page, as a picture copied in another program is. */
import { useEffect } from "preact/hooks";
import { droppedPhotos } from "./dropped-photos";

/** `active`: of several places that could take them, one does. Pasted words go where they always go. */
export function usePastedFiles(take: (files: File[], problems: string[]) => void, active = true): void {
  useEffect(() => {
    if (!active) return;
    const paste = async (event: ClipboardEvent) => {
      const transfer = event.clipboardData;
      if (!transfer || transfer.files.length === 0) return;
      // Some programs put a picture of the words beside the words.
      const field = event.target instanceof Element && event.target.closest("input, textarea");
      if (field && transfer.types.includes("text/plain")) return;
      event.preventDefault();
      const { files, problems } = await droppedPhotos(transfer);
      take(files, problems);
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [take, active]);
}
