/** Shows beside the wish what the untrained model draws for it, to let it be reworded before training. */
import { HeldFault } from "../../app/fault-notice";
import { text } from "../../app/text";
import { PictureView } from "../../ui/picture-view";
import { cancel, chosenWish, draw, drawing, pictureOf, untrainedFault } from "./untrained";

const words = text.personalize.untrained;

export function UntrainedPicture() {
  const wish = chosenWish.value;
  if (!wish) return null;
  const picture = pictureOf(wish);
  const now = drawing.value;
  return (
    <>
      {picture ? (
        <figure class="untrained">
          <PictureView picture={picture} label={words.label(wish.prompt)} />
          <figcaption>
            <strong>{words.title}</strong>
            <span class="hint">{words.hint}</span>
          </figcaption>
        </figure>
      ) : (
        <div class="actions">
          <button type="button" class="button" disabled={now !== undefined} onClick={() => draw(wish)}>
            {now ? words.drawing(now.step, now.steps) : words.draw}
          </button>
          {now && (
            <button type="button" class="button quiet" onClick={cancel}>
              {text.run.cancel}
            </button>
          )}
        </div>
      )}
      <HeldFault of={untrainedFault} />
    </>
  );
}
