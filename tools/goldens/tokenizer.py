"""Token ids of transformers' CLIPTokenizer for many prompts: writes tests/goldens/tokenizer.json.
The last id of each stands for all that fill the row up.

Usage: python tools/goldens/tokenizer.py      (from the repository's root; see requirements.txt)
"""

import json
import shutil
import tempfile
from pathlib import Path

from diffusers.loaders import TextualInversionLoaderMixin
from rows import shortened
from transformers import CLIPTokenizer

FOLDER = Path("models/demo/tokenizer")
OUT = Path("tests/goldens/tokenizer.json")

SUBJECTS = ["dog", "cat", "teddy bear", "backpack", "chair", "dinosaur", "mug", "car"]
STYLES = ["a photo of", "a pencil sketch of", "an oil painting of", "pixel art of", "a black and white photo of"]
SCENES = ["at the beach", "in the forest", "on a wooden table", "wearing a crown in space"]

PROMPTS = [f"{style} a {subject} {scene}" for subject in SUBJECTS for style in STYLES for scene in SCENES[:3]]
PROMPTS += [f"{SUBJECTS[i % 8].upper()} {SCENES[i % 4]}, {i} times" for i in range(20)]
PROMPTS += [
    # nothing, and nothing to see
    "", " ", "\t\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x00", "\x1c\x1d\x1e\x1f", "a\x00b", "a\x07 bell", "\x85next line",
    "\u2028line\u2029paragraph", "\u180emongolian", "tab\tseparated\tprompt", "two\n\nlines", "  leading and trailing  ",
    "many      spaces     between", "mixed \t \n \r\n white \x0b\x0c space", "a\u00a0no-break\u202fspace",
    # case and contractions
    "A Photo Of A DOG", "HELLO WORLD", "iPhone vs. McDonald's", "it's the dog's bone, isn't it?", "I'm, you're, we've, he'll, she'd, they'D",
    "don't can't won't 'tis 'twas", "IT'S HE'LL WE'VE", "rock 'n' roll", "it\u2019s a curly apostrophe", "''''s's's", "o'clock", "the '90s",
    "'s", "'", "''", "'re'd", "dogs' toys", "İstanbul", "DŽ Dž dž ß ẞ ſ", "ΑΣ ΣΑΣ ς", "ǅungla", "ŉ",
    # accents, composed and decomposed
    "café crème brûlée", "cafe\u0301 cre\u0300me", "naïve façade über Straße", "Ångström A\u030angström \u212bngstrom", "señor niño piñata", "Żółć gęślą jaźń",
    "ﬁne ﬂower ﬃ", "ｆｕｌｌ ｗｉｄｔｈ", "a\u0300\u0301\u0302\u0303", "\u0301lone accent", "Å", "क्षि हिन्दी", "ि", "한글 한글", "각",
    # other scripts
    "一只狗在沙滩上", "犬の写真、森の中", "ビーチの犬", "강아지 사진", "собака на пляже", "ένας σκύλος", "كلب على الشاطئ", "כלב בחוף", "สุนัขบนชายหาด",
    "mixed 日本語 and English words", "ひらがなカタカナ漢字", "𠮷野家", "𝒻𝒶𝓃𝒸𝓎 𝔱𝔢𝔵𝔱", "𓀀𓁐", "ᏣᎳᎩ", "ꙮ",
    # emoji
    "🐶", "a 🐶 at the 🏖️", "👩‍👩‍👧‍👦 family", "🏳️‍🌈 flag 🇩🇪", "👍🏽👍🏿", "❤️", "☃", "🫠 melting", "😀😀😀", "dog🐶cat🐱", "1️⃣2️⃣", "©®™",
    # numbers and punctuation
    "1234567890", "3 dogs, 2 cats and 1 mug", "3.14159 ≈ π", "1,000,000", "²³ ½ Ⅷ ①", "٣٤٥", "a1b2c3", "4k 8k uhd", "2026-11-23", "50% off!!!", "wow!", "wow !", "!",
    "!!!", "a ! b", "#hashtag @mention", "(masterpiece:1.2), ((best)), [worse]", "a_b__c", "under_score-dash—em–en", "...", "…", "/path/to\\file",
    "C++ & C#", "$5 €5 £5 ¥5", "a=b<c>d", "\"quoted\" “curly” «guillemets»", "~`^|", "{json: [1, 2]}", "a,b,c", "-", "--ar 16:9 --v 5", "email@example.com", "https://example.com/?q=dog&x=1#top",
    # like HTML
    "<b>bold</b> dog", "&lt;dog&gt; &amp; cat", "&#39;quoted&#39;", "<br/>", "<!-- a comment -->", "<script>alert('x')</script>",
    # special tokens, written out
    "<|startoftext|>a dog<|endoftext|>", "a <|endoftext|> b", "<|EndOfText|>", "<| endoftext |>", "<|startoftext|", "<|endoftext|><|endoftext|>", "</w>", "dog</w>", "Ġdog", "<unk>",
    # placeholders that were not added
    "a photo of <other-dog>", "a photo of sks dog", "a photo of [V]", "a photo of *", "S*",
    # private use, surrogates' neighbours, the last code points
    "\ue000\uf8ff", "\ufffd", "\ufffe\uffff", "\U0010ffff", "\u202e reversed", "soft\u00adhyphen", "zero\u200bwidth\u200djoiner", "word\u2060joiner",
    # words outside of the demo's vocabulary
    "antidisestablishmentarianism", "supercalifragilisticexpialidocious", "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "xyzzy qwerty asdfgh", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
]
LONG = [
    "a photo of a dog " * 15,
    ", ".join(f"{style} a {subject}" for subject in SUBJECTS for style in STYLES),
    "dog " * 75, "dog " * 76, "dog " * 74 + "cat", "🐶" * 40, "一只狗" * 30, "x" * 400, "! " * 100, "supercalifragilistic " * 12,
    "a " * 74 + "antidisestablishmentarianism", "word\u0301 " * 60,
]
PROMPTS += LONG

# One vector each: `add_tokens` alone.
SINGLE = [("<my-dog>", 1), ("<Your-Cat>", 1), ("S*", 1), ("sks-7", 1), ("<é-🐶>", 1)]
SINGLE_PROMPTS = [
    "a photo of <my-dog>", "a photo of <My-Dog> and <your-cat>", "<my-dog>", "<my-dog><my-dog>", "a<my-dog>b", "<my-dog>'s bone", "<my-dog>, <your-cat>!",
    "a <MY-DOG>   in  the snow", "a photo of <my-dog", "my-dog", "< my-dog >", "<my-dog>_1", "<my-dog>s", "s* and S*", "S**", "sks-7 dog", "SKS-77", "sks- 7",
    "<é-🐶> x", "<e\u0301-🐶> x", "<É-🐶>y", "a photo of <my-dog> " * 20, "dog " * 74 + "<my-dog>", "dog " * 75 + "<my-dog>", "<|startoftext|><my-dog><|endoftext|>",
]
# Several vectors: diffusers' pipelines rewrite the prompt first.
MULTI = [("<my-dog>", 3), ("<my-cat>", 4), ("<one>", 1), ("<two>", 2)]
MULTI_PROMPTS = [
    "a photo of <my-dog>", "<my-cat> next to <my-dog>", "a <one> and a <two>", "<my-dog>", "<two>, <two> and <two>!", "<my-dog> at the beach, oil painting", "a<my-dog>b",
    "no placeholder at all", "<my-cat> " * 15, "dog " * 73 + "<my-dog>", "dog " * 74 + "<my-cat> end", "dog " * 75 + "<two>", "<my-dog>'s bone", "only <my-dog>_1 and <my-cat>_3",
    "a <my-cat><two> b",
]


def make(placeholders=(), special_tokens_map=None, config=None):
    """The demo's tokenizer, with other special tokens and with placeholders."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
        if special_tokens_map is not None:
            Path(folder, "special_tokens_map.json").write_text(special_tokens_map, encoding="utf-8")
        if config is not None:
            Path(folder, "tokenizer_config.json").write_text(config, encoding="utf-8")
        tokenizer = CLIPTokenizer.from_pretrained(folder)
    for placeholder, vectors in placeholders:
        names = [placeholder] + [f"{placeholder}_{i}" for i in range(1, vectors)]
        assert tokenizer.add_tokens(names) == vectors
    return tokenizer


def case(name, prompts, placeholders=(), special_tokens_map=None, config=None):
    tokenizer = make(placeholders, special_tokens_map, config)
    convert = TextualInversionLoaderMixin().maybe_convert_prompt if any(n > 1 for _, n in placeholders) else lambda prompt, _: prompt
    ids = [tokenizer(convert(prompt, tokenizer), padding="max_length", max_length=tokenizer.model_max_length, truncation=True).input_ids for prompt in prompts]
    return {"name": name, "placeholders": [list(p) for p in placeholders], "special_tokens_map": special_tokens_map, "config": config, "prompts": [{"text": text, "ids": shortened(row)} for text, row in zip(prompts, ids)]}


def token(content, **more):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False, **more}


# Stable Diffusion 2's files: padding with "!", once in the map, once described in the config.
SD2_MAP = json.dumps({"bos_token": token("<|startoftext|>"), "eos_token": token("<|endoftext|>"), "unk_token": token("<|endoftext|>"), "pad_token": "!"})
DESCRIBED = json.dumps({
    "added_tokens_decoder": {"0": token("!", normalized=False, special=True), "3553": token("<|startoftext|>", special=True), "3554": token("<|endoftext|>", normalized=False, special=True)},
    "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "!", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer",
})
FEW = ["a photo of a dog", "wow!", "a ! b", "!", "", "a <|EndOfText|> b <|endoftext|>c", "<|StartOfText|>", "dog! " * 40]

cases = [
    case("the demo model's own files", PROMPTS),
    case("one vector a placeholder", SINGLE_PROMPTS, SINGLE),
    case("several vectors a placeholder", MULTI_PROMPTS, MULTI),
    case("Stable Diffusion 2's special tokens", FEW, special_tokens_map=SD2_MAP),
    case("special tokens described in the config", FEW, config=DESCRIBED),
]
OUT.parent.mkdir(parents=True, exist_ok=True)
with open(OUT, "w", encoding="utf-8") as file:
    file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":"), ensure_ascii=True) for case in cases) + "\n]\n")
print({case["name"]: len(case["prompts"]) for case in cases}, OUT.stat().st_size, "bytes")
