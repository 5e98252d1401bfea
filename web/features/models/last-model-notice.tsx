/** Offers to read the model of the last visit again, if it is on this device's disk. */
import { useEffect, useState } from "preact/hooks";
import { sentenceFor } from "../../app/fault-notice";
import { addressOf, screen } from "../../app/navigation";
import { text } from "../../app/text";
import type { Fault } from "../../engine/fault";
import { Notice } from "../../ui/notice";
import type { DiskModel } from "./disk-store";
import { fetching, forgetLast, lastOnDisk, model } from "./model";

const words = text.model.onDisk;

/** The Models screen's functions, which come with its texts. */
const manager = () => import("./manager");

export function LastModelNotice() {
  const last = lastOnDisk.value;
  // The Models screen lists that model itself.
  return last && screen.value !== "models" ? <Offer key={last.id} last={last} /> : null;
}

function Offer({ last }: { last: DiskModel }) {
  const [trouble, setTrouble] = useState<Fault | undefined>();
  // Fetched before the press: the browser asks for permission only shortly after one.
  useEffect(() => void manager(), []);
  const use = async () => {
    setTrouble(undefined);
    setTrouble(await (await manager()).useFromDisk(last));
  };
  return (
    <Notice
      tone={trouble ? "problem" : "hint"}
      title={words.last(last.name)}
      actions={
        <>
          <button
            type="button"
            class="button"
            disabled={model.value.state === "loading" || fetching.value !== undefined}
            onClick={use}
          >
            {words.again(last.name)}
          </button>
          {trouble && (
            <a class="button" href={addressOf("models")}>
              {words.toModels}
            </a>
          )}
          <button type="button" class="button quiet" onClick={forgetLast}>
            {words.notNow}
          </button>
        </>
      }
    >
      {trouble ? sentenceFor(trouble) : words.asks}
    </Notice>
  );
}
