/** What the engine's worker says of fetching and keeping models, and of its own state: `web/engine/worker`. */
import type { EngineWords } from "../engine-words";

export const transferWords: EngineWords = {
  sentences: {
    "This browser offers no WebGPU, which Palpable computes with.":
      "Dieser Browser bietet kein WebGPU an, womit Palpable rechnet.",
    "This browser doesn't allow WebAssembly, which Palpable's engine is.":
      "Dieser Browser erlaubt kein WebAssembly, aus dem Palpables Rechenkern besteht.",
    "The engine's file could not be fetched. Check the connection and try again.":
      "Die Datei des Rechenkerns konnte nicht geholt werden. Prüfe die Verbindung und versuche es noch einmal.",
    "The engine is not open yet.": "Der Rechenkern ist noch nicht bereit.",
    "Another {kind} is still running; stop it or wait for its end.":
      "Es läuft schon etwas: {kind}. Beende es oder warte, bis es fertig ist.",
    "The model in use is at work. Wait for its end or stop it, then load another.":
      "Das benutzte Modell arbeitet gerade. Warte, bis es fertig ist, oder halte es an; lade dann ein anderes.",
    "A file can't be read. Check that it is still there, and choose it again.":
      "Eine Datei lässt sich nicht lesen. Prüfe, ob sie noch da ist, und wähle sie noch einmal.",
    "The saved state of this training is damaged; it can't be continued.":
      "Der gesicherte Stand dieses Trainings ist beschädigt; es kann nicht weitergehen.",
    "No judge comes with the model in use, so its pictures can't be scored here.":
      "Zum benutzten Modell gehört kein Gutachter; darum lassen sich seine Bilder hier nicht bewerten.",
    "The judge that scores pictures could not be fetched: there is no connection, or it doesn't come with this model.":
      "Der Gutachter, der Bilder bewertet, konnte nicht geholt werden: Es gibt keine Verbindung, oder zu diesem Modell gehört keiner.",
    "Nobody asked for a connection to {address.host}; it was not made.":
      "Niemand hat um eine Verbindung zu {address.host} gebeten; sie wurde nicht aufgebaut.",

    "Write the whole address, beginning with https://.": "Schreib die ganze Adresse, mit https:// am Anfang.",
    "{address.host} has no {name}. Check the address.": "{address.host} hat kein {name}. Prüfe die Adresse.",
    "{url.host} doesn't say how long {path} is. Fetch it yourself and open the file.":
      "{url.host} sagt nicht, wie lang {path} ist. Lade es selbst herunter und öffne die Datei.",
    "{path} has no bytes {start} to {end}.": "{path} hat keine Bytes {start} bis {end}.",
    "The model's file {path} has no bytes {start} to {end}.":
      "Die Datei {path} des Modells hat keine Bytes {start} bis {end}.",
    "The tokenizer's file could not be fetched. Check the connection and try again.":
      "Die Datei des Tokenizers konnte nicht geholt werden. Prüfe die Verbindung und versuche es noch einmal.",
    "That model has no {missing.join} to give. Choose another one.":
      "Jenem Modell fehlt selbst, was es geben soll: {missing.join}. Wähle ein anderes.",
    "The list of the model's files could not be fetched. Check the connection and try again.":
      "Die Liste der Dateien des Modells konnte nicht geholt werden. Prüfe die Verbindung und versuche es noch einmal.",
    "The browser has no room left to keep the model. Free some storage for this site and try again.":
      "Der Browser hat keinen Platz mehr für das Modell. Schaffe Platz für diese Seite und versuche es noch einmal.",
    "The model's file {name} could not be fetched whole. Check the connection and try again.":
      "Die Datei {name} des Modells konnte nicht ganz geholt werden. Prüfe die Verbindung und versuche es noch einmal.",

    "{url.host} can't be reached, or doesn't let pages of other sites read its files.":
      "{url.host} ist nicht erreichbar oder lässt andere Seiten seine Dateien nicht lesen.",
    "{url.host} gives {what} only to those it knows. Accept the model's terms there if it has any, then enter an access token.":
      "{url.host} gibt {what} nur an Bekannte. Nimm dort die Bedingungen des Modells an, falls es welche hat, und gib dann ein Zugriffstoken ein.",
    "{url.host} has no {what}. Check the spelling.": "{url.host} hat kein {what}. Prüfe die Schreibweise.",
    "{what} is shorter on {url.host} than it said. Try again later.":
      "{what} ist auf {url.host} kürzer, als es hieß. Versuche es später noch einmal.",
    "{url.host} answers with status {status}.": "{url.host} antwortet mit dem Status {status}.",
    "{url.host} refuses {what} with status {status}.":
      "{url.host} verweigert {what} mit dem Status {status}.",
    "{path} has changed on the server meanwhile. Fetch the model again.":
      "{path} hat sich auf dem Server inzwischen geändert. Hole das Modell noch einmal.",
    "The server says that {path} has {range[2]} bytes where {bytes} were announced. Fetch the model again.":
      "Der Server sagt, dass {path} {range[2]} Bytes hat, und angekündigt waren {bytes}. Hole das Modell noch einmal.",
    "The server sends more of {path} than it said there is. Try again, or another source.":
      "Der Server schickt mehr von {path}, als es geben soll. Versuche es noch einmal, oder mit einer anderen Quelle.",
    "{path} doesn't arrive: {message} What has arrived is kept; check the connection and try again.":
      "{path} kommt nicht an: {message}. Was da ist, bleibt; prüfe die Verbindung und versuche es noch einmal.",
    "{path} is not as it was chosen: it was changed, moved or deleted, or its drive isn't connected. Choose it again.":
      "{path} ist nicht mehr, was ausgewählt wurde: geändert, verschoben oder gelöscht, oder das Laufwerk ist nicht angeschlossen. Wähle es noch einmal aus.",
    "It ended early.": "Es endete zu früh.",
    "Next to nothing arrived.": "Es kam fast nichts an.",

    "Write the repository as owner/name.": "Schreib das Repositorium als Besitzer/Name.",
    "{host.host} answers with something other than a list of files. Try again later.":
      "{host.host} antwortet mit etwas anderem als einer Liste von Dateien. Versuche es später noch einmal.",
    "The repository holds several models. Write the file to take behind its name, for example {checkpoints[0]}.":
      "Das Repositorium enthält mehrere Modelle. Schreib die gewünschte Datei hinter seinen Namen, zum Beispiel {checkpoints[0]}.",
    "The repository holds no model that can be read. Choose a Stable Diffusion model.":
      "Das Repositorium enthält kein Modell, das sich lesen lässt. Wähle ein Modell von Stable Diffusion.",
    "The repository has no file {path}. Check the spelling.":
      "Das Repositorium hat keine Datei {path}. Prüfe die Schreibweise.",
    "{path} is a pickle, which can run code when it is opened. Convert the model to .safetensors first, or choose one that is.":
      "{path} ist ein Pickle, der beim Öffnen Code ausführen kann. Wandle das Modell erst in .safetensors um oder wähle eines, das es schon ist.",
    "The model has no {path}. Choose a Stable Diffusion 1.x or 2.x model.":
      "Dem Modell fehlt {path}. Wähle ein Modell von Stable Diffusion 1.x oder 2.x.",
    "Choose one .safetensors file, or a folder with model_index.json in it.":
      "Wähle eine .safetensors-Datei oder einen Ordner, in dem eine model_index.json liegt.",

    "{path} arrived damaged: its SHA-256 isn't the one that its source names. Fetch the model again.":
      "{path} kam beschädigt an: Seine SHA-256 ist nicht die, die seine Quelle nennt. Hole das Modell noch einmal.",
    "This model isn't whole in the browser's storage any more. Fetch it again.":
      "Dieses Modell liegt nicht mehr ganz im Speicher des Browsers. Hole es noch einmal.",
    "{path} is damaged in the browser's storage. Delete the model and fetch it again.":
      "{path} ist im Speicher des Browsers beschädigt. Lösche das Modell und hole es noch einmal.",
    "The browser has no room left to keep the model. Delete other models or pictures here, or free some of the disk, and try again: what has arrived is kept.":
      "Der Browser hat keinen Platz mehr für das Modell. Lösche hier andere Modelle oder Bilder oder schaffe Platz auf der Platte und versuche es noch einmal: Was da ist, bleibt.",
  },

  parts: {
    "model's fetch": "ein Modell wird geholt",
    generation: "ein Bild wird gezeichnet",
    preview: "eine Vorschau wird gezeichnet",
    training: "ein Training",
    bench: "eine Messung des Geräts",
    evaluation: "eine Messung der Adapter",
    "{repository}, or nothing of that name": "{repository}, oder nichts mit diesem Namen",
  },
};
