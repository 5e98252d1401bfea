/** Takes files and folders: by drop, by the File System Access API if available, or by the old pickers. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { text } from "../app/text";
import { openFilePicker, openFolderPicker } from "./file-system-access";
import { Icon } from "./icon";
import { fromDrop, fromHandle, fromInput, type PickedFile } from "./picked-files";
import { useDrop } from "./use-drop";

interface FilePickerProps {
  label: string;
  hint: string;
  chooseFile: string;
  chooseFolder: string;
  /**
   * Extensions, for browsers with the File System Access API. The old picker takes all files: Safari on iOS drops
   * extensions that it doesn't know, as .safetensors, and lets only the others be chosen.
   */
  accept: string;
  multiple?: boolean;
  disabled?: boolean;
  onPicked: (picked: PickedFile[]) => void;
  /** Below the buttons. */
  children?: ComponentChildren;
}

export function FilePicker(props: FilePickerProps) {
  const {
    label,
    hint,
    chooseFile,
    chooseFolder,
    accept,
    multiple = false,
    disabled,
    onPicked,
    children,
  } = props;
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [unreadable, setUnreadable] = useState(false);
  const take = async (reading: Promise<PickedFile[]>) => {
    const picked = await reading.catch(() => undefined);
    setUnreadable(picked === undefined);
    if (picked) onPicked(picked);
  };
  const pick = async (opening: ReturnType<typeof openFilePicker>, input: HTMLInputElement | null) => {
    if (!opening) return input?.click();
    const handles = await opening;
    if (!handles) return input?.click();
    if (handles.length > 0) await take(Promise.all(handles.map(fromHandle)).then((picked) => picked.flat()));
  };
  const pickFiles = () => pick(openFilePicker(accept, multiple), file.current);
  const pickFolder = () => pick(openFolderPicker(), folder.current);
  const onInput = (input: HTMLInputElement) => {
    onPicked(fromInput(input.files ?? []));
    // The same files may be chosen again.
    input.value = "";
  };
  const { over, handlers } = useDrop((dropped) => {
    if (!disabled) void take(fromDrop(dropped));
  });
  return (
    <fieldset class={`drop-zone${over ? " over" : ""}`} {...handlers}>
      <legend class="visually-hidden">{label}</legend>
      <Icon name="open" />
      <span>{label}</span>
      <span class="hint">{hint}</span>
      <div class="actions">
        <button type="button" class="button" disabled={disabled} onClick={pickFiles}>
          {chooseFile}
        </button>
        <button type="button" class="button" disabled={disabled} onClick={pickFolder}>
          {chooseFolder}
        </button>
      </div>
      <input
        ref={file}
        hidden
        type="file"
        aria-label={chooseFile}
        multiple={multiple}
        onChange={(event) => onInput(event.currentTarget)}
      />
      <input
        ref={folder}
        hidden
        type="file"
        aria-label={chooseFolder}
        {...{ webkitdirectory: true }}
        onChange={(event) => onInput(event.currentTarget)}
      />
      {unreadable && (
        <p class="field-error" role="alert">
          {text.unreadableFiles}
        </p>
      )}
      {children}
    </fieldset>
  );
}
