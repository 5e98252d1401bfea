/**
 * Begins a form's work of minutes or hours: by a press, or by Ctrl and Enter. Not a submit button: a browser
 * would press that at Enter alone, with which visitors finish typing a number.
 */
import type { ComponentChildren } from "preact";

interface StartButtonProps {
  /** Why it can't begin. */
  obstacle: string | undefined;
  describedBy: string;
  children: ComponentChildren;
}

export function StartButton({ obstacle, describedBy, children }: StartButtonProps) {
  return (
    <button
      type="button"
      class="button primary large"
      disabled={obstacle !== undefined}
      aria-describedby={describedBy}
      onClick={(event) => event.currentTarget.form?.requestSubmit()}
    >
      {children}
    </button>
  );
}
