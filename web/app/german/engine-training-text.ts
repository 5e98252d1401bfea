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
    "The model's autoencoder makes no numbers of a photo; use another model.":
      "Der Autoencoder des Modells macht aus einem Foto keine Zahlen; nimm ein anderes Modell.",
    "The training diverged at step {step}: its loss is no longer a number. What was learned before that step is kept; try lower learning rates or a smaller lambda.":
      "Das Training ist bei Schritt {step} entgleist: Sein Verlust ist keine Zahl mehr. Was vor diesem Schritt gelernt wurde, bleibt; versuche es mit niedrigeren Lernraten oder einem kleineren λ.",
    "The training run is complete: all its {steps} steps have been made.":
      "Das Training ist fertig: Alle seine {steps} Schritte sind gemacht.",
    "The device stopped working during training ({reason}); resume from the last checkpoint.":
      "Das Gerät ist während des Trainings ausgefallen ({reason}); setze es vom letzten gesicherten Stand fort.",

    'The target prompt "{prompt}" does not mention the class noun "{}": alignment will then pull away from the subject.':
      "Im Wunsch „{prompt}“ kommt „{}“ nicht vor: Die Ausrichtung zieht dann vom Ding weg.",
    'The target prompt is too long; the model does not see "{rest}".':
      "Der Wunsch ist zu lang; „{rest}“ sieht das Modell nicht.",
    "All {steps} steps are warm-up steps, so prompt alignment will never act.":
      "Die Ausrichtung beginnt erst nach allen {steps} Schritten; dem Wunsch wird also nicht gefolgt.",
    "Lambda rises over {} steps, more than the run has after its warm-up: it will not reach {lambda}.":
      "λ wächst über {} Schritte, mehr als nach denen vor der Ausrichtung bleiben: {lambda} erreicht es nicht.",
    "Lambda has the factor 0 at every timestep, so prompt alignment will never act.":
      "Der Faktor von λ ist an jedem Zeitschritt 0; dem Wunsch wird also nicht gefolgt.",
    "Alpha ({alpha}) is not above beta ({beta}), so the target prompt will hardly be followed.":
      "α ({alpha}) liegt nicht über β ({beta}); dem Wunsch wird so kaum gefolgt.",
    "Beta ({beta}) has no part in score distillation, which compares with the noise alone.":
      "β ({beta}) spielt bei der Score-Destillation keine Rolle; sie vergleicht nur mit dem Rauschen.",
    "Score distillation draws towards a generic picture of the class; the two-branch form keeps more of the subject.":
      "Score-Destillation zieht zu einem Allerweltsbild hin; mit zwei Zweigen bleibt mehr vom Ding.",
    "Fast alignment looks at the noisy photo itself, so fresh noise and further samples change nothing.":
      "Die schnelle Ausrichtung sieht das verrauschte Foto selbst an; frisches Rauschen und mehr davon ändern nichts.",
    "Without the rescaling late timesteps weigh up to 15 times as much as lambda ({lambda}) says; try a tenth of it.":
      "Ohne den Ausgleich zählen späte Zeitschritte bis zu 15-mal so viel, wie λ ({lambda}) sagt; versuche es mit einem Zehntel.",
    "The learning rates rise over {} steps, which is the whole run: they will never be what is set.":
      "Die Lernraten wachsen über {} Schritte, also bis zum Ende: Sie werden nie, was eingestellt ist.",
    "Norm decay and retraction of the spread both draw at the length of the new word; one of them is enough.":
      "Zwei Einstellungen ziehen an der Länge des neuen Wortes; eine davon genügt.",
    "Full weights are to be trained at a rate of {}, which will likely ruin the model; 0.000005 to 0.0001 is usual.":
      "Ganze Gewichte mit einer Lernrate von {} zu trainieren, verdirbt wohl das Modell; üblich sind 0,000005 bis 0,0001.",
    "Neither the new word nor any weight is trained, so nothing will be learned.":
      "Weder das neue Wort noch ein Gewicht wird trainiert; so wird nichts gelernt.",
    "With one framing a photo there is none to change in size or colour; the first framing is always the photo itself.":
      "Bei einem Ausschnitt je Foto gibt es keinen in anderer Größe oder Farbe; der erste ist immer das Foto selbst.",
    "{} of {} photos have a mask; the localized loss passes over the others.":
      "{} von {} Fotos sind markiert; die übrigen lässt der örtliche Verlust aus.",
    "{} of {} photos have a mask that shows nothing, at least where it is cropped; there the whole photo counts.":
      "{} von {} Fotos sind so markiert, dass nichts zu sehen ist, zumindest in einem Ausschnitt; dort zählt das ganze Foto.",
    "No photo has a mask, so the masked loss does nothing.":
      "Kein Foto ist markiert; der Verlust mit Maske bewirkt also nichts.",

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
    "its pictures are larger than its settings make them":
      "Seine Bilder sind größer, als seine Einstellungen sie machen",
    "its settings can't be written ({error})": "Seine Einstellungen lassen sich nicht schreiben ({error})",
    'it is not a training checkpoint (it has no "{key}")':
      "Er ist kein Stand eines Trainings (ihm fehlt „{key}“)",
    "its {key} can't be read ({error})": "Sein Eintrag {key} lässt sich nicht lesen ({error})",
    'it lacks the values "{name}"': "Ihm fehlen die Werte „{name}“",
    'its values "{name}" are no pictures': "Seine Werte „{name}“ sind keine Bilder",
    'it belongs to the model "{made_with}", and this is "{}"':
      "Er gehört zum Modell „{made_with}“, und dies ist „{}“",
    "it began with another model ({what}: {before}, now {now}); load that one, with the same options":
      "Er begann mit einem anderen Modell ({what}: {before}, jetzt {now}); lade jenes, mit denselben Einstellungen",
    prediction: "Vorhersage",
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
