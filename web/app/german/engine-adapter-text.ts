/** What is said of adapters, projects and archives: `src/adapter`. */
import type { EngineWords } from "../engine-words";

export const adapterWords: EngineWords = {
  sentences: {
    '{file} is a pickle, which can run code when opened; convert it to .safetensors first, in Python: safetensors.torch.save_file(torch.load("{file}", weights_only=True), "converted.safetensors") for a LoRA, or with {{"emb_params": its tensor}} for an embedding':
      '{file} ist ein Pickle, der beim Öffnen Code ausführen kann; wandle ihn erst in .safetensors um, in Python: safetensors.torch.save_file(torch.load("{file}", weights_only=True), "converted.safetensors") bei einer LoRA, oder mit {{"emb_params": sein Tensor}} bei einem Embedding',
    "{file} is a database of Draw Things, which only that program reads; open the .safetensors file that it was imported from":
      "{file} ist eine Datenbank von Draw Things, die nur jenes Programm liest; öffne die .safetensors-Datei, aus der sie importiert wurde",
    "{file} has {gigabytes:.1} GB; adapters of up to {} GB are read, so this is probably a whole model":
      "{file} hat {gigabytes:.1} GB; Adapter bis {} GB werden gelesen, also ist dies wohl ein ganzes Modell",
    '{file} is not an adapter: it holds neither LoRA weights nor an embedding ("{example}" is one of its tensors)':
      "{file} ist kein Adapter: Es enthält weder eine LoRA noch ein Embedding („{example}“ ist einer seiner Tensoren)",
    "{file} is not an adapter: it holds no tensors": "{file} ist kein Adapter: Es enthält keine Tensoren",
    '{file} also changes what Palpable does not adapt: {parts} (for example "{example}"); it can use LoRA and full differences of the linear layers and convolutions of the U-Net and of one text encoder, and embeddings for it':
      "{file} ändert auch, was Palpable nicht anpasst: {parts} (zum Beispiel „{example}“); benutzen kann es LoRA und volle Differenzen der linearen Schichten und Faltungen des U-Nets und eines Textencoders, und Embeddings für ihn",
    '{file} is incomplete: "{path}" lacks its {missing} factor':
      "{file} ist unvollständig: „{path}“ fehlt der Faktor {missing}",
    '{file} is incomplete: it changes the bias of "{path}" (diff_b) without its weight (diff)':
      "{file} ist unvollständig: Es ändert den Bias von „{path}“ (diff_b) ohne sein Gewicht (diff)",
    '{file} gives "{name}" twice': "{file} gibt „{name}“ zweimal an",
    '{file} is inconsistent: the factors of "{path}" have the ranks {down} and {up}':
      "{file} widerspricht sich: Die Faktoren von „{path}“ haben die Ränge {down} und {up}",
    '{file} is malformed: "{name}" has the shape {shape:?}, not {expected}':
      "{file} ist fehlerhaft: „{name}“ hat die Form {shape:?}, nicht {expected}",
    '{file} stores "{name}" as {stored}, which is not read; convert it to 16- or 32-bit floats':
      "{file} speichert „{name}“ als {stored}, was nicht gelesen wird; wandle es in Gleitkommazahlen von 16 oder 32 Bit um",
    '{file} is damaged: "{name}" holds values that are not finite numbers':
      "{file} ist beschädigt: „{name}“ enthält Werte, die keine endlichen Zahlen sind",
    '{file} gives the new word "{placeholder}" twice': "{file} gibt das neue Wort „{placeholder}“ zweimal an",
    "{file} cannot be used: {problem}; save the adapter with peft again, or as one .safetensors file":
      "{file} lässt sich nicht benutzen: {problem}; speichere den Adapter noch einmal mit peft oder als eine einzige .safetensors-Datei",
    "{file} is one of the two files of peft, and how strongly it acts stands in the other, adapter_config.json: give the folder that holds both to the command line, or save the adapter as diffusers' pytorch_lora_weights.safetensors":
      "{file} ist eine der beiden Dateien von peft, und wie stark sie wirkt, steht in der anderen, adapter_config.json: Wähle den Ordner, der beide enthält, oder speichere den Adapter als pytorch_lora_weights.safetensors von diffusers",
    '{file} replaces what the text encoder makes of "{name}" (an output embedding of OneTrainer), which is not read; train it again without output embeddings':
      "{file} ersetzt, was der Textencoder aus „{name}“ macht (ein Output-Embedding von OneTrainer), und das wird nicht gelesen; trainiere es noch einmal ohne Output-Embeddings",
    "the folder {folder} holds no adapter: neither pytorch_lora_weights.safetensors nor adapter_model.safetensors nor learned_embeds.safetensors":
      "der Ordner {folder} enthält keinen Adapter: weder pytorch_lora_weights.safetensors noch adapter_model.safetensors noch learned_embeds.safetensors",
    "{file} is no zip archive that can be read: {problem}":
      "{file} ist kein Zip-Archiv, das sich lesen lässt: {problem}",
    "{file} is no Palpable project that can be read: {problem}":
      "{file} ist kein Projekt von Palpable, das sich lesen lässt: {problem}",
    'the adapter "{adapter}" cannot be written as {format}: {problem}':
      "der Adapter „{adapter}“ lässt sich nicht als {format} schreiben: {problem}",
    'the adapter "{adapter}" was made for another model: this one has no layer "{path}"':
      "der Adapter „{adapter}“ ist für ein anderes Modell gemacht: Dieses hat keine Schicht „{path}“",
    'the adapter "{adapter}" was made for another model: it expects text vectors of {adapter_width}, this model\'s have {model_width}':
      "der Adapter „{adapter}“ ist für ein anderes Modell gemacht: Er erwartet Textvektoren aus {adapter_width}, die dieses Modells haben {model_width}",
    'the adapter "{adapter}" was made for another model: its layer "{path}" maps {adapter_in} to {adapter_out} numbers, this model\'s maps {model_in} to {model_out}':
      "der Adapter „{adapter}“ ist für ein anderes Modell gemacht: Seine Schicht „{path}“ macht aus {adapter_in} Zahlen {adapter_out}, die dieses Modells aus {model_in} {model_out}",
    'the adapter "{adapter}" was made for another model: its first factor of "{path}" has the shape {adapter_shape:?}, which does not fit this model\'s weight {model_shape:?}':
      "der Adapter „{adapter}“ ist für ein anderes Modell gemacht: Sein erster Faktor von „{path}“ hat die Form {adapter_shape:?}, die nicht zum Gewicht {model_shape:?} dieses Modells passt",
    'the adapter "{adapter}" was made for another model: its difference of "{path}" has the shape {adapter_shape:?}, this model\'s weight {model_shape:?}':
      "der Adapter „{adapter}“ ist für ein anderes Modell gemacht: Seine Differenz von „{path}“ hat die Form {adapter_shape:?}, das Gewicht dieses Modells {model_shape:?}",
    'the adapter "{adapter}" was made for another model: it changes the bias of "{path}", and this model\'s layer has none':
      "der Adapter „{adapter}“ ist für ein anderes Modell gemacht: Er ändert den Bias von „{path}“, und die Schicht dieses Modells hat keinen",

    "merging takes at least two adapters": "zum Verschmelzen braucht es mindestens zwei Adapter",
    'the adapter "{adapter}" can\'t be merged: it changes "{path}"; adapters whose trained weights are cross-attention\'s keys and values alone can be':
      "der Adapter „{adapter}“ lässt sich nicht verschmelzen: Er ändert „{path}“; es geht mit Adaptern, bei denen allein Schlüssel und Werte der Kreuzaufmerksamkeit trainiert sind",
    'the adapter "{adapter}" can\'t be merged: it holds no new word that its changes would be tied to':
      "der Adapter „{adapter}“ lässt sich nicht verschmelzen: Er enthält kein neues Wort, an dem seine Änderungen hingen",
    'two of the adapters have the new word "{placeholder}"; train one of them under another word':
      "zwei der Adapter haben das neue Wort „{placeholder}“; trainiere einen von ihnen unter einem anderen Wort",
    "the regularization prompts are too few or too alike: {rows} words of theirs are encoded, and the model's text vectors have {width} numbers; give more of them":
      "die Prompts zum Ausgleich sind zu wenige oder zu ähnlich: {rows} ihrer Wörter sind kodiert, und die Textvektoren des Modells haben {width} Zahlen; gib mehr davon an",
    "the new words' encodings are too alike to be told apart; was one of the adapters given twice?":
      "die Kodierungen der neuen Wörter sind zu ähnlich, um sie zu unterscheiden; ist einer der Adapter zweimal angegeben?",

    "Adapters can't be written in that format.": "In dieser Form lassen sich Adapter nicht schreiben.",
    "That adapter is no longer loaded; import it again.":
      "Dieser Adapter ist nicht mehr geladen; importiere ihn noch einmal.",
  },

  parts: {
    "the archive": "Das Archiv",
    "it would be too large": "Es würde zu groß",
    "it is cut short": "Es ist abgeschnitten",
    "it is one part of several": "Es ist ein Teil von mehreren",
    "it holds more than 1000 files": "Es enthält mehr als 1000 Dateien",
    "its directory is not where it says": "Sein Verzeichnis ist nicht, wo es sein soll",
    "its directory is longer than it says": "Sein Verzeichnis ist länger, als es sagt",
    "its directory is shorter than it says": "Sein Verzeichnis ist kürzer, als es sagt",
    "it holds two files of one name": "Es enthält zwei Dateien desselben Namens",
    "two of its files share bytes": "Zwei seiner Dateien teilen sich Bytes",
    "a folder of it has content": "Ein Ordner darin hat selbst Inhalt",
    "it is damaged: a checksum is wrong": "Es ist beschädigt: Eine Prüfsumme stimmt nicht",
    "it has no directory, so it is cut short or no zip archive":
      "Es hat kein Verzeichnis, ist also abgeschnitten oder kein Zip-Archiv",
    "its directory is damaged": "Sein Verzeichnis ist beschädigt",
    "it is encrypted": "Es ist verschlüsselt",
    "it is compressed; pack it again without compression (zip -0)":
      "Es ist komprimiert; packe es noch einmal ohne Kompression (zip -0)",
    "a file of it is not where its directory says": "Eine Datei darin ist nicht, wo sein Verzeichnis sagt",
    "a file of it goes by two names": "Eine Datei darin hat zwei Namen",
    "a file of it has two sizes": "Eine Datei darin hat zwei Größen",
    "a file of it is longer than the archive": "Eine Datei darin ist länger als das Archiv",
    "a name in it is not UTF-8": "Ein Name darin ist kein UTF-8",
    "a name in it is empty or very long": "Ein Name darin ist leer oder sehr lang",
    "a name in it leads out of its folder": "Ein Name darin führt aus seinem Ordner hinaus",

    "it has no palpable.json": "Es hat keine palpable.json",
    "a newer version of Palpable wrote it; update this one":
      "Eine neuere Version von Palpable hat es geschrieben; lade diese Seite neu, um sie zu bekommen",
    "its palpable.json is not a manifest": "Seine palpable.json beschreibt kein Projekt",
    "the adapter it names is missing": "Der Adapter, den es nennt, fehlt",
    "a picture it names is missing": "Ein Bild, das es nennt, fehlt",
    "its palpable.json has no version that is known": "Seine palpable.json hat keine bekannte Version",
    "its name is longer than 100 characters": "Sein Name ist länger als 100 Zeichen",
    "it has more than 200 prompts, or one of more than 2000 characters":
      "Es hat mehr als 200 Prompts, oder einen von mehr als 2000 Zeichen",
    "it has more than 100 pictures of one kind": "Es hat mehr als 100 Bilder einer Art",
    "it names a picture twice": "Es nennt ein Bild zweimal",
    "its palpable.json has more than 1 MB": "Seine palpable.json hat mehr als 1 MB",
    "a picture of it is neither PNG nor JPEG nor WebP": "Ein Bild darin ist weder PNG noch JPEG noch WebP",
    "a picture of it is too large": "Ein Bild darin ist zu groß",

    "that of a linear layer or of a 1×1 or 3×3 convolution":
      "die einer linearen Schicht oder einer Faltung von 1×1 oder 3×3",
    "one number for each of the layer's outputs": "die einer Zahl für jeden Ausgang der Schicht",
    "a single number": "die einer einzelnen Zahl",
    "the middle factor of a layer of usual size":
      "die des mittleren Faktors einer Schicht von üblicher Größe",
    "a matrix": "die einer Matrix",
    "a matrix or the kernel of a 1×1 or 3×3 convolution":
      "die einer Matrix oder des Kerns einer Faltung von 1×1 oder 3×3",
    "1 to 75 vectors": "die von 1 bis 75 Vektoren",

    "it is not a JSON object": "Es ist kein JSON-Objekt",
    "its peft_type is not LORA": "Sein peft_type ist nicht LORA",
    "it has no lora_alpha": "Es hat kein lora_alpha",
    "its alpha_pattern holds regular expressions, and only layers' names are read":
      "Sein alpha_pattern enthält reguläre Ausdrücke, und nur Namen von Schichten werden gelesen",
    "it changes whole weights, which a LoRA cannot hold; choose kohya":
      "Er ändert ganze Gewichte, die eine LoRA nicht enthalten kann; wähle kohya",
    "its layers have ranks that differ too much, and with one rank for all, as diffusers needs it, they would be larger than any adapter; choose peft":
      "Die Ränge seiner Schichten sind zu verschieden, und mit einem Rang für alle, wie ihn diffusers braucht, wären sie größer als jeder Adapter; wähle peft",
    "it has no new word": "Er hat kein neues Wort",

    "{kind} (1 tensor)": "{kind} (1 Tensor)",
    "{kind} ({count} tensors)": "{kind} ({count} Tensoren)",
    "unknown parts": "unbekannte Teile",
    "embeddings of two text encoders (SDXL's)": "Embeddings zweier Textencoder (von SDXL)",
    "embeddings of another kind": "Embeddings anderer Art",
    "DoRA magnitudes": "Beträge von DoRA",
    "LoHa, LoKr or OFT factors": "Faktoren von LoHa, LoKr oder OFT",
    "two text encoders (SDXL's)": "zwei Textencoder (von SDXL)",
    "parts of the text encoder that are not adapted here (its vocabulary, norms, projection)":
      "Teile des Textencoders, die hier nicht angepasst werden (Wortschatz, Normierungen, Projektion)",
    "differences of layers that are not adapted here (norms, the time embedding)":
      "Differenzen von Schichten, die hier nicht angepasst werden (Normierungen, Zeit-Embedding)",
    "the time embedding": "das Zeit-Embedding",
    "other layers": "andere Schichten",
    "{text_width} numbers{family}": "{text_width} Zahlen{family}",
  },
};
