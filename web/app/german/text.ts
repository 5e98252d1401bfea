/** The page's words in German. Prompts and what the model is asked for stay English: it understands nothing else. */
import type { Text } from "../text";
import { germanAbout } from "./about-text";
import { germanAdapters } from "./adapters-text";
import { germanGallery } from "./gallery-text";
import { germanGenerate } from "./generate-text";
import { germanHelp } from "./help-text";
import { germanPersonalize } from "./personalize-text";

export const german: Text = {
  appName: "Palpable",
  skipToContent: "Zum Inhalt",
  screens: {
    personalize: "Anlernen",
    generate: "Zeichnen",
    gallery: "Galerie",
    adapters: "Adapter",
    evaluate: "Messen",
    models: "Modelle",
    about: "Gerät",
  },
  navigation: "Ansichten",
  undo: "Rückgängig",
  copying: {
    done: "Kopiert.",
    forbidden: "Der Browser erlaubt das Kopieren hier nicht. Markiere dies und kopiere es selbst:",
  },
  longText: { all: "Alles zeigen", less: "Weniger zeigen" },
  unreadableFiles:
    "Nicht alles davon ließ sich lesen. Prüfe, ob es noch da ist und gelesen werden darf, und wähle es dann noch einmal.",
  loading: "Lädt",
  outside: (least, most, whole) =>
    `Hier gehen nur ${whole ? "ganze Zahlen" : "Zahlen"} von ${least} bis ${most}; das Feld wurde berichtigt.`,
  million: (value) => `${value} Millionen`,
  billion: (value) => `${value} Milliarden`,
  screenNotFetched:
    "Diese Ansicht konnte nicht geholt werden. Prüfe die Verbindung und versuche es noch einmal; hilft das nicht, lade die Seite neu.",

  device: {
    checking: "Das Gerät wird geprüft …",
    pillReady: "Bereit",
    pillSlow: "Bereit, langsam",
    pillChecking: "Prüft",
    pillLoading: "Lädt",
    pillFault: "Braucht Hilfe",
  },

  update: {
    title: "Eine neue Version ist da",
    ready: "Sie kommt mit dem Neuladen der Seite, das eine Sekunde dauert.",
    working: "Sie wartet: Ein Tab von Palpable ist mitten in der Arbeit. Lade neu, wenn das fertig ist.",
    reload: "Neu laden",
    later: "Später",
  },

  model: {
    title: "Das Demo-Modell wird vorbereitet",
    fetching: (loaded, total) => `Das Modell wird geholt: ${loaded} von ${total}`,
    uploading: (loaded, total) => `Es kommt auf die GPU: ${loaded} von ${total}`,
    compiling: (kernels, of) => `Die Programme der GPU werden vorbereitet: ${kernels} von ${of}`,
    starting: "Die Liste der Dateien wird gelesen …",
    hint: "Das geschieht einmal. Der nächste Besuch liest es aus dem Speicher dieses Browsers.",
    failed: "Das Modell konnte nicht geladen werden.",
    otherTitle: "Das Modell wird vorbereitet",
    orDemo: "Das Demo-Modell kommt mit der Seite und tut es einstweilen.",
    useDemo: "Das Demo-Modell benutzen",
    onDisk: {
      last: (name) => `Beim letzten Besuch hast du ${name} benutzt`,
      asks: "Es liegt auf der Platte dieses Geräts. Der Browser fragt dich, bevor die Seite es wieder liest; bis dahin ist das Demo-Modell in Gebrauch.",
      again: (name) => `${name} wieder benutzen`,
      notNow: "Jetzt nicht",
      toModels: "Alle Modelle ansehen",
      refused: (name) =>
        `Der Browser lässt die Seite ${name} nicht lesen. Drücke noch einmal auf „Benutzen“ und erlaube es, oder erlaube es in den Einstellungen des Browsers für diese Seite.`,
      gone: (name) =>
        `${name} ist nicht mehr, wo es war: Es wurde verschoben, umbenannt oder gelöscht, oder sein Laufwerk ist nicht angeschlossen. Öffne es von dort, wo es jetzt liegt.`,
      changed: (name) =>
        `${name} hat sich auf der Platte geändert, seit es zuletzt benutzt wurde. Sieh an, was es jetzt ist, und benutze es dann.`,
      notKept:
        "Die Datenbank des Browsers arbeitet nicht; wo Modelle auf der Platte liegen, kann er sich nicht merken.",
    },
  },

  memoryLimit: {
    label: "GPU-Speicher, den es nehmen darf, in GB",
    hint: "Browser sagen nicht, wie viel da ist. Was mehr braucht, wird abgelehnt.",
    change: "Ändern, wie viel Speicher es nehmen darf",
  },

  faults: {
    retry: "Noch einmal versuchen",
    restart: "Rechenkern neu starten",
    restartAnyway: "Trotzdem neu starten",
    engineWorks: "Der Rechenkern arbeitet. Ein Neustart bricht das ab.",
    dismiss: "Schließen",
    details: "Was hilft",
    overflow: "Mit 32-Bit-Zahlen rechnen",
    notOpen: "Der Rechenkern läuft nicht. Starte ihn neu.",
    insecurePage: "Browser bieten WebGPU nur Seiten von https oder localhost an.",
    noWebGpu: "Dieser Browser bietet kein WebGPU an, womit Palpable rechnet.",
    noGpu: "Dieser Browser bietet hier kein WebGPU: Er hat keine Grafikkarte, die er benutzen darf.",
    wasmBlocked: "Dieser Browser erlaubt kein WebAssembly, aus dem Palpables Rechenkern besteht.",
    engineStopped: "Der Rechenkern ist unerwartet stehen geblieben.",
    ofKind: {
      DeviceLost: "Der Browser hat die Verbindung zur Grafikkarte verloren.",
      OutOfMemory: "Der Speicher der Grafikkarte reicht nicht.",
      BadFile: "Die Datei lässt sich nicht benutzen.",
      BadSettings: "So geht es nicht.",
      Network: "Etwas konnte nicht geholt werden.",
      Internal: "Im Rechenkern ging etwas schief.",
    },
    otherTab:
      "Palpable ist in einem anderen Tab offen, der den Rechenkern hat. Dieser hier macht von selbst weiter, sobald jener geschlossen ist.",
    useHere: "In diesem Tab benutzen",
    otherTabWorks: "Der andere Tab ist mitten in der Arbeit. Lass ihn fertig werden oder halte sie dort an.",
    whatToDo: {
      NoWebGpu: [
        "Nimm ein aktuelles Chrome oder Edge auf Windows, macOS, Linux oder Android, Safari 26 auf macOS oder iOS, oder ein aktuelles Firefox auf Windows oder einem Mac mit Apple-Chip.",
        "Schalte die Hardwarebeschleunigung in den Einstellungen des Browsers ein und bring den Grafiktreiber auf den neuesten Stand.",
        "Unter Linux braucht Chrome manchmal „Unsafe WebGPU Support“ und „Vulkan“ unter chrome://flags.",
      ],
      WasmBlocked: [
        "Schalte die JavaScript-Optimierung oder den erweiterten Sicherheitsmodus für diese Seite um: Sie verbieten WebAssembly.",
        "Auch eine Erweiterung oder die Richtlinie einer Firma kann es verbieten; versuche ein anderes Browserprofil.",
      ],
      InsecurePage: [
        "Öffne die Seite unter ihrer https-Adresse, oder unter http://localhost auf deinem eigenen Rechner.",
      ],
      other: [
        "Lade die Seite neu. Geschieht es wieder, kopiere die Angaben unten in eine Meldung.",
        "Schließe andere Tabs und Programme, die die Grafikkarte benutzen.",
      ],
    },
  },

  beforeAfter: {
    slider: (before, after) => `Linie zwischen „${before}“ links und „${after}“ rechts`,
    share: (percent, before) => `${percent} % ${before}`,
  },

  ...germanHelp,
  ...germanPersonalize,
  generate: germanGenerate,
  gallery: germanGallery,
  adapters: germanAdapters,
  ...germanAbout,
};
