/** Files that are pasted anywhere on the page, as a picture copied in another program is. */
import { useEffect } from "preact/hooks";

/** `active`: of several places that could take them, one does. Pasted words go where they always go. */
export function usePastedFiles(take: (files: File[]) => void, active = true): void {
  useEffect(() => {
    if (!active) return;
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      // Some programs put a picture of the words beside the words.
      const field = event.target instanceof Element && event.target.closest("input, textarea");
      if (field && event.clipboardData?.types.includes("text/plain")) return;
      event.preventDefault();
      take(files);
    };
    window.addEventListener("paste", paste);
    return () => window.removeEventListener("paste", paste);
  }, [take, active]);
}
