/** Whether this browser and GPU can do the work, in words, and the facts for a report. */
import { useEffect, useState } from "preact/hooks";
import { inPageLanguage } from "../../app/engine-words";
import { FaultNotice, sentenceFor } from "../../app/fault-notice";
import { binarySize, count, parameters } from "../../app/format";
import { chooseLanguage, LANGUAGES, type Language, language } from "../../app/language";
import { agreeToLeave, wouldLose } from "../../app/leaving";
import { addressOf, subject } from "../../app/navigation";
import { device, openEngine } from "../../app/studio";
import { text } from "../../app/text";
import { pendingCalls } from "../../engine/client";
import type { DeviceReport } from "../../engine/contract/device";
import type { Fault } from "../../engine/fault";
import { AskFirst } from "../../ui/ask-first";
import { CopyButton } from "../../ui/copy-button";
import { SelectField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { DEMO_FOLDER, model } from "../models/model";
import { KeptData } from "./kept-data";
import { LICENCES, LicencesPage } from "./licences-page";
import { type Fact, pageFacts } from "./page-facts";

export function AboutScreen() {
  return subject.value === LICENCES ? <LicencesPage /> : <Device />;
}

function Device() {
  const now = device.value;
  return (
    <div class="screen narrow">
      <h1>{text.about.title}</h1>
      {now.state === "checking" && <p>{text.about.checking}</p>}
      {now.state === "fault" &&
        (now.fault.kind === "OtherTab" ? (
          <FaultNotice fault={now.fault} />
        ) : (
          <DeviceFault fault={now.fault} />
        ))}
      {now.state === "ready" && <DeviceFacts report={now.report} />}
      <ModelFacts />
      <LanguageChoice />
      <section class="card">
        <h2>{text.about.privacyTitle}</h2>
        <p>{text.about.privacy}</p>
      </section>
      <KeptData />
      <section class="card">
        <h2>{text.licences.title}</h2>
        <p>{text.licences.lead}</p>
        <p class="links">
          <a href={addressOf("about", LICENCES)}>{text.licences.open}</a>
        </p>
      </section>
    </div>
  );
}

function DeviceFault({ fault }: { fault: Fault }) {
  const known = text.faults.whatToDo;
  const steps = fault.kind in known ? known[fault.kind as keyof typeof known] : known.other;
  return (
    <section class="card">
      <Notice
        tone="problem"
        title={text.about.bad}
        actions={
          <button type="button" class="button" onClick={openEngine}>
            {text.faults.retry}
          </button>
        }
      >
        {sentenceFor(fault)}
      </Notice>
      <h2>{text.faults.details}</h2>
      <ul class="steps">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ul>
      <dl class="facts">
        <dt>{text.about.browser}</dt>
        <dd>{navigator.userAgent}</dd>
      </dl>
      <CopyFacts facts={[["Problem", `${fault.kind}: ${fault.message}`]]} />
    </section>
  );
}

function DeviceFacts({ report }: { report: DeviceReport }) {
  const facts: Fact[] = [
    [text.about.adapter, report.adapterName],
    [text.about.float16, report.float16 ? text.about.float16Yes : text.about.float16No],
    ...limitFacts(report.limits),
  ];
  // Hardly a browser offers them so far: where they are missing, nothing is said.
  if (report.matrixUnits) facts.splice(2, 0, [text.about.matrixUnits, text.about.matrixUnitsYes]);
  return (
    <section class="card">
      <p class="verdict">{(report.software ? text.about.slow : text.about.good)(report.adapterName)}</p>
      {report.software && <Notice tone="hint">{text.about.softwareHint}</Notice>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {report.notes.length > 0 && (
        <>
          <h2>{text.about.notes}</h2>
          <ul class="steps">
            {report.notes.map((note) => (
              <li key={note}>{inPageLanguage(note)}</li>
            ))}
          </ul>
        </>
      )}
      <CopyFacts facts={[...facts, ...report.notes.map((note): Fact => [text.about.note, note])]} />
    </section>
  );
}

function limitFacts(limits: DeviceReport["limits"]): Fact[] {
  const names = text.about.limitNames;
  return [
    [names.maxBufferSize, binarySize(limits.maxBufferSize)],
    [names.maxStorageBufferBindingSize, binarySize(limits.maxStorageBufferBindingSize)],
    [names.maxComputeWorkgroupStorageSize, binarySize(limits.maxComputeWorkgroupStorageSize)],
    [names.maxComputeInvocationsPerWorkgroup, count(limits.maxComputeInvocationsPerWorkgroup)],
  ];
}

function CopyFacts({ facts }: { facts: Fact[] }) {
  const [estimate, setEstimate] = useState<StorageEstimate>({});
  useEffect(() => void navigator.storage?.estimate().then(setEstimate, () => undefined), []);
  const words = () => [...facts, ...pageFacts(estimate)].map((line) => line.join(": ")).join("\n");
  return (
    <div class="actions">
      <CopyButton words={words}>{text.about.copy}</CopyButton>
    </div>
  );
}

function ModelFacts() {
  const now = model.value;
  return (
    <section class="card">
      <h2>{text.about.modelTitle}</h2>
      {now.state === "ready" && (
        <p class="verdict">
          {text.about.modelName(now.report.name)}:{" "}
          {text.about.modelFacts(parameters(now.report.parameters), now.report.resolution)}
        </p>
      )}
      <p>{text.about.modelText}</p>
      <p class="links">
        <a href={addressOf("models")}>{text.about.modelOther}</a>
        {text.about.modelLinks.map(([paper, name]) => (
          <a key={paper} href={DEMO_FOLDER + paper} target="_blank" rel="noreferrer">
            {name}
          </a>
        ))}
      </p>
    </section>
  );
}

function LanguageChoice() {
  const [chosen, setChosen] = useState(language);
  return (
    <section class="card">
      <h2>{text.about.languageTitle}</h2>
      <AskFirst
        question={text.about.languageLoses}
        yes={text.about.languageYes}
        no={text.about.languageNo}
        onYes={() => {
          agreeToLeave();
          chooseLanguage(chosen);
        }}
      >
        {(ask) => (
          <SelectField
            label={text.about.language}
            hint={text.about.languageHint}
            options={Object.entries(LANGUAGES) as [Language, string][]}
            value={language}
            disabled={pendingCalls.value > 0}
            onValue={(name) => {
              if (!wouldLose()) return chooseLanguage(name);
              setChosen(name);
              ask();
            }}
          />
        )}
      </AskFirst>
    </section>
  );
}
