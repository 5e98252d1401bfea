/** Chooses a model by its source: a hub, an address, or files of this device. */
import { useState } from "preact/hooks";
import { FaultNotice } from "../../app/fault-notice";
import { device } from "../../app/studio";
import { parseModelAddress } from "../../engine/model-address";
import { CheckField, Field, TextField } from "../../ui/field";
import { FilePicker } from "../../ui/file-picker";
import { givesHandles } from "../../ui/file-system-access";
import type { PickedFile } from "../../ui/picked-files";
import { dismiss, look, lookAt } from "./manager";
import { choiceOf } from "./picked-model";
import { modelsText as text } from "./text";

/** Well-known models: their names on the hub, and labels. */
const KNOWN = [
  ["stable-diffusion-v1-5/stable-diffusion-v1-5", text.known.full],
  ["nota-ai/bk-sdm-tiny", text.known.tiny],
  ["stabilityai/sd-turbo", text.known.turbo],
] as const;

export function ModelPicker() {
  const shown = look.value;
  return (
    <section class="card">
      <h2>{text.get}</h2>
      {shown.state === "fault" && <FaultNotice fault={shown.fault} onDismiss={dismiss} />}
      <AddressForm />
      <ModelFiles />
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
    const choice = parseModelAddress(written);
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
      <fieldset class="chips" aria-label={text.known.title}>
        {KNOWN.map(([address, name]) => (
          <button
            key={address}
            type="button"
            class="chip"
            aria-pressed={written === address}
            onClick={() => setWritten(address)}
          >
            {name}
          </button>
        ))}
      </fieldset>
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

function ModelFiles() {
  const [keep, setKeep] = useState(true);
  const [problem, setProblem] = useState<string | undefined>();
  const take = async (picked: PickedFile[]) => {
    const choice = choiceOf(picked, keep);
    setProblem(choice ? undefined : text.noFiles);
    if (choice) await lookAt(choice);
  };
  return (
    <FilePicker
      label={text.drop}
      hint={text.dropHint}
      chooseFile={text.chooseFile}
      chooseFolder={text.chooseFolder}
      accept=".safetensors"
      onPicked={(picked) => void take(picked)}
    >
      <CheckField
        label={text.keep}
        hint={givesHandles() ? text.keepOrRemember : text.keepHint}
        value={keep}
        onValue={setKeep}
      />
      {problem && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </FilePicker>
  );
}
