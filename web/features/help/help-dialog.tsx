/** Help dialog: keys, a button that repeats the tour, and where to read more. */
import { addressOf } from "../../app/navigation";
import { chooseSingleKeys, helpOpen, singleKeys } from "../../app/shortcuts";
import { text } from "../../app/text";
import { CheckField } from "../../ui/field";
import { useModal } from "../../ui/use-modal";
import { LICENCES } from "../about/licences-page";
import { goToStop } from "./tour";

const words = text.help;

export function HelpDialog() {
  const dialog = useModal();
  const close = () => {
    helpOpen.value = false;
  };
  return (
    <dialog class="dialog help-dialog" ref={dialog} aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">{words.title}</h2>
      <dl class="keys">
        {words.keys.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        label={words.singleKeys}
        hint={words.singleKeysHint}
        value={singleKeys.value}
        onValue={chooseSingleKeys}
      />
      <p class="links">
        <a href={addressOf("about")} onClick={close}>
          {words.device}
        </a>
        <a href={addressOf("about", LICENCES)} onClick={close}>
          {text.licences.title}
        </a>
      </p>
      <div class="actions end">
        <button
          type="button"
          class="button"
          onClick={() => {
            close();
            goToStop(0);
          }}
        >
          {words.tour}
        </button>
        <button type="button" class="button primary" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
    </dialog>
  );
}
