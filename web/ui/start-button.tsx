/**
 * Begins a form's work of minutes or hours: by a press, or by Ctrl and Enter. Not by Enter alone, which ends the typing of
 * a number; a browser would take that for a press of a form's submit button.
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
