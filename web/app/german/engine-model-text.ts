/** What is said of a model's files: `src/weights`, `src/model`, `src/tokenizer` and packed weights in `src/ops`. */
import type { EngineWords } from "../engine-words";

export const modelWords: EngineWords = {
  sentences: {
    "the model folder has no {path}": "dem Ordner des Modells fehlt {path}",
    "{index} names the part {shard}, which is not in the folder; download the model again":
      "{index} nennt den Teil {shard}, der nicht im Ordner ist; lade das Modell noch einmal herunter",
    '{index} says that {shard} holds "{name}", which it does not; download the model again':
      "{index} sagt, dass {shard} „{name}“ enthält, und das stimmt nicht; lade das Modell noch einmal herunter",
    "{path} could not be read: {reason}": "{path} konnte nicht gelesen werden: {reason}",
    "{path} is a pickle, which can run code when opened; convert the model to .safetensors first":
      "{path} ist ein Pickle, der beim Öffnen Code ausführen kann; wandle das Modell erst in .safetensors um",
    '{path} is only a Git LFS pointer; fetch the file itself with "git lfs pull"':
      "{path} ist nur ein Verweis von Git LFS; hole die Datei selbst mit „git lfs pull“",
    "{path} is cut short: it has {actual} of {expected} bytes; download it again":
      "{path} ist abgeschnitten ({actual} von {expected} Bytes); lade es noch einmal herunter",
    "{path} is not a valid safetensors file: {problem}":
      "{path} ist keine gültige safetensors-Datei: {problem}",
    "{path} is not a checkpoint that can be opened: {reason}; choose a Stable Diffusion 1.x or 2.x model":
      "{path} ist kein Checkpoint, der sich öffnen lässt: {reason}; wähle ein Modell von Stable Diffusion 1.x oder 2.x",
    "{path} lacks {parts}; name a model to complete it with":
      "{path} ist nicht vollständig: Es fehlt {parts}; nenne ein Modell, das es ergänzt",
    "{path} is not usable: {problem}": "{path} ist nicht brauchbar: {problem}",
    '{component} lacks the tensor "{name}"; is it a model of another kind?':
      "{component} hat keinen Tensor „{name}“; ist es ein Modell anderer Art?",
    '"{name}" of {component} has the shape {actual:?} where its config asks for {expected:?}':
      "„{name}“ von {component} hat die Form {actual:?}, und seine Konfiguration verlangt {expected:?}",
    '"{name}" of {component} is stored as {stored}, which this program does not read; choose a file of the model in fp16, bf16 or fp32':
      "„{name}“ von {component} ist als {stored} gespeichert, was dieses Programm nicht liest; wähle eine Datei des Modells in fp16, bf16 oder fp32",
    '"{name}" in {path} holds numbers that are not finite: the file is damaged; download it again or choose another file':
      "„{name}“ in {path} enthält Zahlen, die nicht endlich sind: Die Datei ist beschädigt; lade sie noch einmal herunter oder wähle eine andere",
    '"{name}" of {component} holds nothing': "„{name}“ von {component} enthält nichts",
    '"{name}" of {component} holds numbers too large for 16-bit floats; load it in 32 bits':
      "„{name}“ von {component} enthält Zahlen, die für 16 Bit zu groß sind; lade es in 32 Bit",
    '"{name}" of {component} is packed in fewer bits, where its layer needs floats; load it unpacked':
      "„{name}“ von {component} ist in weniger Bits gepackt, und seine Schicht braucht Gleitkommazahlen; lade es ungepackt",
    "weights can be loaded as f32 or f16, not as {requested}":
      "Gewichte können als f32 oder f16 geladen werden, nicht als {requested}",
    "a weight of shape {shape:?} cannot be made of {count} numbers: check the file it was read from":
      "ein Gewicht der Form {shape:?} kann nicht aus {count} Zahlen bestehen: Prüfe die Datei, aus der es stammt",

    "the {component}'s config.json cannot be read: {reason}":
      "die config.json ({component}) lässt sich nicht lesen: {reason}",
    "the {component}'s config.json sets {setting} to {value}, which is not supported; choose a Stable Diffusion 1.x or 2.x model in diffusers' layout":
      "die config.json ({component}) setzt {setting} auf {value}, womit dieses Programm nicht rechnet; wähle ein Modell von Stable Diffusion 1.x oder 2.x in der Form von diffusers",
    "the {component}'s config.json contradicts itself: {reason}":
      "die config.json ({component}) widerspricht sich: {reason}",

    "the tokenizer's vocab.json is not usable: {problem}":
      "die vocab.json des Tokenizers ist nicht brauchbar: {problem}",
    "line {line} of the tokenizer's merges.txt is not a pair of tokens":
      "Zeile {line} der merges.txt des Tokenizers ist kein Paar von Tokens",
    "the tokenizer's vocab.json and merges.txt do not belong together: {problem}":
      "vocab.json und merges.txt des Tokenizers gehören nicht zusammen: {problem}",
    "the tokenizer's settings are not usable: {problem}":
      "die Einstellungen des Tokenizers sind nicht brauchbar: {problem}",
    "the tokenizer's vocabulary lacks {token}": "dem Wortschatz des Tokenizers fehlt {token}",
    "a placeholder needs a name, such as <my-dog>": "ein neues Wort braucht einen Namen, etwa <my-dog>",
    '"{placeholder}" cannot be a placeholder, because it contains a space; write <my-dog>, for instance':
      "„{placeholder}“ kann kein neues Wort sein, denn es enthält ein Leerzeichen; schreib zum Beispiel <my-dog>",
    '"{word}" is a word that the model already knows; choose another placeholder, such as <my-{word}>':
      "„{word}“ ist ein Wort, das das Modell schon kennt; wähle ein anderes neues Wort, etwa <my-{word}>",
    '"{placeholder}" cannot be a placeholder, because this model reads it in parts; choose another of letters, digits and hyphens, such as <my-dog>':
      "„{placeholder}“ kann kein neues Wort sein, denn dieses Modell liest es in Teilen; wähle ein anderes aus Buchstaben, Ziffern und Bindestrichen, etwa <my-dog>",
    "a placeholder has 1 to {most} vectors, not {vectors}":
      "ein neues Wort hat 1 bis {most} Vektoren, nicht {vectors}",
  },

  parts: {
    "text encoder": "Textencoder",
    "preview autoencoder": "Autoencoder der Vorschau",
    "CLIP image processor": "Bildvorbereitung von CLIP",
    model: "Modell",
    "the model": "das Modell",

    '"{token}" has the number {id}, and there are only {tokens} tokens':
      "„{token}“ hat die Nummer {id}, und es gibt nur {tokens} Tokens",
    "it is far too long for a text file": "Es ist viel zu lang für eine Textdatei",
    "it is not UTF-8 text": "Es ist kein Text in UTF-8",
    "it names a part outside of its folder, {shard}": "Es nennt einen Teil außerhalb seines Ordners, {shard}",
    'its header does not start with "{"': "Ihr Kopf beginnt nicht mit „{“",
    "its header cannot be read ({error})": "Ihr Kopf lässt sich nicht lesen ({error})",
    'the data of "{name}" overlaps or leaves a hole':
      "Die Daten von „{name}“ überlappen oder lassen eine Lücke",
    '"{name}" has not as many bytes as its shape asks for':
      "„{name}“ hat nicht so viele Bytes, wie seine Form verlangt",
    '"{name}" lies beyond any file\'s end': "„{name}“ liegt hinter dem Ende jeder Datei",
    "it goes on after its last tensor": "Sie geht nach ihrem letzten Tensor weiter",
    "its header claims to be longer than 100 MB": "Ihr Kopf soll länger als 100 MB sein",

    "no part of it has the names of a Stable Diffusion 1.x or 2.x":
      "Kein Teil davon hat die Namen eines Stable Diffusion 1.x oder 2.x",
    "it is a Stable Diffusion XL": "Es ist ein Stable Diffusion XL",
    "its U-Net takes a class beside the prompt, as SD XL's does":
      "Sein U-Net nimmt neben dem Prompt eine Klasse, wie das von SD XL",
    "it is a Stable Diffusion 3": "Es ist ein Stable Diffusion 3",
    "it is a Flux model": "Es ist ein Flux-Modell",
    "it is a LoRA, an addition to a model; open it as an adapter":
      "Es ist eine LoRA, ein Zusatz zu einem Modell; öffne sie als Adapter",
    "it is a ControlNet, an addition to a model": "Es ist ein ControlNet, ein Zusatz zu einem Modell",

    "it does not make pictures of {image_size}×{image_size}":
      "Sie macht keine Bilder von {image_size}×{image_size}",
    "a hidden_size of {width} cannot be shared by {heads} attention heads":
      "Eine hidden_size von {width} lässt sich nicht auf {heads} Köpfe der Aufmerksamkeit verteilen",
    "it has a vocabulary of nothing": "Ihr Wortschatz ist leer",
    "an image_size of {image} cannot be cut into patches of {patch}":
      "Eine image_size von {image} lässt sich nicht in Stücke von {patch} schneiden",
    "{setting} has {} entries, block_out_channels has {levels}":
      "{setting} hat {} Einträge, block_out_channels hat {levels}",
    "{setting} has {entries} entries, block_out_channels has {levels}":
      "{setting} hat {entries} Einträge, block_out_channels hat {levels}",
    "the {half}'s lists of channels and blocks do not fit":
      "Die Listen der Kanäle und Blöcke ({half}) passen nicht zusammen",
    "the {half}'s levels differ in their channels": "Die Stufen ({half}) haben verschieden viele Kanäle",
    "{setting} is 0": "{setting} ist 0",
    "block_out_channels is empty": "block_out_channels ist leer",
    "{channels} channels do not divide into {groups} groups":
      "{channels} Kanäle lassen sich nicht in {groups} Gruppen teilen",
    "{channels} channels do not divide into {heads} heads":
      "{channels} Kanäle lassen sich nicht auf {heads} Köpfe verteilen",
  },
};
