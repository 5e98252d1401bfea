/** Results of an evaluation: the table with its intervals, the chart, and everything as JSON. */

import { decimals } from "../../app/format";
import { CopyButton } from "../../ui/copy-button";
import { download } from "../../ui/download";
import { Icon } from "../../ui/icon";
import { bareWord } from "../adapters/library";
import { drawn, exported, type facts as Facts, facts, rows } from "./evaluation";
import { BASE, type Strength } from "./plan";
import { report, type Summary } from "./results";
import { Scatter } from "./scatter";
import type { Interval } from "./statistics";
import { evaluateText as words } from "./text";

const DIGITS = 3;

export const rowName = (strength: Strength) =>
  strength === BASE ? words.row.base : words.row.adapter(strength);

export function Results() {
  const known = facts.value;
  if (!known) return null;
  const prompts = new Set(drawn.value.map(({ prompt }) => prompt)).size;
  const seeds = new Set(drawn.value.map(({ seed }) => seed)).size;
  return (
    <section class="card" aria-labelledby="results-title">
      <h2 id="results-title">{words.resultsTitle}</h2>
      <p class="hint">{words.resultsOf(known.adapter, prompts, seeds)}</p>
      <div class="evaluate-results">
        <ScoreTable />
        <Scatter rows={rows.value} photos={known.photos} />
      </div>
      {rows.value.some(({ pictures }) => pictures > 1) && <p class="hint">{words.intervals}</p>}
      <Export known={known} />
    </section>
  );
}

function ScoreTable() {
  const { what, ...columns } = words.columns;
  const elements = rows.value[0]?.elements.map(({ name }) => name) ?? [];
  const photos = facts.value?.photos;
  return (
    <>
      {/* The table scrolls sideways on a phone: a keyboard must reach it to do so. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls */}
      <section class="score-table" tabIndex={0} aria-label={words.tableTitle}>
        <table>
          <thead>
            <tr>
              <th scope="col">{what}</th>
              {Object.values(columns).map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
              {elements.map((name) => (
                <th key={name} scope="col">
                  {words.elementColumn(words.elementNames[name] ?? name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.value.map((row) => (
              <ScoreRow key={row.strength} row={row} />
            ))}
            {photos && (
              <tr>
                <th scope="row">{words.row.photos}</th>
                <td />
                <td>{number(photos.textAlignment)}</td>
                <td>{number(photos.imageAlignment)}</td>
                <td colSpan={2 + elements.length} />
              </tr>
            )}
          </tbody>
        </table>
      </section>
    </>
  );
}

function ScoreRow({ row }: { row: Summary }) {
  return (
    <tr>
      <th scope="row">{rowName(row.strength)}</th>
      <td>{row.pictures}</td>
      <td>{spread(row.text)}</td>
      <td>{spread(row.image)}</td>
      <td>{number(row.foreground)}</td>
      <td>{number(row.clipScore)}</td>
      {row.elements.map(({ name, score }) => (
        <td key={name}>{number(score)}</td>
      ))}
    </tr>
  );
}

const number = (value: number | null | undefined) => (value == null ? "–" : decimals(value, DIGITS));

/** "0.312 ± 0.008": the mean and the wider side of its interval. */
const spread = ({ low, mean, high }: Interval) =>
  high > low
    ? `${decimals(mean, DIGITS)} ± ${decimals(Math.max(high - mean, mean - low), DIGITS)}`
    : decimals(mean, DIGITS);

function Export({ known }: { known: NonNullable<typeof Facts.value> }) {
  const json = () => {
    exported.value = true;
    return report(
      known,
      drawn.value.map(({ picture: _, ...scored }) => scored),
    );
  };
  const save = () =>
    download(new Blob([json()], { type: "application/json" }), `${bareWord(known.adapter)}-evaluation.json`);
  return (
    <div class="actions">
      <CopyButton words={json}>{words.copy}</CopyButton>
      <button type="button" class="button" onClick={save}>
        <Icon name="download" />
        {words.save}
      </button>
    </div>
  );
}
