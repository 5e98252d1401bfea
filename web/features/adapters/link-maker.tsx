/** Makes a link that opens the studio with an adapter from some server. */
import { useState } from "preact/hooks";
import { text } from "../../app/text";
import { CopyButton } from "../../ui/copy-button";
import { TextField } from "../../ui/field";
import { linkTo } from "./link";

const words = text.adapters.link;

export function LinkMaker() {
  const [address, setAddress] = useState("");
  const link = linkTo(address);
  return (
    <details class="card">
      <summary>{words.make}</summary>
      <TextField
        label={words.address}
        hint={words.addressHint}
        value={address}
        error={address && !link ? words.badAddress : undefined}
        onValue={setAddress}
      />
      <div class="actions">
        <CopyButton key={link} disabled={!link} words={() => link ?? ""}>
          {words.copy}
        </CopyButton>
      </div>
    </details>
  );
}
