/** Where a model may come from: a hub or an address, or files of this device. */
import { useRef, useState } from "preact/hooks";
import { FaultNotice } from "../../app/fault-notice";
import { device } from "../../app/studio";
import type { OfferedChoice } from "../../engine/api";
import { parseModelAddress } from "../../engine/model-address";
import { CheckField, Field, TextField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { useDrop } from "../../ui/use-drop";
import { dismiss, look, lookAt } from "./manager";
import { choiceOf, fromDirectory, fromDrop, fromInput } from "./picked-files";
import { modelsText as text } from "./text";

export function ModelPicker() {
  const shown = look.value;
  return (
    <section class="card">
      <h2>{text.get}</h2>
      {shown.state === "fault" && <FaultNotice fault={shown.fault} onDismiss={dismiss} />}
      <AddressForm />
      <FilePicker />
      <p role="status">{shown.state === "looking" ? text.looking : ""}</p>
    </section>
  );
}

function AddressForm() {
  const [written, setWritten] = useState("");
  const [token, setToken] = useState("");
  const [error, setError] = useState<string | undefined>();
  const shown = look.value;
  const refused = shown.state === "fault" && shown.fault.kind === "AccessDenied";
  const submit = (event: Event) => {
    event.preventDefault();
    const choice = parseModelAddress(written) as OfferedChoice | undefined;
    setError(choice ? undefined : text.badAddress);
    if (!choice) return;
    void lookAt(choice.kind === "hub" && token ? { ...choice, token } : choice);
  };
  return (
    <form class="model-address" onSubmit={submit}>
      <TextField
        label={text.address}
        hint={text.addressHint}
        error={error}
        value={written}
        placeholder={text.addressExample}
        onValue={setWritten}
      />
      {(refused || token !== "") && (
        <Field label={text.token} hint={text.tokenHint}>
          {({ id, describedBy }) => (
            <input
              id={id}
              type="password"
              autocomplete="off"
              aria-describedby={describedBy}
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <button
        type="submit"
        class="button primary"
        disabled={shown.state === "looking" || device.value.state !== "ready"}
      >
        {text.look}
      </button>
    </form>
  );
}

/** Folders come by drop, by the File System Access API where the browser has it, or by the old picker of folders. */
function FilePicker() {
  const [keep, setKeep] = useState(true);
  const [problem, setProblem] = useState<string | undefined>();
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = async (picked: Promise<Parameters<typeof choiceOf>[0]>) => {
    const choice = choiceOf(await picked, keep);
    setProblem(choice ? undefined : text.noFiles);
    if (choice) await lookAt(choice);
  };
  const chooseFolder = async () => {
    if (!("showDirectoryPicker" in window)) return folder.current?.click();
    const picker = window as unknown as { showDirectoryPicker(): Promise<FileSystemDirectoryHandle> };
    // Closing the picker is no failure.
    const directory = await picker.showDirectoryPicker().catch(() => undefined);
    if (directory) await take(fromDirectory(directory));
  };
  const onInput = (input: HTMLInputElement) => {
    void take(Promise.resolve(fromInput(input.files ?? [])));
    // The same files may be chosen again.
    input.value = "";
  };
  const { over, handlers } = useDrop((dropped) => void take(fromDrop(dropped)));
  return (
    <fieldset class={`drop-zone${over ? " over" : ""}`} {...handlers}>
      <legend class="visually-hidden">{text.drop}</legend>
      <Icon name="open" />
      <span class="drop-label">{text.drop}</span>
      <span class="hint">{text.dropHint}</span>
      <div class="actions">
        <button type="button" class="button" onClick={() => file.current?.click()}>
          {text.chooseFile}
        </button>
        <button type="button" class="button" onClick={chooseFolder}>
          {text.chooseFolder}
        </button>
      </div>
      <input
        ref={file}
        hidden
        type="file"
        aria-label={text.chooseFile}
        accept=".safetensors"
        onChange={(event) => onInput(event.currentTarget)}
      />
      <input
        ref={folder}
        hidden
        type="file"
        aria-label={text.chooseFolder}
        {...{ webkitdirectory: true }}
        onChange={(event) => onInput(event.currentTarget)}
      />
      <CheckField label={text.keep} hint={text.keepHint} value={keep} onValue={setKeep} />
      {problem && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}
