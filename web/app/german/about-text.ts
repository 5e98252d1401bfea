/** The words of the Device screen, the licences, and deleting everything, in German; part of the page's. */
import type { aboutTexts } from "../../features/about/text";

export const germanAbout: typeof aboutTexts = {
  about: {
    title: "Dieses Gerät",
    checking: "Das Gerät wird geprüft …",
    good: (name) => `${name} schafft die Arbeit.`,
    slow: (name) => `${name} rechnet auf dem Prozessor: Alles geht, aber langsam.`,
    bad: "Dieser Browser schafft die Arbeit noch nicht.",
    softwareHint:
      "Dem Browser wurde keine Grafikkarte angeboten. Schalte die Hardwarebeschleunigung in seinen Einstellungen ein, bring den Grafiktreiber auf den neuesten Stand oder nimm einen anderen Browser.",
    float16: "16-Bit-Zahlen",
    float16Yes: "ja: Gewichte brauchen die Hälfte des Speichers",
    float16No: "nein: Gewichte bleiben 32-Bit-Zahlen",
    matrixUnits: "Matrix-Einheiten",
    matrixUnitsYes: "ja: Sie multiplizieren 16-Bit-Zahlen",
    adapter: "GPU",
    limits: "Grenzen",
    limitNames: {
      maxBufferSize: "Größter Puffer",
      maxStorageBufferBindingSize: "Größte Bindung",
      maxComputeWorkgroupStorageSize: "Speicher einer Arbeitsgruppe",
      maxComputeInvocationsPerWorkgroup: "Threads einer Arbeitsgruppe",
    },
    notes: "Hinweise",
    note: "Hinweis",
    copy: "Diese Angaben kopieren",
    modelTitle: "Das Modell",
    modelName: (name) => `Modell „${name}“`,
    modelFacts: (parameters, side) => `${parameters} Parameter, zeichnet ${side} × ${side} Pixel`,
    modelText:
      "Das Demo-Modell wurde für dieses Projekt gemacht. Es kennt emojiartige Dinge, Tiere und Speisen in vielen Stilen und Szenen. Es ist kein Fotomodell: Seine Bilder sind klein und seine Formen weich.",
    modelOther: "Ein anderes Modell benutzen",
    modelLinks: [
      ["MODEL_CARD.md", "Modellkarte (englisch)"],
      ["DATA.md", "Trainingsdaten und Lizenzen (englisch)"],
    ],
    privacyTitle: "Privatsphäre",
    privacy:
      "Fotos, Prompts und Bilder bleiben in diesem Browser. Fotos überdauern den Tab nur, wenn du sie mit dem Adapter behalten lässt. Solange ein Training nicht fertig ist, liegt sein Stand im Speicher des Browsers, damit ein geschlossener Tab nichts verliert; er enthält die Fotos als Latents, kleine Bilder, aus denen das Modell wieder etwas wie die Fotos machen kann. Er wird gelöscht, wenn das Training fertig, abgebrochen oder verworfen ist. Bilder, mit dem, worauf sie gezeichnet wurden, und Adapter bleiben dort, bis du sie löschst. Die Seite spricht mit keinem anderen Server als dem, von dem sie kam, und mit jenem nur, um ihre eigenen Dateien zu holen; es sei denn, du nennst ein Modell oder einen Adapter auf einem anderen Server: Der wird dann um dessen Dateien gebeten. Eine Content Security Policy hält die Seite daran.",
    browser: "Browser",
    window: "Fenster",
    cores: "Prozessorkerne",
    storage: "Speicher, benutzt / erlaubt",
    languageTitle: "Sprache",
    language: "Sprache der Seite",
    languageHint: "Die Seite lädt damit neu.",
    languageLoses:
      "Was nicht behalten wird, etwa deine eigenen Fotos, ist verloren, wenn die Seite neu lädt. Wechseln?",
    languageYes: "Ja, wechseln",
    languageNo: "Behalten",
  },

  licences: {
    title: "Lizenzen",
    lead: "Palpable ist freie Software unter der Apache-Lizenz 2.0, gemacht mit der Arbeit vieler anderer.",
    open: "Woraus es gemacht ist und unter welchen Lizenzen",
    count: (packages) => `${packages} Pakete, nach ihren Namen geordnet.`,
    noText: "Der Lizenztext steht an der Quelle.",
    apart: (file) =>
      `Kommt unverändert als eigene Datei, ${file}, die erst geholt wird, wenn sie gebraucht wird. Sie darf durch einen anderen Bau derselben Bibliothek ersetzt werden.`,
  },

  wipe: {
    title: "In diesem Browser aufgehoben",
    kept: (size) =>
      `Bilder, Adapter, unfertige Trainings, Modelle, was du gewählt hast und die Seite selbst${size ? `: zusammen ${size}` : ""}.`,
    all: "Alles löschen, was hier aufgehoben ist",
    question:
      "Alle Bilder, Adapter, Trainings und Modelle endgültig löschen? Exportiere vorher, was du brauchst.",
    yes: "Ja, alles löschen",
    no: "Behalten",
    working:
      "Ein Tab von Palpable ist mitten in der Arbeit. Lass ihn fertig werden oder halte sie dort an und versuche es dann noch einmal.",
    failed:
      "Der Browser wollte nicht alles löschen. Schließe andere Tabs dieser Seite und versuche es noch einmal, oder lösche die Daten dieser Seite in den Einstellungen des Browsers.",
    done: "Alles ist gelöscht",
    doneHint: "Von dieser Seite ist in diesem Browser nichts mehr übrig. Schließe den Tab oder fang neu an.",
    afresh: "Neu anfangen",
  },
};
