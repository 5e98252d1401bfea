/** Paints over a part of a picture; leaving without "Done" changes nothing. */
import { text } from "../../app/text";
import { useModal } from "../../ui/use-modal";
import type { Mask } from "../personalize/mask";
import { MaskPainter } from "../personalize/mask-painter";
import { freshPaint } from "./fresh-paint";

interface PaintDialogProps {
  title: string;
  picture: OffscreenCanvas;
  /** Copy of the mask so far, of the picture's size; the dialog paints on it. */
  painted: Mask;
  /** `label` tells screen readers what is painted, `hint` tells everybody how. */
  label: string;
  hint: string;
  onDone: (mask: Mask) => void;
  onClose: () => void;
}

export function PaintDialog({ title, picture, painted, label, hint, onDone, onClose }: PaintDialogProps) {
  const dialog = useModal();
  const done = () => {
    onDone(painted);
    freshPaint.value = true;
    dialog.current?.close();
  };
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby="paint-title" onClose={onClose}>
      <h2 id="paint-title">{title}</h2>
      <MaskPainter picture={picture} mask={painted} label={label} hint={hint} />
      <div class="actions end">
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {text.run.cancel}
        </button>
        <button type="button" class="button primary" onClick={done}>
          {text.crop.done}
        </button>
      </div>
    </dialog>
  );
}
