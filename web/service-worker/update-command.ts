/** What the page tells a service worker that waits. */
export interface UpdateCommand {
  type: "take-over";
}
