/** The words of the help and the tour, in German; part of the page's. */
import type { helpTexts } from "../../features/help/text";

export const germanHelp: typeof helpTexts = {
  tour: {
    label: "Rundgang",
    step: (step, steps) => `Rundgang, ${step} von ${steps}`,
    steps: [
      [
        "Zeig ihm ein Ding von dir",
        "Ein bis zehn Fotos von demselben Ding, oder ein Beispiel zum Ausprobieren, und das gewöhnliche englische Wort dafür.",
      ],
      [
        "Sag, was du sehen willst, und trainiere",
        "Das Training lernt dein Ding und hält sich an deinen Wunsch. Es läuft auf diesem Gerät: Kein Foto verlässt es.",
      ],
      [
        "Zeichne mit seinem neuen Wort",
        "Das Wort geht in jedem Prompt. Ein Klick zeigt dasselbe Bild ohne das Gelernte.",
      ],
      [
        "Alles bleibt bei dir",
        "Bilder und Adapter bleiben in diesem Browser, bis du sie löschst, und alles geht auch ohne Netz.",
      ],
    ],
    next: "Weiter",
    previous: "Zurück",
    skip: "Rundgang überspringen",
    end: "Verstanden",
  },

  help: {
    open: "Hilfe und Tasten",
    title: "Hilfe",
    keys: [
      [["1", "…", "7"], "zu einer Ansicht gehen"],
      [["?"], "diese Hilfe öffnen"],
      [["Strg", "Enter"], "das Training oder das Bild starten, aus jedem seiner Felder"],
      [["←", "→"], "neueres oder älteres Bild, in der Galerie"],
      [["Strg", "Z"], "zurückholen, was eben entfernt wurde"],
      [["Esc"], "schließen, was offen ist"],
    ],
    singleKeys: "Einzelne Tasten wirken sofort",
    singleKeysHint: "Schalte es aus, wenn Tasten ungewollt gedrückt werden, wie bei Spracheingabe.",
    device: "Dieses Gerät, für eine Meldung",
    tour: "Rundgang zeigen",
    close: "Schließen",
  },
};
