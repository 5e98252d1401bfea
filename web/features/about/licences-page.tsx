/** Everything that ships with the page and its licence; the list is made when the page is built. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { addressOf } from "../../app/navigation";
import { text } from "../../app/text";
import { SITE_FOLDER } from "../../engine/site";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";

/** Name of the page in the address: `#/about/licences`. */
export const LICENCES = "licences";

interface Package {
  name: string;
  version: string;
  licence: string;
  source: string;
  /** Indices into `texts`. */
  texts: number[];
  /** Name of the file, if the package ships as a separate file. */
  apart?: string;
}

interface Licences {
  packages: Package[];
  texts: string[];
}

const words = text.licences;
const licences = signal<Licences | undefined>(undefined);
const failed = signal(false);

async function fetchLicences(): Promise<void> {
  if (licences.peek()) return;
  failed.value = false;
  try {
    licences.value = (await (await fetch(`${SITE_FOLDER}licences.json`)).json()) as Licences;
  } catch {
    failed.value = true;
  }
}

export function LicencesPage() {
  useEffect(() => void fetchLicences(), []);
  const found = licences.value;
  return (
    <div class="screen narrow">
      <a class="back-link" href={addressOf("about")}>
        <Icon name="left" />
        {text.about.title}
      </a>
      <h1>{words.title}</h1>
      <p class="lead">{words.lead}</p>
      {failed.value && <Notice tone="problem">{text.screenNotFetched}</Notice>}
      {found && (
        <section class="card">
          <p class="hint">{words.count(found.packages.length)}</p>
          <ul class="licence-list">
            {found.packages.map((one) => (
              <li key={`${one.name} ${one.version}`}>
                <PackageLicence one={one} texts={found.texts} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

/** A package; its licence texts are long, so they are drawn only once opened. */
function PackageLicence({ one, texts }: { one: Package; texts: string[] }) {
  const [open, setOpen] = useState(false);
  const { name, version, licence, source, apart } = one;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {name} {version} <span class="hint">{licence}</span>
      </summary>
      {open && (
        <>
          <a href={source} target="_blank" rel="noreferrer">
            {source}
          </a>
          {apart && <p class="hint">{words.apart(apart)}</p>}
          {one.texts.length === 0 && <p class="hint">{words.noText}</p>}
          {one.texts.map((at) => (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a text that scrolls must be reachable by keyboard
            <pre key={at} class="licence-text" tabIndex={0}>
              {texts[at]}
            </pre>
          ))}
        </>
      )}
    </details>
  );
}
