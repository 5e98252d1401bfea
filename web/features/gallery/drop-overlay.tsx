/** Takes a file dropped anywhere on the page while it is mounted, and shows so while one hovers. */
import { useLayoutEffect, useState } from "preact/hooks";

interface DropOverlayProps {
  label: string;
  onFile: (file: File) => void;
}

export function DropOverlay({ label, onFile }: DropOverlayProps) {
  const [over, setOver] = useState(false);
  // From the first moment on: a file dropped unheard would take the page's place.
  useLayoutEffect(() => {
    // Browsers offer a dragged picture of the page itself as a file too.
    let ownPicture = false;
    const carriesFile = (event: DragEvent) =>
      !ownPicture && (event.dataTransfer?.types.includes("Files") ?? false);
    const begin = () => {
      ownPicture = true;
    };
    const end = () => {
      ownPicture = false;
    };
    const hover = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      // Heard before this, the page has refused it.
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      // Leaving one element for another of the page has a target; leaving the page has none.
      if (!event.relatedTarget) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (file) onFile(file);
    };
    const listeners = {
      dragstart: begin,
      dragend: end,
      dragenter: hover,
      dragover: hover,
      dragleave: leave,
      drop,
    } as const;
    const names = Object.keys(listeners) as (keyof typeof listeners)[];
    for (const name of names) window.addEventListener(name, listeners[name]);
    return () => {
      for (const name of names) window.removeEventListener(name, listeners[name]);
    };
  }, [onFile]);
  return over ? <p class="drop-overlay">{label}</p> : null;
}
