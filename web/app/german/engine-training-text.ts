/** What is said of trainings, their settings and their photos: `src/training`. */
import type { EngineWords } from "../engine-words";

export const trainingWords: EngineWords = {
  sentences: {
    "This model can't be personalized: {reason}.": "Diesem Modell lässt sich nichts beibringen: {reason}.",
    "This checkpoint can't be read: {0}": "Dieser gesicherte Stand lässt sich nicht lesen: {0}",
    "This checkpoint can't be resumed: {reason}.":
      "Dieser gesicherte Stand lässt sich nicht fortsetzen: {reason}.",
    "The training was cancelled while it was prepared.":
      "Das Training wurde abgebrochen, während es vorbereitet wurde.",
    "The training diverged at step {step}: its loss is no longer a number. What was learned before that step is kept; try lower learning rates or a smaller lambda.":
      "Das Training ist bei Schritt {step} entgleist: Sein Verlust ist keine Zahl mehr. Was vor diesem Schritt gelernt wurde, bleibt; versuche es mit niedrigeren Lernraten oder einem kleineren λ.",
    "The training run is complete: all its {steps} steps have been made.":
      "Das Training ist fertig: Alle seine {steps} Schritte sind gemacht.",
    "The device stopped working during training ({reason}); resume from the last checkpoint.":
      "Das Gerät ist während des Trainings ausgefallen ({reason}); setze es vom letzten gesicherten Stand fort.",

    '"{name}" is not a JPEG, PNG or WebP picture.': "„{name}“ ist kein JPEG-, PNG- oder WebP-Bild.",
    '"{name}" has {width}×{height} pixels, too many to open; make it smaller than 100 megapixels.':
      "„{name}“ hat {width}×{height} Pixel, zu viele zum Öffnen; verkleinere es auf weniger als 100 Megapixel.",
    '"{name}" is damaged and can\'t be opened ({reason}).':
      "„{name}“ ist beschädigt und lässt sich nicht öffnen ({reason}).",
    '"{name}" can\'t be read ({reason}).': "„{name}“ lässt sich nicht lesen ({reason}).",
    "{count} bytes are not a picture of {width}×{height} pixels with red, green, blue and alpha.":
      "{count} Bytes sind kein Bild von {width}×{height} Pixeln mit Rot, Grün, Blau und Alpha.",
    'The mask of "{name}" has {0}×{1} pixels and the photo {2}×{3}; make it as large, white where the subject is.':
      "Die Maske von „{name}“ hat {0}×{1} Pixel und das Foto {2}×{3}; mache sie ebenso groß, weiß, wo das Ding ist.",
    'There are no photos in "{folder}"; put 1 to {MAX_PHOTOS} JPEG, PNG or WebP files there.':
      "In „{folder}“ sind keine Fotos; leg 1 bis {MAX_PHOTOS} JPEG-, PNG- oder WebP-Dateien hinein.",
    "No photos were given; 1 to {MAX_PHOTOS} are needed.":
      "Es sind keine Fotos gegeben; 1 bis {MAX_PHOTOS} werden gebraucht.",
    "{count} photos were given; at most {most} can be used.":
      "Es sind {count} Fotos gegeben; höchstens {most} können benutzt werden.",

    "The {field} is empty; {hint}.": "Leer ist: {field}; {hint}.",
    'The target prompt contains the new word "{placeholder}"; write the class noun ("{class_noun}") there instead.':
      "Der Wunsch enthält das neue Wort „{placeholder}“; schreib dort stattdessen das gewöhnliche Wort („{class_noun}“).",
    'The personalization prompt "{prompt}" does not contain the new word; write {PLACEHOLDER_MARK} where it belongs.':
      "Der Satz über die Fotos „{prompt}“ enthält das neue Wort nicht; schreib {PLACEHOLDER_MARK}, wo es hingehört.",
    "The personalization prompt is too long: the new word does not fit into the {tokens} tokens the model reads.":
      "Der Satz über die Fotos ist zu lang: Das neue Wort passt nicht in die {tokens} Tokens, die das Modell liest.",
    'The model can read nothing in "{word}", which the new word would start as; try another word.':
      "Das Modell kann in „{word}“ nichts lesen, womit das neue Wort beginnen würde; versuche ein anderes Wort.",
    'The new word would start as "{word}", which is {tokens} tokens to the model, and Textual Inversion starts as one; set the initializer word to a single common word that names the subject.':
      "Das neue Wort würde als „{word}“ beginnen, was für das Modell {tokens} Tokens sind, und Textual Inversion beginnt mit einem; lass es als ein einzelnes, verbreitetes Wort für das Ding beginnen.",
    'Two subjects have the same new word "{placeholder}"; give each a word of its own.':
      "Zwei Dinge haben dasselbe neue Wort „{placeholder}“; gib jedem ein eigenes.",
    "The further subjects are said to have {further} of the {photos} photos; each subject needs at least one of its own, the first one too.":
      "Die weiteren Dinge sollen {further} der {photos} Fotos haben; jedes Ding braucht mindestens ein eigenes, auch das erste.",
    "There are {captions} captions for {photos} photos; give at most one a photo.":
      "Es gibt {captions} Beschreibungen für {photos} Fotos; gib höchstens eine je Foto an.",
    "The localized loss needs to know where the subject is, and no photo has a mask; give photos with transparency or masks, or set it to 0.":
      "Die Aufmerksamkeit am Ort muss wissen, wo das Ding ist, und auf keinem Foto ist es markiert; markiere es, nimm Fotos mit durchsichtigem Hintergrund oder stelle sie auf 0.",
    "The {field} is {value}, but must be between {least} and {most}.":
      "Ein Wert passt nicht: {field} ist {value}, muss aber zwischen {least} und {most} liegen.",
    "Alignment is set to act from timestep {first} to {last}; the first must not be above the last.":
      "Die Ausrichtung soll von Zeitschritt {first} bis {last} wirken; der erste darf nicht über dem letzten liegen.",
  },

  parts: {
    "the checkpoint": "die Datei",
    "it is of version {version}, this program reads version {VERSION}":
      "Er hat die Version {version}, und dieses Programm liest die Version {VERSION}",
    "its photos and their latents don't fit each other": "Seine Fotos und ihre Latents passen nicht zusammen",
    "its settings can't be written ({error})": "Seine Einstellungen lassen sich nicht schreiben ({error})",
    'it is not a training checkpoint (it has no "{key}")':
      "Er ist kein Stand eines Trainings (ihm fehlt „{key}“)",
    "its {key} can't be read ({error})": "Sein Eintrag {key} lässt sich nicht lesen ({error})",
    'it lacks the values "{name}"': "Ihm fehlen die Werte „{name}“",
    'its values "{name}" are no pictures': "Seine Werte „{name}“ sind keine Bilder",
    'it belongs to the model "{made_with}", and this is "{}"':
      "Er gehört zum Modell „{made_with}“, und dies ist „{}“",
    "it belongs to a model of another architecture": "Er gehört zu einem Modell anderer Bauart",
    "it returned an incomplete report": "es lieferte einen unvollständigen Bericht",
    "its U-Net maps {} to {} channels, but latents have {channels}":
      "Sein U-Net macht aus {} Kanälen {}, aber Latents haben {channels}",
    "its text encoder is {width} wide, which its U-Net does not take":
      "Sein Textencoder ist {width} breit, was sein U-Net nicht nimmt",

    "new word": "das neue Wort",
    "class noun": "das gewöhnliche Wort",
    "personalization prompt": "der Satz über die Fotos",
    "target prompt": "der Wunsch",
    "initializer word": "das Wort, als das es beginnt",
    "give the subject a name like <my-dog>": "gib dem Ding einen Namen wie <my-dog>",
    'say in a word what the subject is, like "dog"': "sag mit einem englischen Wort, was es ist, etwa „dog“",
    '"a photo of a {placeholder} {class}" will do': "„a photo of a {placeholder} {class}“ genügt",
    'describe the picture you want, like "a sketch of a dog"':
      "beschreib das Bild, das du sehen willst, etwa „a sketch of a dog“",
    "leave it out to start from the class noun": "ohne es beginnt das neue Wort als das gewöhnliche",

    alpha: "α",
    beta: "β",
    lambda: "λ",
    "factor of lambda at the lowest timestep": "der Faktor von λ am niedrigsten Zeitschritt",
    "factor of lambda at the highest timestep": "der Faktor von λ am höchsten Zeitschritt",
    "number of steps over which lambda rises": "die Zahl der Schritte, über die λ wächst,",
    "number of alignment samples": "die Zahl der Rauschen je Schritt",
    "number of embedding vectors": "die Zahl der Wortvektoren",
    rank: "der Rang der LoRA",
    "LoRA alpha": "das Alpha der LoRA",
    "number of steps": "die Zahl der Schritte",
    "number of warm-up steps": "die Zahl der Schritte vor der Ausrichtung",
    "batch size": "der Stapel",
    "number of accumulated batches": "die Ansammlung",
    "LoRA learning rate": "die Lernrate des Adapters",
    "embedding learning rate": "die Lernrate des Wortes",
    "weight decay": "der Gewichtsabbau",
    "gradient clip": "der längste Gradient",
    "number of warm-up steps of the learning rate": "die Zahl der Schritte, über die Lernraten wachsen,",
    "embedding norm cap": "der längste Wortvektor",
    "norm that the embedding decays to": "der Abbau der Länge des Wortes",
    "embedding anchor": "der Anker des Wortes",
    "weight of prior preservation": "das Gewicht der Bilder des gewöhnlichen Dings",
    "number of prior pictures": "die Zahl der Bilder des gewöhnlichen Dings",
    "min-SNR gamma": "das γ von Min-SNR",
    "share of the masked loss": "das Gewicht der Markierung",
    "weight of the localized loss": "das Gewicht der Aufmerksamkeit am Ort",
    "colour jitter": "die Streuung der Farben",
    resolution: "die Seitenlänge im Training",
    "number of framings of a photo": "die Zahl der Ausschnitte eines Fotos",
  },
};
