/**
 * Files let go beside what takes them. Browsers open such a file in the page's place, and what was chosen and typed there
 * would be gone: they are told that nothing here takes it.
 */
export function refuseStrayDrops(): void {
  const refuse = (event: DragEvent) => {
    // Whatever takes files has said so on the event's way here.
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  for (const type of ["dragenter", "dragover", "drop"] as const) window.addEventListener(type, refuse);
}
