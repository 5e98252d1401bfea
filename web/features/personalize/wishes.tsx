/** The words of a run: the first subject's class noun, the wishes, and the new word. */
import { text } from "../../app/text";
import { bound } from "../../ui/bound";
import { TextField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { settingsText as choices } from "./settings-text";
import * as setup from "./setup";
import { firstSubject, subjects } from "./subjects";
import { UntrainedPicture } from "./untrained-picture";

const words = text.personalize;
const MAX_FURTHER_TARGETS = 7;

export function Wishes() {
  const nouns = subjects.value.map(({ noun }) => noun).filter(Boolean);
  return (
    <section class="card" aria-labelledby="words-title">
      <h2 id="words-title">{words.wordsTitle}</h2>
      <TextField
        label={words.noun}
        hint={words.nounHint}
        placeholder={words.nounPlaceholder}
        {...bound(firstSubject.classNoun)}
      />
      <TextField label={words.target} hint={words.targetHint(nouns)} rows={3} {...bound(setup.target)} />
      {setup.examples.value.length > 0 && (
        <fieldset class="chips" aria-label={words.examplesTitle}>
          {setup.examples.value.map((example) => (
            <button
              key={example}
              type="button"
              class="chip"
              aria-pressed={setup.target.value === example}
              onClick={() => {
                setup.target.value = example;
              }}
            >
              {example}
            </button>
          ))}
        </fieldset>
      )}
      <UntrainedPicture />
      <FurtherTargets />
      <TextField
        label={words.placeholder}
        hint={words.placeholderHint}
        value={firstSubject.placeholder.value}
        onValue={(word) => firstSubject.setPlaceholder(word)}
      />
    </section>
  );
}

function FurtherTargets() {
  const wishes = setup.furtherTargets.value;
  const set = (next: string[]) => {
    setup.furtherTargets.value = next;
  };
  return (
    <>
      {wishes.map((wish, at) => (
        <div key={at} class="further-target">
          <TextField
            label={choices.furtherTarget(at + 2)}
            hint={at === 0 ? choices.furtherTargetHint : undefined}
            value={wish}
            onValue={(value) => set(wishes.with(at, value))}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={choices.removeTarget(at + 2)}
            title={choices.removeTarget(at + 2)}
            onClick={() => setup.removeFurtherTarget(at)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {wishes.length < MAX_FURTHER_TARGETS && (
        <div class="actions">
          <button type="button" class="button quiet" onClick={() => set([...wishes, ""])}>
            <Icon name="plus" />
            {choices.addTarget}
          </button>
        </div>
      )}
    </>
  );
}
