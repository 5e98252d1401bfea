/** Small choices of the visitor that outlive the visit, where the browser lets the page keep them. */
type Choice =
  | "language"
  | "tour"
  | "single-keys"
  | "memory-limit"
  | "keep-pictures"
  | "model"
  | "wide-activations";

const keyOf = (choice: Choice) => `palpable-${choice}`;

/** `undefined` forgets it. */
export function remember(choice: Choice, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(keyOf(choice));
    else localStorage.setItem(keyOf(choice), value);
  } catch {
    // Where the browser forbids storage the choice lasts as long as the page.
  }
}

export function remembered(choice: Choice): string | undefined {
  try {
    return localStorage.getItem(keyOf(choice)) ?? undefined;
  } catch {
    return undefined;
  }
}
