/** The subjects to learn: one card per subject with its photos; further subjects also have their words. */
import { text } from "../../app/text";
import { bound } from "../../ui/bound";
import { TextField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { PhotoPicker } from "./photo-picker";
import { addFiles, chooseSample } from "./setup";
import {
  addSubject,
  firstSubject,
  MAX_SUBJECTS,
  removeSubject,
  type SubjectChoice,
  subjects,
} from "./subjects";

const words = text.personalize;

export function SubjectCards() {
  const all = subjects.value;
  return (
    <div class="subjects">
      {all.map((subject, index) => (
        <SubjectCard key={subject.id} subject={subject} number={index + 1} several={all.length > 1} />
      ))}
      {all.length < MAX_SUBJECTS && (
        <div class="actions">
          <button type="button" class="button quiet" onClick={() => addSubject()}>
            <Icon name="plus" />
            {words.addSubject}
          </button>
        </div>
      )}
    </div>
  );
}

interface SubjectCardProps {
  subject: SubjectChoice;
  number: number;
  several: boolean;
}

function SubjectCard({ subject, number, several }: SubjectCardProps) {
  const title = several ? words.subjectTitle(number) : words.photosTitle;
  const further = subject !== firstSubject;
  return (
    <section class="card photo-picker" aria-labelledby={`${subject.id}-title`}>
      <div class="card-head">
        <h2 id={`${subject.id}-title`}>{title}</h2>
        {further && (
          <button
            type="button"
            class="icon-button"
            aria-label={words.removeSubject(title)}
            title={words.removeSubject(title)}
            onClick={() => removeSubject(subject)}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      <PhotoPicker
        list={subject.list}
        classNoun={subject.classNoun.value}
        id={subject.id}
        takesPasted={subject === subjects.value.at(-1)}
        onSample={(sample) => chooseSample(subject, sample)}
        onFiles={(files, problems) => addFiles(subject, files, problems)}
      />
      {further && <SubjectWords subject={subject} />}
    </section>
  );
}

/** Fields for the class noun and the new word. */
export function SubjectWords({ subject }: { subject: SubjectChoice }) {
  return (
    <div class="pair">
      <TextField
        label={words.noun}
        hint={words.nounHint}
        placeholder={words.nounPlaceholder}
        {...bound(subject.classNoun)}
      />
      <TextField
        label={words.placeholder}
        hint={words.placeholderHint}
        value={subject.placeholder.value}
        onValue={(word) => subject.setPlaceholder(word)}
      />
    </div>
  );
}
