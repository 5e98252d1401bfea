/**
 * Keeps the focus near its place when the element that has it goes away, such as a button that was pressed and isn't
 * needed any more. Browsers would let keys and screen readers start over at the top of the page.
 */

/** Parts of a page that are read out as a whole. */
const PARTS = "section, form, dialog, main";

export function catchLostFocus(): void {
  /** The element that had the focus last, and what it lay in, inwards out. */
  let trail: HTMLElement[] = [];
  document.addEventListener("focusin", ({ target }) => {
    trail = [];
    for (let at = target as HTMLElement | null; at; at = at.parentElement) trail.push(at);
  });
  // Runs after what the page itself does about the focus when it changes.
  new MutationObserver(() => {
    const [lost] = trail;
    if (!lost || lost.isConnected || document.activeElement !== document.body) return;
    const part = trail.find((element) => element.isConnected)?.closest<HTMLElement>(PARTS);
    if (!part) return;
    if (!part.hasAttribute("tabindex")) part.tabIndex = -1;
    part.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}
