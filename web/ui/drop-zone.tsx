/** Takes photos by drop, also of folders, or by the system's picker. */
import { useRef } from "preact/hooks";
import { type DroppedPhotos, droppedPhotos } from "./dropped-photos";
import { Icon } from "./icon";
import { useDrop } from "./use-drop";

interface DropZoneProps {
  label: string;
  hint: string;
  accept: string;
  multiple: boolean;
  /** `problems`: what is to be said of folders that were dropped. */
  onFiles: (files: File[], problems: string[]) => void;
}

export function DropZone({ label, hint, accept, multiple, onFiles }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const take = ({ files, problems }: DroppedPhotos) => {
    if (files.length + problems.length > 0) onFiles(multiple ? files : files.slice(0, 1), problems);
  };
  const { over, handlers } = useDrop(async (dropped) => take(await droppedPhotos(dropped)));
  return (
    <label class={`drop-zone${over ? " over" : ""}`} {...handlers}>
      <Icon name="plus" />
      <span>{label}</span>
      <span class="hint">{hint}</span>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        accept={accept}
        multiple={multiple}
        onChange={() => {
          take({ files: [...(input.current?.files ?? [])], problems: [] });
          // The same file may be chosen again.
          if (input.current) input.current.value = "";
        }}
      />
    </label>
  );
}
