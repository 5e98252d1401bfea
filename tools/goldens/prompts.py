"""Emphasis and chunks as the A1111 web UI reads them, for tests/models/prompt_chunks.rs.

Run from the repository's root: python tools/goldens/prompts.py

The rules (src/tokenizer/emphasis.rs and chunks.rs state them in words) are written down here once more,
independently: a recursive reading of brackets, and a chunker over the ids of transformers' CLIPTokenizer.
(A tree can't have brackets that cross; they are tested without this script.)
Writes to tests/goldens:
* prompts.json: for each prompt its pieces (null for BREAK), and the ids and weights of its chunks, of which the last
  stands for all that fill a row up;
* prompts.safetensors: the first channels of the weighted hidden states of some prompts, by their index.
"""

import json
import re
from pathlib import Path

import torch
from rows import shortened
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

OUT = Path("tests/goldens")
ROOM = 75
BACKTRACK = 20
CHANNELS = 16
PLACEHOLDER = "<my-dog>"

LIST = ", ".join(f"{style} a {subject}" for style in ["a photo of", "an oil painting of", "pixel art of"] for subject in ["dog", "cat", "teddy bear", "backpack", "chair", "mug", "car"])
PROMPTS = [
    "a photo of a dog", "", " ", "a (red) dog", "a ((red)) dog", "a [red] dog", "a [[red]] dog", "a ([red]) dog",
    "a (red:1.3) dog", "a (red: 1.3 ) dog", "a (red dog:0.5) at the beach", "a (red:-1) dog", "a (red:+.5) dog", "a (red:1.) dog",
    "(a (red:1.5) dog:1.2) at (night:.7)", "a (red [dog] at:1.4) night", "nested (((a (b) c)))", "a r(e)d dog", "re(d:1.0)s",
    r"a \(red\) dog", r"a \[red\] dog", r"back \\ slash", "back \\ slash", r"(a \(red:1.2\) dog:1.3)", "ends with \\",
    "a (red dog", "a [red dog", "a red) dog", "a red] dog", "a (red] dog)", "a red:1.3) dog", "a (red:dog) x", "a (red:1.3 dog) x", "a (red:1.2.3) x", "a (red:) x", "(:1.5)",
    "ratio 16:9, (time 12:30)", "a: b :c", "(), [] ( ) x", "a dog BREAK at the beach", "BREAK", "a dog BREAK BREAK at the beach", "BREAK a dog", "a dog BREAK", "BREAKFAST at the beach, UNBREAK",
    "a (dog BREAK cat:1.3) at night", "a dog,BREAK,a cat", "break a dog", "a (photo of <my-dog>:1.4) at the beach", "(<my-dog>) and [<my-dog>]", "日本語 (犬:1.2) 🐶",
    "dog " * 75, "dog " * 76, "dog " * 150, "dog " * 151, "dog " * 74 + ", cat", "dog " * 75 + ", cat", "dog " * 60 + ", " + "cat " * 30, "dog " * 54 + ", " + "cat " * 30, "dog " * 55 + ", " + "cat " * 30,
    LIST, LIST + " BREAK " + LIST, "(" + LIST + ":1.1)", "dog " * 70 + "(red, blue, green:1.3) " * 6, "dog " * 40 + "BREAK " + "cat " * 80, "<my-dog> " * 80, ", " * 80,
]
STATES = ["a (red:1.3) dog", "a photo of a [dog], ((oil painting)) BREAK (at the beach:0.6)", "a (photo of a cat:-0.5)"]
PROMPTS += STATES[1:]


class Reader:
    """Brackets as a tree: each level reads up to its closing bracket and then knows its factor."""

    def __init__(self, prompt):
        self.prompt, self.place = prompt, 0

    def level(self, opened):
        """Pieces up to the level's end, and the factor of the bracket that closed it."""
        pieces, default = [], {"(": 1.1, "[": 1 / 1.1, "": 1.0}[opened]
        while self.place < len(self.prompt):
            rest = self.prompt[self.place :]
            escaped = re.match(r"\\([()\[\]\\]?)", rest)
            weight = re.match(r":\s*([+-]?(\d+\.?\d*|\.\d+))\s*\)", rest)
            if escaped:
                self.place += escaped.end()
                pieces.append([escaped[1], 1.0])
            elif rest[0] in "([":
                self.place += 1
                inside, factor = self.level(rest[0])
                pieces += [piece and [piece[0], piece[1] * factor] for piece in inside]
            elif opened == "(" and weight:
                self.place += weight.end()
                return pieces, float(weight[1])
            elif opened and rest[0] == {"(": ")", "[": "]"}[opened]:
                self.place += 1
                return pieces, default
            else:
                words = rest[0] + re.match(r"[^\\()\[\]:]*", rest[1:])[0]
                self.place += len(words)
                for index, part in enumerate(re.split(r"\s*\bBREAK\b\s*", words)):
                    pieces += [None] if index else []
                    pieces.append([part, 1.0])
        return pieces, default


def read(prompt):
    pieces, _ = Reader(prompt).level("")
    merged = []
    for piece in pieces:
        if piece and merged and merged[-1] and merged[-1][1] == piece[1]:
            merged[-1][0] += piece[0]
        else:
            merged.append(piece)
    return merged or [["", 1.0]]


def chunks(tokenizer, pieces):
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    done, open_, last_comma = [], [], None

    def close():
        nonlocal open_, last_comma
        done.append(open_)
        open_, last_comma = [], None

    for piece in pieces:
        if piece is None:
            close()
            continue
        for token in tokenizer(piece[0], add_special_tokens=False).input_ids:
            if token == comma:
                last_comma = len(open_)
            elif len(open_) == ROOM and last_comma is not None and ROOM - last_comma <= BACKTRACK:
                open_, moved = open_[: last_comma + 1], open_[last_comma + 1 :]
                close()
                open_ = moved
            if len(open_) == ROOM:
                close()
            open_.append((token, piece[1]))
    if open_ or not done:
        close()
    start, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    padded = [chunk + [(end, 1.0)] * (ROOM - len(chunk)) for chunk in done]
    return [
        {"ids": [start, *(token for token, _ in chunk), end], "weights": [1.0, *(weight for _, weight in chunk), 1.0]}
        for chunk in padded
    ]


def weighted_states(encoder, prompt_chunks):
    """The mean of each chunk is what it was before its tokens were weighted."""
    states = []
    for chunk in prompt_chunks:
        plain = encoder(torch.tensor([chunk["ids"]])).last_hidden_state
        weighted = plain * torch.tensor(chunk["weights"])[None, :, None]
        states.append(weighted * (plain.mean() / weighted.mean()))
    return torch.cat(states, dim=1)


def load():
    tokenizer = CLIPTokenizer.from_pretrained("models/demo/tokenizer")
    encoder = CLIPTextModel.from_pretrained("models/demo/text_encoder").eval()
    return tokenizer, encoder


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    tokenizer, encoder = load()
    tensors = {}
    for index, prompt in enumerate(STATES):
        prompt_chunks = chunks(tokenizer, read(prompt))
        tensors[str(index)] = weighted_states(encoder, prompt_chunks)[..., :CHANNELS].contiguous()
    save_file(tensors, OUT / "prompts.safetensors")
    assert tokenizer.add_tokens([PLACEHOLDER]) == 1
    cases = []
    for prompt in PROMPTS:
        pieces = read(prompt)
        rows = [{name: shortened(row) for name, row in chunk.items()} for chunk in chunks(tokenizer, pieces)]
        cases.append({"prompt": prompt, "pieces": pieces, "chunks": rows})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (OUT / "prompts.json").write_text(f'{{"states": {json.dumps(STATES)}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
