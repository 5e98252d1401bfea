/** Pictures over one or two settings: choose what changes, see how many and how long, draw, look, save. */
import { HeldFault } from "../../../app/fault-notice";
import { duration } from "../../../app/format";
import { addressOf } from "../../../app/navigation";
import { text } from "../../../app/text";
import { download } from "../../../ui/download";
import { Icon } from "../../../ui/icon";
import { keepFault } from "../../gallery/gallery";
import { model } from "../../models/model";
import * as drawing from "../drawing";
import { DrawingProgress } from "../drawing-progress";
import * as form from "../form";
import { plainWish } from "../wish";
import { AxisFields } from "./axis-fields";
import * as state from "./grid";
import { gridPng } from "./grid-picture";
import { GridTable } from "./grid-table";
import { gridText as words } from "./text";

export function GridScreen() {
  return (
    <div class="screen">
      <a class="back-link" href={addressOf("generate")}>
        <Icon name="left" />
        {words.back}
      </a>
      <h1>{words.title}</h1>
      <GridForm />
      {state.grid.value && <Result grid={state.grid.value} />}
    </div>
  );
}

function GridForm() {
  const planned = state.plan.value;
  const problemOf = (axis: "columns" | "rows") =>
    "problem" in planned && planned.of === axis ? planned.problem : undefined;
  const prompt = form.prompt.value.trim();
  const submit = (event: Event) => {
    event.preventDefault();
    void state.drawGrid();
  };
  return (
    <form class="card" onSubmit={submit}>
      <p>{words.lead}</p>
      <p class="hint">{prompt ? words.base(prompt, form.seed.value) : words.noPrompt}</p>
      <div class="pair">
        <AxisFields
          title={words.columns}
          axis={state.columns.value}
          optional={false}
          error={problemOf("columns")}
          onAxis={(axis) => {
            if (axis) state.columns.value = axis;
          }}
        />
        <AxisFields
          title={words.rows}
          axis={state.rows.value}
          optional
          error={problemOf("rows")}
          onAxis={(axis) => {
            state.rows.value = axis;
          }}
        />
      </div>
      {drawing.progress.value ? (
        <DrawingProgress />
      ) : (
        <>
          <button
            type="submit"
            class="button primary large"
            disabled={!prompt || "problem" in planned || model.value.state !== "ready"}
          >
            {words.start}
          </button>
          <HowMuch />
        </>
      )}
      <HeldFault of={drawing.fault} />
      <HeldFault of={keepFault} title={text.gallery.problems.notKept} />
    </form>
  );
}

function HowMuch() {
  const planned = state.plan.value;
  if ("problem" in planned) {
    return planned.of === "both" ? (
      <p class="field-error" role="alert">
        {planned.problem}
      </p>
    ) : null;
  }
  const wishes = state.wishesOf(planned, plainWish());
  const seconds = drawing.secondsFor(wishes);
  const pictures = words.pictures(wishes.length);
  return (
    <p class="hint">
      {seconds === undefined ? words.timeUnknown(pictures) : words.takes(pictures, duration(seconds))}
    </p>
  );
}

function Result({ grid }: { grid: state.Grid }) {
  const save = async () => {
    const png = await gridPng(grid);
    if (png) download(png, "palpable-grid.png");
  };
  return (
    <section class="card" aria-labelledby="grid-title">
      <h2 id="grid-title">{text.generate.pictureLabel(grid.prompt)}</h2>
      <GridTable grid={grid} />
      <div class="actions">
        <button type="button" class="button" disabled={!grid.cells.some((cell) => cell)} onClick={save}>
          <Icon name="download" />
          {words.save}
        </button>
      </div>
    </section>
  );
}
