/** The grid as a table with named columns and rows; a cell opens its picture. It scrolls by itself where it is wide. */
import { useState } from "preact/hooks";
import { addressOf } from "../../../app/navigation";
import { PictureView } from "../../../ui/picture-view";
import { useModal } from "../../../ui/use-modal";
import { type Cell, type Grid, labelsOf } from "./grid";
import { gridText as words } from "./text";

export function GridTable({ grid }: { grid: Grid }) {
  const [opened, setOpened] = useState<number | undefined>();
  const hasRows = grid.rows.some(({ label }) => label);
  const cell = opened === undefined ? undefined : grid.cells[opened];
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys. */}
      <section class="grid-scroller" tabIndex={0} aria-label={words.result}>
        <table class="grid-table">
          <thead>
            <tr>
              {hasRows && <td />}
              {grid.columns.map(({ label }) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {grid.rows.map(({ label }, row) => (
              <tr key={label}>
                {hasRows && <th scope="row">{label}</th>}
                {grid.columns.map((column, at) => {
                  const place = row * grid.columns.length + at;
                  return (
                    <td key={column.label}>
                      <GridCell
                        cell={grid.cells[place]}
                        ratio={grid.ratio}
                        labels={labelsOf(grid, place)}
                        onOpen={() => setOpened(place)}
                      />
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {opened !== undefined && cell && (
        <CellDialog cell={cell} labels={labelsOf(grid, opened)} onClose={() => setOpened(undefined)} />
      )}
    </>
  );
}

interface GridCellProps {
  cell: Cell | undefined;
  ratio: number;
  labels: string;
  onOpen: () => void;
}

const GridCell = ({ cell, ratio, labels, onOpen }: GridCellProps) =>
  cell ? (
    <button type="button" aria-label={words.cell(labels)} onClick={onOpen}>
      <PictureView picture={cell.picture} />
    </button>
  ) : (
    <span class="grid-waiting" style={{ aspectRatio: ratio }}>
      {words.waiting}
    </span>
  );

function CellDialog({ cell, labels, onClose }: { cell: Cell; labels: string; onClose: () => void }) {
  const dialog = useModal();
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby="cell-title" onClose={onClose}>
      <h2 id="cell-title">{labels}</h2>
      <PictureView picture={cell.picture} label={words.picture(labels)} />
      <div class="actions end">
        {cell.galleryId && (
          <a class="button" href={addressOf("gallery", cell.galleryId)}>
            {words.toGallery}
          </a>
        )}
        <button type="button" class="button primary" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
    </dialog>
  );
}
