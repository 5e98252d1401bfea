/** A step of the tour, shown above the screen that it describes. It covers nothing and takes no focus. */
import { screen } from "../../app/navigation";
import { text } from "../../app/text";
import { endTour, goToStop, STOPS, stop } from "./tour";

const words = text.tour;

export function TourCard() {
  const at = stop.value;
  if (at === undefined || STOPS[at] !== screen.value) return null;
  const [title, lead] = words.steps[at] ?? ["", ""];
  const last = at === STOPS.length - 1;
  return (
    <section class="card tour" aria-label={words.label}>
      <div class="tour-words" role="status">
        <p class="hint">{words.step(at + 1, STOPS.length)}</p>
        <h2>{title}</h2>
        <p>{lead}</p>
      </div>
      <div class="actions">
        <button type="button" class="button primary" onClick={() => goToStop(at + 1)}>
          {last ? words.end : words.next}
        </button>
        {at > 0 && (
          <button type="button" class="button" onClick={() => goToStop(at - 1)}>
            {words.previous}
          </button>
        )}
        {!last && (
          <button type="button" class="button quiet" onClick={endTour}>
            {words.skip}
          </button>
        )}
      </div>
    </section>
  );
}
