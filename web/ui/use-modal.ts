/** Ref for a dialog that is modal from the moment it is in the page: no touch can reach what is behind it. */
import { useLayoutEffect, useRef } from "preact/hooks";

export function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return dialog;
}
