"""Whole passes with random weights: diffusers' U-Net and VAE, transformers' text encoder, a guided
sampling step, and a PALP step with peft's LoRA and AdamW. Named as `palpable bench` names them."""

import contextlib
import json

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from peft import LoraConfig
from transformers import CLIPTextConfig, CLIPTextModel

TOKENS = 77
STEPS, STEP = 25, 10
GUIDANCE_SCALE, GUIDED_BETA = 7.5, 7.5
ALPHA, LAMBDA = 7.5, 0.25
TIMESTEP = 500
LORA_LEARNING_RATE, EMBEDDING_LEARNING_RATE, GRADIENT_CLIP = 1e-3, 5e-3, 1.0
LORA_MODULES = ["to_q", "to_k", "to_v", "to_out.0"]


class Networks:
    """The passes of one size and precision; networks are made when they are asked for."""

    def __init__(self, root, chosen, size, device, dtype):
        self.chosen, self.size, self.device, self.dtype = chosen, size, device, dtype
        if chosen.model == "sd15":
            folder, self.model = root / "src/bench/sd15", "SD 1.5"
            files = {part: folder / f"{part}.json" for part in ["unet", "vae", "text_encoder", "scheduler"]}
        else:
            folder, self.model = root / chosen.model, chosen.model.rstrip("/").split("/")[-1]
            files = {part: folder / part / "config.json" for part in ["unet", "vae", "text_encoder"]}
            files["scheduler"] = folder / "scheduler/scheduler_config.json"
        self.configs = {part: json.loads(file.read_text()) for part, file in files.items()}
        self.side = size // 2 ** (len(self.configs["vae"]["block_out_channels"]) - 1)

    def passes(self, task):
        """(name, run) of a task."""
        return {"unet": self.unet, "vae": self.vae, "text": self.text, "step": self.step, "palp": self.palp}[task]()

    def ready(self, network):
        return network.to(self.device, self.dtype).requires_grad_(False).eval()

    def make_unet(self):
        return self.ready(UNet2DConditionModel.from_config(self.configs["unet"]))

    def make_text_encoder(self):
        return self.ready(CLIPTextModel(CLIPTextConfig(**self.configs["text_encoder"])))

    def random(self, *shape):
        return torch.rand(shape, device=self.device, dtype=self.dtype) * 2 - 1

    def latents(self, batch):
        return self.random(batch, self.configs["unet"]["in_channels"], self.side, self.side)

    def states(self, batch):
        return self.random(batch, TOKENS, self.configs["unet"]["cross_attention_dim"])

    def unet(self):
        unet, batch = self.make_unet(), self.chosen.batch
        sample, states = self.latents(batch), self.states(batch)
        run = torch.no_grad()(lambda: unet(sample, TIMESTEP, states).sample)
        yield f"U-Net {self.model} {self.size}² batch {batch}", run

    def vae(self):
        vae = self.ready(AutoencoderKL.from_config(self.configs["vae"]))
        latents = self.random(1, vae.config.latent_channels, self.side, self.side)
        image = self.random(1, vae.config.in_channels, self.size, self.size)
        yield f"VAE decode {self.model} {self.size}²", torch.no_grad()(lambda: vae.decode(latents).sample)
        yield f"VAE encode {self.model} {self.size}²", torch.no_grad()(lambda: vae.encode(image).latent_dist.mean)

    def text(self):
        text_encoder = self.make_text_encoder()
        ids = torch.zeros(1, TOKENS, dtype=torch.long, device=self.device)
        yield f"text encoder {self.model}", torch.no_grad()(lambda: text_encoder(ids).last_hidden_state)

    def step(self):
        unet = self.make_unet()
        scheduler = DDIMScheduler.from_config(self.configs["scheduler"])
        scheduler.set_timesteps(STEPS, device=self.device)
        latents, states, timestep = self.latents(1), self.states(2), scheduler.timesteps[STEP]

        @torch.no_grad()
        def run():
            prediction = unet(torch.cat([latents] * 2), timestep, states).sample
            unconditional, conditional = prediction.chunk(2)
            prediction = unconditional + GUIDANCE_SCALE * (conditional - unconditional)
            return scheduler.step(prediction, timestep, latents).prev_sample

        yield f"guided step {self.model} {self.size}²", run

    def palp(self):
        for beta in [1, GUIDED_BETA]:
            batch, rank = self.chosen.training_batch, self.chosen.rank
            name = f"PALP step {self.model} {self.size}² batch {batch} rank {rank} β {beta:g}"
            yield name, self.palp_step(beta)

    def palp_step(self, beta):
        """One step as tools/goldens/palp_step.py has it, with the shifted target: arXiv:2401.06105."""
        unet, text_encoder = self.make_unet(), self.make_text_encoder()
        batch, rank = self.chosen.training_batch, self.chosen.rank
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules=LORA_MODULES)
        unet.add_adapter(config)
        lora = [parameter for parameter in unet.parameters() if parameter.requires_grad]
        for parameter in lora:
            parameter.data = parameter.data.float()
        embeddings = getattr(text_encoder, "text_model", text_encoder).embeddings
        row = embeddings.token_embedding.weight[0].detach().float().clone()
        embedding = torch.nn.Parameter(row)
        words = Spliced(embeddings.token_embedding, embedding)
        embeddings.token_embedding = words
        optimizer = torch.optim.AdamW(
            [
                {"params": lora, "lr": LORA_LEARNING_RATE, "weight_decay": 1e-2},
                {"params": [embedding], "lr": EMBEDDING_LEARNING_RATE, "weight_decay": 0.0},
            ]
        )
        scheduler = DDIMScheduler.from_config(self.configs["scheduler"])
        signal = scheduler.alphas_cumprod[TIMESTEP].sqrt().item()
        noise_level = (1 - scheduler.alphas_cumprod[TIMESTEP]).sqrt().item()
        ids = torch.zeros(1, TOKENS, dtype=torch.long, device=self.device)
        latents, noise = self.latents(batch).float(), self.latents(batch).float()
        words.spliced = False
        with torch.no_grad():
            fixed = text_encoder(ids).last_hidden_state
        words.spliced = True
        # Weights in f16, LoRA and optimizer in f32: autocast brings them together.
        half = self.dtype == torch.float16
        autocast = torch.autocast("cuda", torch.float16) if half else contextlib.nullcontext()

        def predict(sample, states):
            rows = sample.shape[0] // states.shape[0]
            return unet(sample, TIMESTEP, states.repeat_interleave(rows, 0)).sample.float()

        def guided(sample, prompt, scale):
            if scale == 1:
                return predict(sample, prompt)
            unconditional, conditional = predict(sample.repeat(2, 1, 1, 1), torch.cat([fixed, prompt])).chunk(2)
            return unconditional + scale * (conditional - unconditional)

        def run():
            optimizer.zero_grad(set_to_none=True)
            noisy = signal * latents + noise_level * noise
            with autocast:
                unet.enable_adapters()
                personal = text_encoder(ids).last_hidden_state
                prediction = predict(noisy, personal)
                with torch.no_grad():
                    renoised = noisy + noise_level * (noise - prediction)
                    personalized = guided(renoised, personal, beta)
                    unet.disable_adapters()
                    frozen = guided(renoised, fixed, ALPHA)
                    target = noise + LAMBDA / 2 * (frozen - personalized)
                unet.enable_adapters()
                loss = torch.nn.functional.mse_loss(prediction, target)
            (loss * 1024 if half else loss).backward()
            if half:
                for parameter in [*lora, embedding]:
                    parameter.grad /= 1024
            torch.nn.utils.clip_grad_norm_([*lora, embedding], GRADIENT_CLIP)
            optimizer.step()

        return run


class Spliced(torch.nn.Module):
    """A token embedding whose row at one place is the new word's."""

    PLACE = 4

    def __init__(self, table, embedding):
        super().__init__()
        self.table, self.embedding, self.spliced = table, embedding, True

    def forward(self, ids):
        rows = self.table(ids)
        if not self.spliced:
            return rows
        word = self.embedding.to(rows.dtype).expand(rows.shape[0], 1, -1)
        return torch.cat([rows[:, : self.PLACE], word, rows[:, self.PLACE + 1 :]], 1)
