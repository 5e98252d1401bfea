/** The adapters at hand: export, import, remove. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "../../app/announce";
import { FaultNotice, HeldFault, sentenceFor } from "../../app/fault-notice";
import { megabytes } from "../../app/format";
import { addressOf, subject } from "../../app/navigation";
import { text } from "../../app/text";
import type { AdapterReport } from "../../engine/contract/adapters";
import { type Fault, faultError, toFault } from "../../engine/fault";
import { AskFirst } from "../../ui/ask-first";
import { CheckField, SelectField, TextField } from "../../ui/field";
import { FilePicker } from "../../ui/file-picker";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { model } from "../models/model";
import { canShare, exportFile, exportProject, exportWords, share } from "./export";
import { importAll } from "./import";
import { ImportNotice } from "./import-notice";
import { KeptPhotos } from "./kept-photos";
import {
  followOtherTabs,
  knownAs,
  type LibraryEntry,
  library,
  remove,
  removeUnusable,
  storageFault,
  storageRead,
  type UnusableEntry,
  unusable,
  update,
} from "./library";
import { linkedAdapter } from "./link";
import { LinkMaker } from "./link-maker";
import { LinkQuestion } from "./link-question";
import { adaptersAmong } from "./picked-adapters";
import { StrengthStrip } from "./strength-strip";
import { Thumbnail } from "./thumbnail-view";

export function AdaptersScreen() {
  const [fault, setFault] = useState<Fault | undefined>();
  const attempt = async (work: () => Promise<void>) => {
    setFault(undefined);
    await work().catch((error) => setFault(toFault(error)));
  };
  useEffect(() => void followOtherTabs(), []);
  const entries = library.value;
  const link = linkedAdapter(subject.value);
  return (
    <div class="screen narrow">
      <h1>{text.adapters.title}</h1>
      <p class="lead">{text.adapters.lead}</p>
      {link && <LinkQuestion link={link} />}
      {fault && <FaultNotice fault={fault} onDismiss={() => setFault(undefined)} />}
      <ImportNotice />
      <HeldFault of={storageFault} />
      {unusable.value.map((entry) => (
        <UnusableNotice key={entry.key} entry={entry} attempt={attempt} />
      ))}
      {entries.length === 0 ? (
        storageRead.value ? (
          <EmptyLibrary />
        ) : (
          <p class="empty">{text.adapters.notYet}</p>
        )
      ) : (
        <ul class="adapter-list">
          {entries.map((entry) => (
            <AdapterCard key={entry.key} entry={entry} attempt={attempt} />
          ))}
        </ul>
      )}
      {entries.length > 0 && (
        <p class="links">
          <a href={addressOf("evaluate")}>{text.adapters.evaluate}</a>
        </p>
      )}
      <FilePicker
        label={text.adapters.drop}
        hint={text.adapters.dropHint}
        chooseFile={text.adapters.chooseFiles}
        chooseFolder={text.adapters.chooseFolder}
        accept=".safetensors,.zip,.json"
        multiple
        disabled={model.value.state !== "ready"}
        onPicked={(picked) =>
          attempt(async () => {
            const files = await adaptersAmong(picked);
            if (files.length === 0) throw faultError("BadFile", text.adapters.noneAmong);
            await importAll(files);
          })
        }
      />
      <LinkMaker />
    </div>
  );
}

/** What visitors can do here, shown while there are no adapters. */
function EmptyLibrary() {
  return (
    <section class="card">
      <p class="empty">{text.adapters.empty}</p>
      <div class="actions">
        <a class="button primary" href={addressOf("personalize")}>
          {text.adapters.emptyStart}
        </a>
      </div>
    </section>
  );
}

interface UnusableNoticeProps {
  entry: UnusableEntry;
  attempt: (work: () => Promise<void>) => Promise<void>;
}

function UnusableNotice({ entry, attempt }: UnusableNoticeProps) {
  const { key, fileName, fault } = entry;
  const words = text.adapters;
  const remove = () => attempt(() => removeUnusable(key));
  return (
    <Notice
      tone={fault ? "hint" : "problem"}
      title={fileName ? words.refused(fileName) : words.damaged}
      actions={
        <WithRemoval onYes={remove}>
          {(ask) => (
            // A damaged adapter is lost already, so nobody is asked.
            <button type="button" class="button" onClick={fault ? ask : remove}>
              {words.deleteUnusable}
            </button>
          )}
        </WithRemoval>
      }
    >
      {fault && `${sentenceFor(fault)} ${words.triedAgain}`}
    </Notice>
  );
}

interface RemovalProps {
  question?: string;
  onYes: () => void;
  children: (ask: () => void) => ComponentChildren;
}

/** Actions of which one removes an adapter. */
const WithRemoval = ({ question = text.adapters.removeQuestion, ...rest }: RemovalProps) => (
  <AskFirst question={question} yes={text.adapters.removeYes} no={text.adapters.removeNo} {...rest} />
);

interface AdapterCardProps {
  entry: LibraryEntry;
  attempt: (work: () => Promise<void>) => Promise<void>;
}

function AdapterCard({ entry, attempt }: AdapterCardProps) {
  const { report, note } = entry;
  return (
    <li class="card adapter">
      <div class="card-head">
        <div>
          <h2 class="word">{knownAs(report)}</h2>
          <p class="hint">{kinds(report)}</p>
        </div>
        {entry.preview && (
          <Thumbnail jpeg={entry.preview.jpeg} label={text.adapters.pictureOf(knownAs(report))} />
        )}
      </div>
      <p>{contents(entry)}</p>
      {report.baseModel && <p>{text.adapters.trainedOn(report.baseModel)}</p>}
      {report.cleanPrompt && <p>{text.adapters.trainedFor(report.cleanPrompt)}</p>}
      {note.licence && <p>{text.adapters.licence(note.licence)}</p>}
      {entry.kept ? (
        <p class="hint">{text.adapters.keptHere}</p>
      ) : (
        !entry.saved && <p class="unsaved">{text.adapters.unsaved}</p>
      )}
      <WithRemoval
        question={entry.saved ? text.adapters.removeQuestion : text.adapters.removeUnsaved}
        onYes={() =>
          attempt(async () => {
            await remove(entry);
            announce(text.adapters.removed(knownAs(report)));
          })
        }
      >
        {(ask) => (
          <>
            <button type="button" class="button primary" onClick={() => attempt(() => exportFile(entry))}>
              <Icon name="download" />
              {text.adapters.export}
            </button>
            {canShare() && (
              <button type="button" class="button" onClick={() => attempt(() => share(entry))}>
                {text.adapters.share}
              </button>
            )}
            {report.vectors > 0 && (
              <button type="button" class="button" onClick={() => attempt(() => exportWords(entry))}>
                {text.adapters.exportWords(report.placeholders.length)}
              </button>
            )}
            <button type="button" class="button quiet" onClick={ask}>
              {text.adapters.remove}
            </button>
          </>
        )}
      </WithRemoval>
      {entry.photos > 0 && <KeptPhotos entry={entry} attempt={attempt} />}
      <StrengthStrip entry={entry} />
      <ExportChoices entry={entry} attempt={attempt} />
    </li>
  );
}

/** What there is of it: "rank 8 · 32 layers · 2 word vectors · 1.3 MB" */
function contents({ report, bytes }: LibraryEntry): string {
  const { rank, modules, vectors } = report;
  const words = text.adapters;
  const parts = [
    rank && words.rank(rank),
    modules && words.layers(modules),
    vectors && words.vectors(vectors),
  ];
  return [...parts, megabytes(bytes.byteLength)].filter(Boolean).join(" · ");
}

/** Class noun of each word, as far as the file tells. */
function kinds({ placeholders, classNouns }: AdapterReport): string {
  if (placeholders.length === 0) return text.adapters.noWord;
  const [only] = classNouns;
  if (placeholders.length === 1) return only ? text.adapters.noun(only) : "";
  return placeholders
    .flatMap((word, at) => (classNouns[at] ? [text.adapters.nounOf(word, classNouns[at])] : []))
    .join(" · ");
}

/** What goes with the exported file, which other programs show, and for which of them it is. */
function ExportChoices({ entry, attempt }: AdapterCardProps) {
  const { key, note, preview } = entry;
  const words = text.adapters.exporting;
  const [format, setFormat] = useState<(typeof words.formats)[number][0]>("kohya");
  const [withPhotos, setWithPhotos] = useState(false);
  return (
    <details>
      <summary>{words.title}</summary>
      <TextField
        label={words.name}
        hint={words.nameHint}
        value={note.title}
        onValue={(title) => update(key, { note: { ...note, title } })}
      />
      <TextField
        label={words.licence}
        hint={words.licenceHint}
        value={note.licence}
        onValue={(licence) => update(key, { note: { ...note, licence } })}
      />
      {preview && (
        <CheckField
          label={words.preview}
          hint={words.previewHint}
          value={preview.exported}
          onValue={(exported) => update(key, { preview: { ...preview, exported } })}
        />
      )}
      <SelectField label={words.format} options={words.formats} value={format} onValue={setFormat} />
      {format === "project" && entry.photos > 0 && (
        <CheckField
          label={words.photos(entry.photos)}
          hint={words.photosHint}
          value={withPhotos}
          onValue={setWithPhotos}
        />
      )}
      <div class="actions">
        <button
          type="button"
          class="button"
          onClick={() =>
            attempt(() =>
              format === "project" ? exportProject(entry, withPhotos) : exportFile(entry, format),
            )
          }
        >
          {words.go}
        </button>
      </div>
    </details>
  );
}
