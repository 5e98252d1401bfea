/** While mounted, takes a file dropped anywhere on the page, and shows that while one is dragged over it. */
import { useLayoutEffect, useState } from "preact/hooks";

interface DropOverlayProps {
  label: string;
  onFile: (file: File) => void;
}

export function DropOverlay({ label, onFile }: DropOverlayProps) {
  const [over, setOver] = useState(false);
  // Listens from the first moment on: the browser would open a file that nothing handles in place of the
  // page.
  useLayoutEffect(() => {
    // Browsers also offer a picture that is dragged within the page as a file.
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
      // The page's own listener ran before this one and refused the file.
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      // `relatedTarget` is only empty when the pointer leaves the page, not when it moves to another element.
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
