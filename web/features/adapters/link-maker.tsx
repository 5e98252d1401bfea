/** Makes a link that opens the studio with an adapter which lies on some server. */
import { useState } from "preact/hooks";
import { text } from "../../app/text";
import { TextField } from "../../ui/field";
import { linkTo } from "./link";

const words = text.adapters.link;

export function LinkMaker() {
  const [address, setAddress] = useState("");
  const [copied, setCopied] = useState(false);
  const link = linkTo(address);
  const copy = async () => {
    if (!link) return;
    await navigator.clipboard.writeText(link);
    setCopied(true);
  };
  return (
    <details class="card">
      <summary>{words.make}</summary>
      <TextField
        label={words.address}
        hint={words.addressHint}
        value={address}
        error={address && !link ? words.badAddress : undefined}
        onValue={(value) => {
          setAddress(value);
          setCopied(false);
        }}
      />
      <div class="actions">
        <button type="button" class="button" disabled={!link} onClick={copy}>
          {words.copy}
        </button>
        <span role="status">{copied ? text.about.copied : ""}</span>
      </div>
    </details>
  );
}
