/** The words of the training's choices in German. */
import type { SettingsText } from "../../features/personalize/settings-text";

export const germanSettings: SettingsText = {
  method: "Verfahren",
  methods: {
    palp: [
      "PALP",
      "Lernt das Aussehen und hält das Modell deiner Szene treu. Am besten, wenn du weißt, was du sehen willst.",
    ],
    "ti-db": [
      "Wort und LoRA",
      "Dasselbe ohne Ausrichtung: schnellere Schritte, freierer Gebrauch, Szenen werden weniger gut befolgt.",
    ],
    "textual-inversion": [
      "Textual Inversion",
      "Lernt nur das neue Wort: eine winzige Datei, die sonst nichts ändert, mit gröberer Ähnlichkeit.",
    ],
    dreambooth: [
      "DreamBooth",
      "Trainiert das ganze Bildnetz, daneben mit Bildern des gewöhnlichen Dings: die größte Ähnlichkeit, die größte Datei und der meiste Speicher.",
    ],
    "dreambooth-lora": [
      "DreamBooth-LoRA",
      "DreamBooths Weg durch einen kleinen Adapter: leicht und sehr ähnlich.",
    ],
    "custom-diffusion": [
      "Custom Diffusion",
      "Trainiert nur, wo das Netz den Prompt liest: gut für mehrere Dinge in einem Bild.",
    ],
  },
  off: "aus",
  first: (name) => `${name}: von`,
  last: (name) => `${name}: bis`,

  groups: {
    adapter: "Was trainiert wird",
    alignment: "Ausrichtung auf den Wunsch",
    photos: "Wie Fotos benutzt werden",
    prior: "Das gewöhnliche Ding behalten",
    optimizer: "Wie gelernt wird",
    word: "Das neue Wort",
    keeping: "Speicher und Sicherheit",
  },

  fields: {
    trainedWeights: ["Trainierte Gewichte", "LoRA-Faktoren sind klein; die anderen ändern Gewichte ganz."],
    loraTargets: ["Wo die LoRA wirkt", "In aller Aufmerksamkeit, oder nur wo der Prompt gelesen wird."],
    rank: ["Rang der LoRA", "Größe des Adapters. 16 passt zum Demo-Modell."],
    loraAlpha: ["Alpha der LoRA", "Der Adapter wirkt mit der Stärke Alpha ÷ Rang."],
    alignmentForm: ["Form der Ausrichtung", "Zwei Zweige wie im Aufsatz, oder Score Distillation."],
    alignmentNoise: ["Rauschen der Ausrichtung", "Das Rauschen des Schritts selbst, oder ein frisches."],
    alignmentSamples: ["Rauschen je Schritt", "Über so viele wird gemittelt: ruhiger und langsamer."],
    lambda: ["λ, Gewicht der Ausrichtung", "0 lernt nur das Aussehen."],
    lambdaProfile: ["λ über die Zeitschritte", "Faktoren von λ am niedrigsten und am höchsten Zeitschritt."],
    lambdaRampSteps: ["Schritte, über die λ wächst", "0 hat es von Anfang an ganz."],
    alignmentTimesteps: ["Zeitschritte der Ausrichtung", "Wo sie wirkt, von 0 bis 999."],
    alpha: ["α, Führung des sauberen Zweigs", "Wie stark das untrainierte Modell zum Wunsch zieht."],
    beta: ["β, Führung des eigenen Zweigs", "Wie stark der eigene Zweig dagegen gewogen wird."],
    warmupSteps: ["Schritte vor der Ausrichtung", "Zuerst wird das Aussehen gelernt, mit λ = 0."],
    rescale: ["Den Zug angleichen", "Bringt die Ausrichtung auf die Länge dessen, was das Aussehen lernt."],
    fastAlignment: [
      "Schnelle Ausrichtung",
      "Lässt Vorhersagen weg, die wenig ändern: schneller, ein wenig anders.",
    ],
    localizedLoss: [
      "Aufmerksamkeit am Ort",
      "Gewicht dafür, dass die Aufmerksamkeit des neuen Wortes auf dem markierten Ding bleibt.",
    ],
    resolution: [
      "Seitenlänge im Training, in Pixeln",
      "Leer ist die des Modells. Kleiner trainiert schneller und lernt weniger.",
    ],
    batch: ["Stapel", "Fotos je Schritt."],
    accumulation: ["Ansammlung", "Durchgänge, die vor jeder Änderung gesammelt werden."],
    photoVariants: [
      "Ausschnitte eines Fotos",
      "1 ist das Foto allein; mehr fügen kleine Zooms und Verschiebungen hinzu.",
    ],
    personalizationPrompt: [
      "Satz über die Fotos",
      "{placeholder} ist das neue Wort, {class} das gewöhnliche. Im Aufsatz steht „a photo of {placeholder}“.",
    ],
    promptTemplates: ["Sätze, die gelten", "Der obige, oder die Listen von Textual Inversion."],
    flip: ["Zufällig spiegeln", "Nicht für Dinge mit Schrift oder mit links und rechts."],
    colourJitter: [
      "Streuende Farben",
      "Wie weit Helligkeit, Kontrast und Sättigung weiterer Ausschnitte streuen.",
    ],
    sizeWords: ["Die Größe sagen", "Macht das Ding viel kleiner oder größer und sagt es im Satz."],
    aspectBuckets: ["Form der Fotos behalten", "Trainiert etwa im Seitenverhältnis jedes Fotos."],
    maskedLoss: [
      "Gewicht der Markierung",
      "Wie viel weniger der Hintergrund zählt, wo du das Ding markiert hast: 1 ist gar nicht.",
    ],
    minSnrGamma: ["γ von Min-SNR", "Gleicht die Zeitschritte aus; 5 ist üblich, leer ist aus."],
    priorPictures: [
      "Bilder des gewöhnlichen Dings",
      "Werden zuerst gezeichnet und neben den Fotos trainiert; 0 zeichnet keine.",
    ],
    priorWeight: ["Ihr Gewicht", "Wie viel sie neben den Fotos zählen."],
    optimizer: ["Optimierer", "In 8 Bit braucht er weniger Speicher."],
    learningRateSchedule: ["Verlauf der Lernrate", "Gleichbleibend, oder fallend entlang eines Kosinus."],
    learningRateWarmupSteps: ["Schritte, über die Lernraten wachsen", "0 hat sie von Anfang an ganz."],
    loraLearningRate: ["Lernrate des Adapters", "Der LoRA, oder der ganz trainierten Gewichte."],
    embeddingLearningRate: ["Lernrate des Wortes", "Höher lernt schneller und vergisst mehr."],
    weightDecay: ["Gewichtsabbau", "Zieht den Adapter gegen nichts."],
    gradientClip: ["Längster Gradient", "Schritte darüber werden gekürzt."],
    vectors: ["Wortvektoren", "Wie viele Plätze das neue Wort in einem Prompt braucht."],
    trainEmbedding: ["Das neue Wort trainieren", "Aus lässt das Wort, wie es anfängt."],
    initializerWord: [
      "Es beginnt als",
      "Ein verbreitetes englisches Wort; leer nimmt das gewöhnliche Wort für das Ding.",
    ],
    embeddingNormCap: [
      "Längster Wortvektor",
      "Als Vielfaches seines Anfangs, damit er kein anderes Wort übertönt; leer ist aus.",
    ],
    embeddingNormDecay: [
      "Abbau seiner Länge",
      "Zieht die Länge des Wortes zu der des Wortschatzes; leer ist aus.",
    ],
    embeddingStdRetraction: [
      "Seine Streuung halten",
      "Zieht die Streuung des Wortes zu der des Wortschatzes.",
    ],
    embeddingAnchor: ["Anker des Wortes", "Wie stark es nahe an seinem Anfang gehalten wird."],
    activations: [
      "Zwischenwerte",
      "Behalten, wo Platz ist, oder noch einmal berechnet, um Speicher zu sparen.",
    ],
    seed: ["Startzahl", "Die gleiche Startzahl gibt das gleiche Training."],
  },

  options: {
    trainedWeights: {
      lora: "LoRA-Faktoren",
      crossAttention: "Schlüssel und Werte der Kreuzaufmerksamkeit",
      all: "Das ganze U-Netz",
      none: "Nichts als das Wort",
    },
    loraTargets: { attention: "Alle Aufmerksamkeit", crossAttention: "Kreuzaufmerksamkeit" },
    alignmentForm: { twoBranch: "Zwei Zweige (PALP)", sds: "Score Distillation" },
    alignmentNoise: { same: "Das des Schritts", fresh: "Ein frisches" },
    promptTemplates: { prompt: "Der obige", objects: "27 über ein Ding", styles: "19 über einen Stil" },
    optimizer: { adamw: "AdamW", adamw8bit: "AdamW in 8 Bit" },
    learningRateSchedule: { constant: "Gleichbleibend", cosine: "Kosinus" },
    activations: {
      auto: "Wie der Speicher es zulässt",
      keep: "Behalten",
      recompute: "Noch einmal berechnen",
    },
  },

  keepEvery: "Schritte zwischen gesicherten Ständen",
  keepEveryHint:
    "Was ein geschlossener Tab höchstens kostet. Sie liegen in diesem Browser, bis das Training endet.",

  time: {
    title: "Wie lange es dauern darf",
    presets: {
      quick: ["Schnell", "Um zu sehen, ob es geht."],
      balanced: ["Ausgewogen", "Eine gute Ähnlichkeit."],
      thorough: ["Gründlich", "Die größte Ähnlichkeit."],
    },
    about: (time) => `etwa ${time}`,
    size: (side, steps) => `${side} × ${side} Pixel, ${steps} Schritte.`,
    measuring: "Es wird gemessen, wie schnell dieses Gerät trainiert …",
    cancel: "Messen abbrechen",
    measure: "Messen, wie lange es dauert",
    measureHint: "Braucht ein paar Trainingsschritte.",
  },

  watchQuality: "Die Güte verfolgen",
  watchQualityHint:
    "Bewertet jede Vorschau: wie gut sie dem Wunsch folgt, wie nah sie den Fotos ist. Holt einmal einen Gutachter von 6 MB.",
  keepBest: "Den besten Stand behalten",
  keepBestHint: "Das Ergebnis ist der Stand mit der besten Vorschau, nicht der letzte.",
  heldBack: "Zurückgehaltene Fotos",
  heldBackHint:
    "Mit ihnen wird nicht trainiert: Sie beurteilen die Vorschau, damit Auswendiglernen nicht zählt.",
  patience: "Beenden ohne bessere Vorschau",
  patienceHint:
    "Beendet das Training nach so vielen Vorschauen hintereinander, die nicht besser waren. Leer: nie.",

  addTarget: "Noch einen Wunsch hinzufügen",
  furtherTarget: (number) => `Wunsch ${number}`,
  removeTarget: (number) => `Wunsch ${number} entfernen`,
  furtherTargetHint: "Die Wünsche wechseln sich während des Trainings ab.",

  caption: "Was dieses Foto zeigt",
  captionHint: (noun) => `Darf leer bleiben. Auf Englisch, zum Beispiel: ${noun} on green grass.`,
  mark: "Das Ding markieren",
  markHint:
    "Übermale das Ding, damit der Hintergrund weniger zählt. Pfeiltasten bewegen den Pinsel, die Leertaste malt, Entf radiert.",
  markCanvas: "Wo das Ding im Foto ist",
  brush: "Größe des Pinsels",
  erase: "Radieren",
  invertMarks: "Umkehren",
  markAll: "Alles markieren",
  clearMarks: "Markierung entfernen",
};
