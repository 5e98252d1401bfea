/** The words of the Models screen in German. */
import type { ModelsText } from "../../features/models/text";

const EIGHT_BITS =
  "Sein U-Netz wird in acht Bit gehalten, weil mehr nicht passte; Bilder ändern sich ein wenig.";

export const germanModels: ModelsText = {
  title: "Modelle",
  lead: "Zeichne und trainiere mit jedem Modell der Art Stable Diffusion 1.x oder 2.x: von einem Modell-Hub, einer Adresse oder aus deinen eigenen Dateien. Es wird einmal geholt, geradewegs in diesen Browser, und bleibt dort, bis du es löschst.",

  inUse: "In Gebrauch",
  demo: "Das Demo-Modell",
  useDemo: "Das Demo-Modell benutzen",
  wide: "Mit 32-Bit-Zahlen rechnen",
  wideHint: "Für ein Modell, dessen Zahlen für 16 Bit zu groß werden. Ein Bild braucht dann mehr Speicher.",
  facts: (parameters, side, memory) =>
    `${parameters} Parameter, zeichnet ${side} × ${side} Pixel, braucht ${memory} GPU-Speicher.`,

  get: "Ein Modell holen",
  address: "Von einem Hub oder einer Adresse",
  addressHint:
    "Sein Name auf huggingface.co oder die Adresse einer .safetensors-Datei oder eines diffusers-Ordners. Die Seite verbindet sich mit jenem Server erst, wenn du den Knopf drückst.",
  addressExample: "owner/name",
  known: {
    title: "Bekannte Modelle",
    full: "Stable Diffusion 1.5",
    tiny: "BK-SDM Tiny, für Handys",
    turbo: "SD-Turbo, in wenigen Schritten",
  },
  badAddress: "Schreib owner/name wie auf dem Hub, oder eine ganze Adresse, die mit https:// beginnt.",
  token: "Zugangstoken",
  tokenHint:
    "Nur für Modelle, die danach fragen. Er geht allein an den Hub, bleibt im Arbeitsspeicher und ist vergessen, wenn dieser Tab schließt.",
  look: "Ansehen",
  looking: "Das Modell wird angesehen …",
  drop: "Eine Datei oder einen Ordner dieses Geräts öffnen",
  dropHint: "Eine .safetensors-Datei, oder ein Ordner wie bei diffusers. Gelesen wird, wo sie liegen.",
  chooseFolder: "Ordner wählen",
  chooseFile: "Datei wählen",
  keep: "Eine Kopie in diesem Browser behalten",
  keepHint: "Damit es beim nächsten Besuch auch ohne die Datei da ist.",
  keepOrRemember:
    "Damit es beim nächsten Besuch auch ohne die Datei da ist. Sonst wird nur sein Platz auf der Platte gemerkt.",
  noFiles: "Darin ist kein Modell: keine .safetensors-Datei und keine model_index.json.",

  offer: {
    from: (place) => `Von ${place}`,
    local: "Von diesem Gerät",
    toFetch: (bytes) => `${bytes} zu holen.`,
    rest: (rest, total) => `${rest} von ${total} zu holen; das übrige ist schon da.`,
    size: (bytes) => `${bytes} auf der Platte.`,
    completed: (parts, giver) => `Aus ${giver} kommen dazu: ${parts.join(" und ")}.`,
    licence: (name) => `Lizenz: ${name}`,
    noLicence: "Seine Quelle nennt keine Lizenz.",
    read: "Lesen",
    accept: "Ich habe die Lizenz gelesen und nehme sie für dieses Modell an.",
    acceptUnknown: "Ich darf dieses Modell benutzen.",
    fetch: "Holen und benutzen",
    use: "Benutzen",
    dismiss: "Dieses nicht",
    precision: {
      f32: "Seine Gewichte bleiben 32-Bit-Zahlen.",
      f16: "Seine Gewichte bleiben 16-Bit-Zahlen, was den Speicher halbiert.",
      "f16-f32": "Seine Gewichte bleiben in 16 Bit, was ihren Speicher halbiert.",
      "int8-f32": EIGHT_BITS,
      "int8-f16": EIGHT_BITS,
    },
    draws: (side, bytes) => `${side} × ${side} Pixel zu zeichnen braucht bis zu ${bytes} GPU-Speicher.`,
    trains: (bytes) => `Ein Training braucht mindestens ${bytes}.`,
    fits: (limit) => `Beides passt in die ${limit}, die benutzt werden dürfen.`,
    drawsOnly: (limit) => `Zeichnen passt in die ${limit}, die benutzt werden dürfen; ein Training nicht.`,
    tooLarge: (limit) =>
      `Das ist mehr als die ${limit}, die hier benutzt werden dürfen: Wähle ein kleineres Modell, etwa ein destilliertes.`,
    noRoom: (free) => `Dieser Browser hat noch ${free} Platz, zu wenig dafür. Lösche zuerst etwas.`,
  },

  incomplete: {
    parts: { vae: "der Autoencoder (VAE)", text_encoder: "der Textencoder" },
    lacks: (parts) =>
      `Diese Datei ist kein ganzes Modell: Es ${parts.length > 1 ? "fehlen" : "fehlt"} ${parts.join(" und ")}.`,
    noUnet:
      "Diese Datei hat kein U-Net, den Teil, der zeichnet: Sie ist ein Zusatz zu anderen Modellen. Wähle einen ganzen Checkpoint.",
    choose:
      "Ein anderes Modell der gleichen Art kann geben, was fehlt: Stable Diffusion 1.x für 1.x, 2.x für 2.x.",
    nothingHere:
      "Hole zuerst ein Modell der gleichen Art wie bei diffusers, etwa stable-diffusion-v1-5/stable-diffusion-v1-5 für Stable Diffusion 1.x, öffne dann diese Datei noch einmal und ergänze sie daraus.",
    from: "Genommen von",
    giver: (name, from) => `${name} (${from})`,
    complete: "Ergänzen",
    completing: "Es wird angesehen, ob sie passen …",
  },

  fetching: {
    title: (name) => `${name} wird geholt`,
    progress: (loaded, total) => `${loaded} von ${total}`,
    pause: "Anhalten",
    resume: "Weiter",
    cancel: "Abbrechen",
    paused: "Angehalten. Was da ist, bleibt, auch wenn dieser Tab schließt.",
    hint: "Das Modell in Gebrauch geht einstweilen weiter. Bricht die Verbindung ab, geht es dort weiter, wo es war.",
    done: (name) => `${name} ist bereit.`,
  },

  stored: {
    title: "In diesem Browser",
    empty: "Noch kein geholtes Modell. Das Demo-Modell kommt mit der Seite.",
    whole: (size, used) => `${size}, zuletzt benutzt: ${used}`,
    never: "noch nie",
    partly: (size, total) => `${size} von ${total} geholt`,
    damaged: (size) => `${size}; seine Dateiliste ist beschädigt`,
    inUse: "In Gebrauch",
    use: "Benutzen",
    goOn: "Den Rest holen",
    delete: "Löschen",
    question: (name) => `${name} aus diesem Browser löschen?`,
    yes: "Ja, löschen",
    no: "Behalten",
    atWork: "Das Modell in Gebrauch arbeitet gerade. Warte das Ende ab oder halte es an, dann lösche es.",
    notDeleted:
      "Der Browser wollte das Modell nicht löschen. Schließe andere Tabs dieser Seite und versuche es noch einmal, oder lösche die Daten dieser Seite in den Einstellungen des Browsers.",
    unavailable:
      "Dieser Browser lässt die Seite keine Dateien behalten, wie in manchen privaten Fenstern. Modelle werden jedes Mal von ihrer Quelle gelesen.",
  },

  onDisk: {
    title: "Auf der Platte dieses Geräts",
    hint: "Gelesen wird, wo sie liegen. Kopiert wird nichts davon; der Browser fragt dich vielleicht, bevor die Seite eines wieder liest.",
    facts: (size, used) => `${size}, zuletzt benutzt: ${used}`,
    place: (name) => `In ${name}`,
    inUse: "In Gebrauch",
    use: "Benutzen",
    forget: "Vergessen",
    forgotten: (name) => `${name} ist vergessen; seine Dateien bleiben, wo sie sind.`,
  },

  storage: {
    used: (used, quota) => `${used} von den ${quota}, die dieser Browser gewährt, sind belegt.`,
    nearlyFull: "Der Speicher ist fast voll. Lösche Modelle oder Bilder, bevor du mehr holst.",
    persisted: "Der Browser behält es, bis du es löschst.",
    notPersisted: "Der Browser darf es löschen, wenn die Platte voll wird.",
    persist: "Den Browser bitten, es zu behalten",
    refused:
      "Der Browser verspricht es noch nicht. Vielleicht, wenn du die Seite öfter benutzt oder zum Startbildschirm hinzugefügt hast.",
  },
};
