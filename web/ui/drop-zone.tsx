/** Takes files by drop or by the system's picker. */
import { useRef } from "preact/hooks";
import { Icon } from "./icon";
import { useDrop } from "./use-drop";

interface DropZoneProps {
  label: string;
  hint: string;
  accept: string;
  multiple: boolean;
  disabled?: boolean;
  onFiles: (files: File[]) => void;
}

export function DropZone({ label, hint, accept, multiple, disabled = false, onFiles }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null);
  const take = (list: FileList | null | undefined) => {
    const files = [...(list ?? [])];
    if (files.length > 0 && !disabled) onFiles(multiple ? files : files.slice(0, 1));
  };
  const { over, handlers } = useDrop((dropped) => take(dropped.files));
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
        disabled={disabled}
        onChange={() => {
          take(input.current?.files);
          // The same file may be chosen again.
          if (input.current) input.current.value = "";
        }}
      />
    </label>
  );
}
