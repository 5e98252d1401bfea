/**
 * Refuses files that are dropped beside the elements that take files. A browser would open such a file in
 * place of the page, and everything chosen and typed there would be lost.
 */
export function refuseStrayDrops(): void {
  const refuse = (event: DragEvent) => {
    // An element that takes files has already prevented the default, as the event bubbled up to here.
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  for (const type of ["dragenter", "dragover", "drop"] as const) window.addEventListener(type, refuse);
}
