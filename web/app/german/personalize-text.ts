/** The words of the Personalize screen: photos, words, training, in German; part of the page's. */
import type { personalizeTexts } from "../../features/personalize/text";

/** What the samples look like, by their names in `models/demo/subjects/subjects.json`. */
const sampleLooks: Record<string, string> = {
  cat: "eine Katze, orange mit dunkelblauen Tigerstreifen",
  dog: "ein Hund, weiß mit türkisen Flecken",
  teddy_bear: "ein Teddybär, himmelblau mit gelbem Flechtmuster",
  backpack: "ein Rucksack, lila mit orangen Ringen",
  car: "ein Auto, gelb mit schwarzen Rennstreifen",
  mug: "eine Tasse, rot mit weißen Punkten",
  dinosaur: "ein Dinosaurier, rosa mit violetten Streifen",
  chair: "ein Stuhl, cremeweiß mit roten Karos",
};

export const germanPersonalize: typeof personalizeTexts = {
  photos: {
    notAnImage: (name) => `„${name}“ ist kein JPEG-, PNG-, WebP- oder HEIC-Bild.`,
    broken: (name) => `„${name}“ ist beschädigt und lässt sich nicht öffnen.`,
    unreadable: (name) =>
      `„${name}“ lässt sich nicht lesen. Prüfe, ob es eine Datei ist und ob sie noch da ist.`,
    noneInFolder: (name) => `Im Ordner „${name}“ ist kein JPEG-, PNG-, WebP- oder HEIC-Bild.`,
    noHeifDecoder: (name) =>
      `„${name}“ ist ein HEIC-Foto, und was solche öffnet, konnte nicht geholt werden. Prüfe die Verbindung und füge es noch einmal hinzu.`,
    tooLarge: (name, megapixels) =>
      `„${name}“ hat mehr als ${megapixels} Megapixel; verkleinere es, bevor du es hinzufügst.`,
    tooManyBytes: (name, megabytes) =>
      `„${name}“ ist größer als ${megabytes} MB; verkleinere es, bevor du es hinzufügst.`,
    tooSmall: (name, side) => `„${name}“ ist kleiner als ${side} × ${side} Pixel.`,
    tooMany: (most) => `Höchstens ${most} Fotos werden benutzt; die übrigen blieben weg.`,
    noCanvas: "Dem Browser fehlt Speicher für die Fotos. Schließe andere Tabs und versuche es noch einmal.",
    sampleMissing:
      "Die Beispielfotos konnten nicht geholt werden. Prüfe die Verbindung und wähle noch einmal.",
    sampleName: (noun, number) => `Beispiel ${noun}, Foto ${number}`,
  },

  personalize: {
    title: "Bring ihm etwas von dir bei",
    lead: "Zeig ein bis zehn Fotos von einem Ding. Ein kurzes Training auf diesem Gerät gibt dir ein neues Wort dafür, das du in jedem Prompt benutzen kannst. Fotos verlassen diesen Browser nie.",
    photosTitle: "Die Fotos",
    subjectTitle: (number) => ["Das erste Ding", "Das zweite Ding", "Das dritte Ding"][number - 1] ?? "",
    addSubject: "Gleichzeitig noch ein Ding anlernen",
    removeSubject: (title) => `Entfernen: ${title}`,
    together: (things) => things.join(" next to "),
    sampleTitle: "Versuche ein Beispiel",
    sampleLabel: (noun) => `Beispiel: ${noun}`,
    sampleLook: (name, description) => sampleLooks[name] ?? description,
    ownTitle: "Oder nimm eigene",
    drop: "Fotos hier ablegen oder einfügen, oder Dateien wählen",
    photograph: "Foto aufnehmen",
    dropHint: "JPEG, PNG, WebP oder HEIC · eins bis zehn · dasselbe Ding von mehreren Seiten",
    opening: (name) => `${name} wird geöffnet …`,
    openingSample: "Die Fotos werden geöffnet …",
    photoCount: (count) => (count === 1 ? "1 Foto" : `${count} Fotos`),
    crop: "Zuschneiden",
    cropLabel: (name) => `${name} zuschneiden`,
    remove: "Entfernen",
    removeLabel: (name) => `${name} entfernen`,
    removed: (name) => `${name} entfernt.`,
    replaced: (count) => (count === 1 ? "Dein Foto wurde ersetzt." : `Deine ${count} Fotos wurden ersetzt.`),
    wishReplaced: "Dein Wunsch wurde ersetzt.",
    back: "Wieder da.",
    problemsTitle: "Manche Dateien lassen sich nicht benutzen",
    wordsTitle: "Die Wörter",
    noun: "Was ist es?",
    nounHint: "Das gewöhnliche englische Wort dafür: dog, mug, teddy bear.",
    nounPlaceholder: "dog",
    target: "Was möchtest du sehen?",
    targetHint: (nouns) =>
      nouns.length > 0
        ? `Eine Szene oder ein Stil, auf Englisch, mit ${nouns.map((noun) => `„${noun}“`).join(" und ")} darin.`
        : "Eine Szene oder ein Stil, auf Englisch, mit jenem Wort darin.",
    examplesTitle: "Beispiele",
    examples: [
      (thing) => `a photo of ${thing} wearing a crown at the beach`,
      (thing) => `a watercolor painting of ${thing} in the snow`,
      (thing) => `an oil painting of ${thing} at night`,
      (thing) => `pixel art of ${thing} in space`,
    ],
    untrained: {
      draw: "Ansehen, was das Modell ohne Training malt",
      drawing: (step, steps) => `Wird gemalt: ${step} von ${steps}`,
      title: "Vor jedem Training",
      hint: "Das Training hält sich an das, was das Modell malen kann. Trifft das deinen Wunsch nicht, formuliere ihn erst um.",
      label: (prompt) => `„${prompt}“, gemalt vom untrainierten Modell`,
      drawn: "Das Bild des untrainierten Modells ist gemalt.",
    },
    placeholder: "Sein neues Wort",
    placeholderHint: "Schreib es in Prompts, um deines zu meinen.",
    timeTitle: "Das Training",
    steps: "Trainingsschritte",
    stepsHint: "Mehr Schritte lernen das Ding besser und dauern länger.",
    previews: "Vorschau",
    previewOptions: [
      [0, "Keine Vorschau"],
      [5, "Alle 5 Schritte"],
      [10, "Alle 10 Schritte"],
      [20, "Alle 20 Schritte"],
      [50, "Alle 50 Schritte"],
    ],
    previewSteps: "Schritte je Vorschau",
    keepPhotos: "Die Fotos mit dem Adapter behalten",
    keepPhotosHint:
      "In diesem Browser, so wie sie hier geschnitten sind: um noch einmal zu trainieren, oder für eine Projektdatei. Sonst sind sie mit dem Tab weg.",
    advanced: "Weitere Einstellungen",
    reset: "Zurück zu den Vorgaben",
    memory: (size, recomputes) =>
      recomputes
        ? `Braucht etwa ${size} GPU-Speicher und rechnet manches zweimal, um Platz zu sparen.`
        : `Braucht etwa ${size} GPU-Speicher.`,
    start: "Training starten",
    waitingForModel: "Das Modell lädt noch.",
    noModel: "Das Training braucht das Modell, und das ist nicht geladen.",
    slowDevice:
      "Dieses Gerät hat keine GPU, die der Browser benutzen kann. Das Training läuft auf dem Prozessor: Aus Minuten werden Stunden. Ein paar Schritte zeigen, wie es geht.",
    obstacles: {
      ofSubject: (subject, sentence) => `${subject}: ${sentence}`,
      noPhotos: "Wähle zuerst ein Beispiel oder füge Fotos hinzu.",
      noNoun: "Sag in einem gewöhnlichen englischen Wort, was die Fotos zeigen.",
      noTarget: "Schreib, was du sehen möchtest.",
      nounNotInTarget: (noun) => `Der Wunsch muss das Wort „${noun}“ enthalten.`,
      badPlaceholder:
        "Das neue Wort muss aussehen wie <my-dog>: Buchstaben, Ziffern und Striche zwischen spitzen Klammern.",
      takenPlaceholder: (word) => `Das Wort ${word} ist schon vergeben.`,
    },
  },

  unfinished: {
    title: (word, step, steps) => `Training von ${word} fortsetzen (Schritt ${step} von ${steps})`,
    savedAt: (time) =>
      `Es wurde unterbrochen. Sein Stand von ${time} liegt im Speicher dieses Browsers, mit dem, was aus den Fotos wurde; es geht weiter, als wäre nichts gewesen.`,
    otherModel: (name) =>
      `Es wurde mit dem Modell „${name}“ begonnen, das nicht geladen ist; darum kann es jetzt nicht weitergehen.`,
    go: "Fortsetzen",
    discard: "Verwerfen",
    question: "Seinen Stand endgültig löschen?",
    yes: "Ja, löschen",
    no: "Behalten",
    damaged:
      "Ein Training wurde unterbrochen, und sein gespeicherter Stand ist beschädigt; es kann nicht weitergehen. Lösche ihn und beginne das Training neu.",
    deleteDamaged: "Löschen",
    notDiscarded:
      "Der Browser wollte den Stand des Trainings nicht löschen. Schließe andere Tabs dieser Seite und versuche es noch einmal, oder lösche die Daten dieser Seite in den Einstellungen des Browsers.",
  },

  crop: {
    title: "Quadratisch zuschneiden",
    box: "Ausschnitt. Pfeiltasten verschieben ihn, Plus und Minus ändern seine Größe.",
    size: "Größe des Ausschnitts",
    suggest: "Das Ding finden",
    found: "Der Rahmen liegt um das, was hervorsticht.",
    unsure: "Nur geraten: Kein einzelnes Ding sticht klar hervor. Sieh nach, ob der Rahmen stimmt.",
    notFound: "Hier sticht nichts hervor; der Rahmen bleibt, wo er war.",
    done: "Fertig",
  },

  run: {
    title: (word) => `${word} wird gelernt`,
    doneTitle: (word, several) => `${word} ${several ? "sind" : "ist"} gelernt`,
    failedTitle: "Das Training brach ab",
    step: (step, steps) => `Schritt ${step} von ${steps}`,
    preparing: "Das Training wird vorbereitet …",
    encoding: (photos, of) => `Die Fotos werden umgerechnet: ${photos} von ${of}`,
    compiling: (kernels, of) => `Die Programme der GPU werden vorbereitet: ${kernels} von ${of}`,
    left: (time) => `noch etwa ${time}`,
    estimating: "die Zeit wird geschätzt …",
    secondsAStep: (seconds) => `${seconds} s je Schritt`,
    pausing: "Wird angehalten: Was läuft, wird vorher beendet und behalten …",
    paused: "Angehalten",
    stopping: "Der laufende Schritt wird beendet …",
    pause: "Anhalten",
    resume: "Weiter",
    stop: "Beenden und behalten",
    cancel: "Abbrechen",
    cancelQuestion: "Alles bisher Gelernte verwerfen?",
    cancelYes: "Ja, verwerfen",
    cancelNo: "Nein, weitermachen",
    loss: "Verlust",
    lossHint:
      "Wie weit die Schätzung des Modells vom Ziel ist: grün insgesamt, rot allein von den Fotos. Beide fallen, mit Rauschen.",
    personalizationLoss: "von den Fotos",
    norm: "Länge des Wortes",
    vocabularyNorm: "Mittel des Wortschatzes",
    normHint:
      "Daneben in Rot das Mittel der Wörter des Modells. Ein viel längeres Wort übertönt die anderen.",
    rate: "Lernrate",
    rateHint: "Wie weit jeder Schritt geht.",
    ratio: "Ausrichtung ÷ Anlernen",
    ratioHint: "Wie stark der Wunsch gegen die Fotos zieht: 0,3 bis 0,6 behält beides.",
    ratioWaiting: (steps) => `Die Ausrichtung beginnt nach ${steps} Schritten.`,
    ratioOff: "λ ist 0: Dieses Training lernt nur das Aussehen.",
    textScore: {
      name: "Folgt dem Wunsch (CLIP-T)",
      hint: "Von jeder Vorschau: ein einziges Bild, also sieh auf den Verlauf und nicht auf jeden Schritt.",
    },
    imageScore: {
      name: "Nah an den Fotos (CLIP-I)",
      hint: "Steigt, während das Ding gelernt wird. Ein Wunsch in anderem Stil hält es niedrig.",
    },
    notScored: (reason) => `Die Vorschau wird nicht bewertet. ${reason}`,
    bestSoFar: (step) => `Beste Vorschau bisher: Schritt ${step}.`,
    bestKept: (step) => `Es ist der Stand von Schritt ${step}, dessen Vorschau am besten war.`,
    localizedLoss: "Aufmerksamkeit neben dem Ding",
    localizedLossHint:
      "Worauf das neue Wort außerhalb des Dings achtet, abzüglich dessen innerhalb. Sie fällt.",
    chartLabel: (name, latest) => `${name} je Trainingsschritt; letzter Wert ${latest}`,
    smoothed: "geglättet",
    each: "jeder Schritt",
    stepAxis: "Schritt",
    previewTitle: "Was es jetzt zeichnet",
    previewOf: (prompt) => `„${prompt}“`,
    previewAt: (step) => `nach ${step} Schritten`,
    previewLabel: (prompt, step) => `„${prompt}“ nach ${step} Trainingsschritten`,
    untrained: "untrainiert",
    compareUntrained: "Mit dem untrainierten Modell vergleichen",
    previewWaiting: (every) => `Die erste Vorschau kommt nach ${every} Schritten.`,
    previewOff: "Für dieses Training gibt es keine Vorschau.",
    previewDrawing: (step, steps) => `Eine Vorschau wird gezeichnet: ${step} von ${steps}`,
    done: (word) => `Das Training ist fertig. ${word} kann jetzt in Prompts stehen.`,
    useIt: "Damit zeichnen",
    export: "Exportieren",
    log: "Protokoll speichern",
    again: "Noch eins anlernen",
    keep: (step) => `Den Stand von Schritt ${step} behalten`,
    download: "Als Datei herunterladen",
    continueFrom: (step) => `Bei Schritt ${step} weitermachen`,
    kept: (step) =>
      `In diesem Browser bis Schritt ${step} gesichert: Ein geschlossener Tab verliert nichts davor.`,
    notKept: {
      full: "Der Speicher dieses Browsers ist voll, der Stand des Trainings kann nicht gesichert werden: Er ist verloren, wenn dieser Tab schließt. Das Training geht weiter. Lösche Bilder in der Galerie, um Platz zu schaffen.",
      unavailable:
        "Dieser Browser lässt die Seite den Stand des Trainings nicht sichern, wie in manchen privaten Fenstern: Er ist verloren, wenn dieser Tab schließt. Das Training geht weiter.",
    },
    photosNotKept:
      "Die Fotos konnten nicht mit ihm behalten werden: Der Speicher dieses Browsers ist voll oder der Seite verschlossen. Das Training geht weiter.",
    nothingKept: "Es brach ab, bevor der erste Stand gesichert war.",
    back: "Zurück zu den Einstellungen",
    tellMe: "Sag Bescheid, wenn es fertig ist",
    willTell: "Du bekommst eine Benachrichtigung, wenn es fertig ist.",
    tabTitle: (percent) => `${percent} % · Palpable`,
  },
};
