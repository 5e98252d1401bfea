/**
 * What is said of the device, of drawing and of measuring: `src/gpu`, `src/startup`, `src/plan`, `src/pipeline`,
 * `src/sampling`, `src/evaluation` and `src/web`.
 */
import type { EngineWords } from "../engine-words";

export const drawingWords: EngineWords = {
  sentences: {
    "No GPU was found. In a browser, use a current Chrome, Edge, Safari or Firefox with WebGPU switched on; natively, install a Vulkan, Metal or DirectX 12 driver, or compute on the processor (--device cpu).":
      "Es wurde keine GPU gefunden. Nimm ein aktuelles Chrome, Edge, Safari oder Firefox mit eingeschaltetem WebGPU; ohne Browser installiere einen Treiber für Vulkan, Metal oder DirectX 12 oder rechne auf dem Prozessor (--device cpu).",
    'The GPU "{adapter}" refused to start ({reason}). Close other programs that use it, update its driver, and try again.':
      "Die GPU „{adapter}“ wollte nicht starten ({reason}). Schließe andere Programme, die sie benutzen, bring ihren Treiber auf den neuesten Stand und versuche es noch einmal.",
    'The GPU "{adapter}" is too small for this work: {what} is {has}, {needs} are needed. Try another device.':
      "Die GPU „{adapter}“ ist zu klein für diese Arbeit: {what} ist {has}, {needs} werden gebraucht. Versuche es mit einem anderen Gerät.",
    'The GPU "{adapter}" computes wrongly: even the simplest kernels give wrong numbers for {what}. Update its driver, or use another browser or device.':
      "Die GPU „{adapter}“ rechnet falsch: Selbst die einfachsten Programme liefern falsche Zahlen, und zwar bei: {what}. Bring ihren Treiber auf den neuesten Stand oder nimm einen anderen Browser oder ein anderes Gerät.",
    "The GPU was lost ({reason}): the driver restarted it or took it away. Start again; what was saved until now is kept.":
      "Die Verbindung zur GPU ist verloren ({reason}): Der Treiber hat sie neu gestartet oder weggenommen. Fang noch einmal an; was bis jetzt gesichert wurde, bleibt.",
    "The GPU is out of memory. Close other tabs and programs, or choose a smaller picture or batch, and try again.":
      "Der Speicher der GPU reicht nicht. Schließe andere Tabs und Programme oder wähle ein kleineres Bild oder einen kleineren Stapel und versuche es noch einmal.",
    "A computation failed on the GPU: {reason}. Please report this with your device's description.":
      "Eine Berechnung auf der GPU ist fehlgeschlagen: {reason}. Bitte melde das mit den Angaben über dein Gerät.",

    "This is a software adapter: pictures take minutes, training takes hours.":
      "Dies ist ein Software-Adapter: Bilder dauern Minuten, das Training dauert Stunden.",
    "16-bit floats are not offered: 32-bit ones are used, which take more memory.":
      "16-Bit-Zahlen werden nicht angeboten: Gerechnet wird mit 32 Bit, was mehr Speicher braucht.",
    "Everything runs on the processor, by the reference operations.":
      "Alles läuft auf dem Prozessor, mit den Referenz-Operationen.",
    "Subgroup operations failed their check on this GPU: workgroup memory is used.":
      "Subgroup-Operationen bestanden auf dieser GPU ihre Prüfung nicht: Stattdessen dient der Speicher der Arbeitsgruppe.",
    "The faster kernels failed their check on this GPU: the simplest ones are used.":
      "Die schnelleren Programme bestanden auf dieser GPU ihre Prüfung nicht: Benutzt werden die einfachsten.",
    "Matrix units failed their check on this GPU: 16-bit floats are multiplied without them.":
      "Matrix-Einheiten bestanden auf dieser GPU ihre Prüfung nicht: 16-Bit-Zahlen werden ohne sie multipliziert.",
    "16-bit floats failed their check on this GPU: 32-bit ones are used, which take more memory.":
      "16-Bit-Zahlen bestanden auf dieser GPU ihre Prüfung nicht: Gerechnet wird mit 32 Bit, was mehr Speicher braucht.",

    "{job} needs {} of the GPU's memory, and {} may be used: {advice}raise the memory limit if the device has more":
      "{job} braucht {} vom Speicher der GPU und darf {} nehmen; {advice}erlaube mehr GPU-Speicher, wenn das Gerät mehr hat",
    "{job} needs a buffer of {}, and this device's largest has {}: choose a smaller picture or batch, or 16-bit numbers":
      "{job} braucht einen Puffer von {}, und der größte dieses Geräts hat {}: Wähle ein kleineres Bild, einen kleineren Stapel oder 16-Bit-Zahlen",

    "The prompt is empty; describe the picture you want.":
      "Der Prompt ist leer; beschreib das Bild, das du sehen willst.",
    "A picture of {width}×{height} can't be made: sides must be multiples of {multiple}, from {multiple} to {most}.":
      "Ein Bild von {width}×{height} geht nicht: Seiten müssen Vielfache von {multiple} sein, von {multiple} bis {most}.",
    "The guidance scale must be between 0 and 50, not {0}.":
      "Die Führung muss zwischen 0 und 50 liegen, nicht bei {0}.",
    "The strength must be between 0 and 1, not {0}: it says how much of the given picture is redrawn.":
      "Die Stärke muss zwischen 0 und 1 liegen, nicht bei {0}: Sie sagt, wie viel vom gegebenen Bild neu gezeichnet wird.",
    "The mask's blur must be between 0 and {most} pixels, not {asked}.":
      "Die Maske darf um 0 bis {most} Pixel weichgezeichnet werden, nicht um {asked}.",
    "The mask's blur of {0} pixels leaves nothing of it white; paint a larger part, or blur its edge less.":
      "Eine Unschärfe von {0} Pixeln lässt nichts von der Maske weiß; male einen größeren Teil, oder mache ihren Rand weniger unscharf.",
    "Nothing of the mask is white; paint white what is to be repainted.":
      "Nichts an der Maske ist weiß; male weiß, was neu gemalt werden soll.",
    "The delayed share of the steps must be between 0 and 1, not {0}.":
      "Der Anteil der Schritte ohne das Wort muss zwischen 0 und 1 liegen, nicht bei {0}.",
    "There is no learned word in the prompt to delay; write one, load its adapter, or give the prompt of the first steps yourself.":
      "Im Prompt ist kein gelerntes Wort, das später beginnen könnte; schreib eines hinein, lade seinen Adapter oder gib den Prompt der ersten Schritte selbst an.",
    "The adapter of {placeholder} doesn't say what kind of thing it is; give the prompt of the first steps yourself.":
      "Der Adapter von {placeholder} sagt nicht, was für ein Ding es ist; gib den Prompt der ersten Schritte selbst an.",
    "The strength at the end must be between 0 and 2 times that at the start, not {0}.":
      "Die Stärke am Ende muss zwischen dem 0- und dem 2-Fachen derer am Anfang liegen, nicht beim {0}-Fachen.",
    "The limit of a learned word's length must be above 0, not {0}: it is counted in the mean length of the model's own words.":
      "Die größte Länge eines gelernten Wortes muss über 0 liegen, nicht bei {0}: Gemessen wird sie in der mittleren Länge der Wörter des Modells.",
    "A region must name the learned word that it belongs to.":
      "Ein Bereich muss das gelernte Wort nennen, zu dem er gehört.",
    "The mask of {placeholder} has no pixels, or another number of them than its sides say.":
      "Die Maske von {placeholder} hat keine Pixel, oder andere, als ihre Seiten sagen.",
    "Nothing of the mask of {placeholder} is white; paint white where it may be.":
      "Nichts an der Maske von {placeholder} ist weiß; male weiß, wo es sein darf.",
    '"{word}" is not in the prompt; write it there, or leave its {purpose} out.':
      "„{word}“ steht nicht im Prompt; schreib es hinein, oder lass weg: {purpose}.",
    "The adapter strength must be between −2 and 2, not {0}.":
      "Die Stärke des Adapters muss zwischen −2 und 2 liegen, nicht bei {0}.",
    "The text encoder writes {text_encoder} numbers a token where the U-Net reads {unet}: they are of different models.":
      "Der Textencoder schreibt {text_encoder} Zahlen je Token, und das U-Net liest {unet}: Sie gehören zu verschiedenen Modellen.",
    "The tokenizer writes {tokens} tokens where the text encoder reads {positions}: they are of different models.":
      "Der Tokenizer schreibt {tokens} Tokens, und der Textencoder liest {positions}: Sie gehören zu verschiedenen Modellen.",
    "Measuring was cancelled.": "Das Messen wurde abgebrochen.",
    "The device returned numbers that are not finite; report this with your device's description.":
      "Das Gerät lieferte Zahlen, die nicht endlich sind; melde das mit den Angaben über dein Gerät.",
    "This model's numbers outgrow 16 bits. Let it compute with 32-bit numbers (precision f16-f32).":
      "Die Zahlen dieses Modells werden für 16 Bit zu groß. Lass es mit 32-Bit-Zahlen rechnen (Genauigkeit f16-f32).",
    "The device could not return a result: {0}.": "Das Gerät konnte kein Ergebnis liefern: {0}.",
    "This picture is finished; start another one.": "Dieses Bild ist fertig; beginne ein neues.",
    "The mask must be as large as its picture.": "Die Maske muss so groß sein wie ihr Bild.",
    "No model is loaded yet; wait until it is.": "Noch ist kein Modell geladen; warte, bis es so weit ist.",
    "The settings could not be read: {error}.": "Die Einstellungen konnten nicht gelesen werden: {error}.",

    "the model's scheduler_config.json is not usable: {0}":
      "die scheduler_config.json des Modells ist nicht brauchbar: {0}",
    'there is no sampler "{0}"; choose one of: {known}':
      "es gibt keinen Sampler „{0}“; wähle einen von: {known}",
    "the number of steps must be from 1 to {most} with this sampler, not {asked}":
      "mit diesem Sampler sind 1 bis {most} Schritte möglich, nicht {asked}",
    "the strength is too small: of {steps} steps none would be made; raise one of them":
      "die Stärke ist zu klein: Von {steps} Schritten bliebe keiner; erhöhe die Stärke oder die Schritte",

    "the judge's tokenizer writes {tokens} tokens where its text tower reads {positions}":
      "der Tokenizer des Gutachters schreibt {tokens} Tokens, und sein Textteil liest {positions}",
    "the results could not be read back from the device: {reason}":
      "die Ergebnisse konnten nicht vom Gerät gelesen werden: {reason}",
    "there are no pictures to compare": "es gibt keine Bilder zu vergleichen",
    'there is no heat map of "{word}"; map it together with the other words':
      "es gibt keine Karte von „{word}“; mache sie zusammen mit denen der anderen Wörter",
    'only "{word}" is mapped; map the other words of the prompt too, to compare it with them':
      "nur von „{word}“ gibt es eine Karte; mache auch die der anderen Wörter des Prompts, um sie zu vergleichen",
    "the heat maps and the mask do not fit together; take those of one picture":
      "die Karten und die Maske passen nicht zusammen; nimm die eines einzigen Bildes",
    "nothing of the mask is foreground, or no word acted there; give another mask":
      "nichts an der Maske ist Vordergrund, oder kein Wort wirkte dort; gib eine andere Maske an",
    'Line {line} of the prompt set "{set}" has no {SUBJECT} or {NOUN}, where the subject belongs: "{prompt}".':
      "Zeile {line} der Prompts „{set}“ hat kein {SUBJECT} oder {NOUN}, wo das Ding hingehört: „{prompt}“.",
    'Line {line} of the prompt set "{set}": "{element}" is no element; write a name, a colon and a phrase, like "style: a sketch".':
      "Zeile {line} der Prompts „{set}“: „{element}“ ist kein Element; schreib einen Namen, einen Doppelpunkt und eine Wendung, etwa „style: a sketch“.",
    'Line {line} of the prompt set "{set}": [{section}] is unknown; there are [all], [live] and [objects].':
      "Zeile {line} der Prompts „{set}“: [{section}] ist unbekannt; es gibt [all], [live] und [objects].",
    'The prompt set "{set}" has no prompt; write one a line, with {SUBJECT} where the subject belongs.':
      "In den Prompts „{set}“ ist kein Prompt; schreib je Zeile einen, mit {SUBJECT}, wo das Ding hingehört.",
    "There is no picture with scores by {judge} to report.":
      "Es gibt kein Bild, das {judge} bewertet hätte, und darum keinen Bericht.",
    "The report could not be written: {0}.": "Der Bericht konnte nicht geschrieben werden: {0}.",
    "The judge of pictures isn't loaded yet; wait until it is.":
      "Der Gutachter der Bilder ist noch nicht geladen; warte, bis es so weit ist.",
  },

  parts: {
    "this picture": "dieses Bild",
    "this training": "dieses Training",
    "judging pictures": "das Begutachten von Bildern",
    "choose {advice}, or ": "wähle {advice} oder ",
    "{side} × {side} pixels": "{side} × {side} Pixel",
    "to compute activations again": "„Noch einmal berechnen“ bei den Zwischenwerten",
    "batch 1": "den Stapel 1",
    "batch 1 and rank 8": "den Stapel 1 und den Rang 8",
    "batch 1 and a LoRA of rank 8": "den Stapel 1 und eine LoRA vom Rang 8",
    "no pictures in between": "keine Bilder zwischendurch",
    region: "sein Bereich",
    "heat map": "seine Karte",

    "the memory of a workgroup in bytes": "Der Speicher einer Arbeitsgruppe in Bytes",
    "the number of threads in a workgroup": "Die Zahl der Threads in einer Arbeitsgruppe",
    "linear layers": "lineare Schichten",
    "trained linear layers": "trainierte lineare Schichten",
    "adapted linear layers": "angepasste lineare Schichten",
    convolutions: "Faltungen",
    attention: "Aufmerksamkeit",
    "group normalization": "Gruppennormierung",
    "layer normalization": "Schichtnormierung",
    "trained convolutions": "trainierte Faltungen",
    "weights in 16 bits": "Gewichte in 16 Bits",
    "weights in eight bits": "Gewichte in acht Bits",
    "joined images": "zusammengefügte Bilder",
    "gated activations": "geschaltete Aktivierungen",
    "upsampling convolutions": "vergrößernde Faltungen",
    "repeated launches": "wiederholte Kernel-Aufrufe",

    "num_train_timesteps must be between 2 and 100000":
      "num_train_timesteps muss zwischen 2 und 100000 liegen",
    "beta_start and beta_end must be between 0 and 1":
      "beta_start und beta_end müssen zwischen 0 und 1 liegen",
    "steps_offset must be smaller than num_train_timesteps":
      "steps_offset muss kleiner sein als num_train_timesteps",
    "its betas leave no noise at the first timestep or no picture at the last; choose another model":
      "Ihre Betas lassen am ersten Zeitschritt kein Rauschen oder am letzten kein Bild übrig; wähle ein anderes Modell",
    "trained_betas (an explicit noise table) is not supported; choose a model without it":
      "trained_betas (eine eigene Tabelle des Rauschens) geht nicht; wähle ein Modell ohne das",
    "rescale_betas_zero_snr is not supported; choose a model without it":
      "rescale_betas_zero_snr geht nicht; wähle ein Modell ohne das",
    "thresholding is not supported; choose a model without it":
      "thresholding geht nicht; wähle ein Modell ohne das",
  },
};
