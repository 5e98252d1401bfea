/** Small choices of the visitor that outlive the visit, where the browser lets the page keep them. */
type Choice = "language" | "tour" | "single-keys" | "memory-limit" | "wide-activations";

const keyOf = (choice: Choice) => `palpable-${choice}`;

export function remember(choice: Choice, value: string): void {
  try {
    localStorage.setItem(keyOf(choice), value);
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
