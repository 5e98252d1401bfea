/** Pictures of an evaluation, a block per prompt: equal seeds side by side, without and with the adapter. */

import { PictureView } from "../../ui/picture-view";
import { type DrawnCell, drawn, rows } from "./evaluation";
import { rowName } from "./results-card";
import { evaluateText as words } from "./text";

export function Pictures() {
  const cells = drawn.value;
  const prompts = [...new Set(cells.map(({ prompt }) => prompt))];
  return (
    <section class="card" aria-labelledby="pictures-title">
      <h2 id="pictures-title">{words.gridTitle}</h2>
      <div class="prompt-blocks">
        {prompts.map((prompt) => (
          <PromptBlock key={prompt} prompt={prompt} cells={cells.filter((cell) => cell.prompt === prompt)} />
        ))}
      </div>
    </section>
  );
}

function PromptBlock({ prompt, cells }: { prompt: string; cells: DrawnCell[] }) {
  const strengths = rows.value.map(({ strength }) => strength);
  const seeds = [...new Set(cells.map(({ seed }) => seed))];
  return (
    <figure>
      <figcaption>{prompt}</figcaption>
      <div class="prompt-pictures" style={{ "--columns": strengths.length }}>
        {strengths.map((strength) => (
          <span key={strength} class="hint">
            {rowName(strength)}
          </span>
        ))}
        {seeds.flatMap((seed) =>
          strengths.map((strength) => {
            const cell = cells.find((cell) => cell.seed === seed && cell.strength === strength);
            const key = `${seed} ${strength}`;
            return cell ? (
              <PictureView
                key={key}
                picture={cell.picture}
                label={words.pictureLabel(rowName(strength), prompt, seed)}
              />
            ) : (
              <span key={key} />
            );
          }),
        )}
      </div>
    </figure>
  );
}
