//! The text encoder of a checkpoint: OpenAI's CLIP by transformers' names (1.x), or OpenCLIP (2.x).
//!
//! Of OpenCLIP the last layer is left out, as diffusers publishes Stable Diffusion 2: the U-Net was
//! trained on the hidden states before it. Its queries, keys and values lie in one matrix, whose rows
//! are the three in this order.

use serde_json::json;

use super::{Names, Part, TensorEntry};

/// Channels of a head, in every CLIP.
const HEAD: usize = 64;

/// The text encoder, if the file has one.
pub(super) fn find<'a>(names: &'a Names<'a>) -> Option<Part<'a>> {
    open_clip(names).or_else(|| clip(names))
}

fn clip<'a>(names: &'a Names<'a>) -> Option<Part<'a>> {
    let table = "embeddings.token_embedding.weight";
    let prefixes =
        ["cond_stage_model.transformer.text_model.", "cond_stage_model.transformer.", "text_model.", "te."];
    let prefix = prefixes.into_iter().find(|prefix| names.has(&format!("{prefix}{table}")))?;
    let mut clip = Part::new(names, prefix);
    clip.below("embeddings.", "text_model.embeddings.");
    clip.below("encoder.", "text_model.encoder.");
    clip.below("final_layer_norm.", "text_model.final_layer_norm.");
    let layers = clip.count("encoder.layers");
    let intermediate = clip.side("encoder.layers.0.mlp.fc1.weight", 0);
    let positions = clip.side("embeddings.position_embedding.weight", 0);
    configure(&mut clip, table, positions, layers, intermediate, "quick_gelu");
    Some(clip)
}

/// Layers of OpenCLIP's ViT-H, whose text encoder Stable Diffusion 2 has.
const OPEN_CLIP_LAYERS: usize = 24;

fn open_clip<'a>(names: &'a Names<'a>) -> Option<Part<'a>> {
    let table = "token_embedding.weight";
    // Stability's later files (SD-Turbo) have the second name.
    let prefixes = ["cond_stage_model.model.", "conditioner.embedders.0.model."];
    let prefix = prefixes.into_iter().find(|prefix| names.has(&format!("{prefix}{table}")))?;
    let mut clip = Part::new(names, prefix);
    clip.tensor(table, "text_model.embeddings.token_embedding.weight");
    clip.tensor("positional_embedding", "text_model.embeddings.position_embedding.weight");
    clip.layer("ln_final", "text_model.final_layer_norm");
    // Stable Diffusion 2 reads the last layer but one. Original files hold the last one too, and the projection that
    // follows it; what diffusers' script converts back holds neither.
    let held = clip.count("transformer.resblocks");
    let holds_last = held == OPEN_CLIP_LAYERS || names.get(&format!("{prefix}text_projection")).is_some();
    let layers = if holds_last { held.saturating_sub(1) } else { held };
    for layer in 0..layers {
        let original = format!("transformer.resblocks.{layer}");
        let name = format!("text_model.encoder.layers.{layer}");
        let renamed = [
            ("ln_1", "layer_norm1"),
            ("ln_2", "layer_norm2"),
            ("mlp.c_fc", "mlp.fc1"),
            ("mlp.c_proj", "mlp.fc2"),
            ("attn.out_proj", "self_attn.out_proj"),
        ];
        for (from, to) in renamed {
            clip.layer(&format!("{original}.{from}"), &format!("{name}.{to}"));
        }
        for kind in ["weight", "bias"] {
            if let Some(together) = clip.get(&format!("{original}.attn.in_proj_{kind}")) {
                for tensor in thirds(together, &format!("{name}.self_attn"), kind) {
                    clip.add(tensor);
                }
            }
        }
    }
    let intermediate = clip.side("transformer.resblocks.0.mlp.c_fc.weight", 0);
    let positions = clip.side("positional_embedding", 0);
    configure(&mut clip, table, positions, layers, intermediate, "gelu");
    Some(clip)
}

fn configure(
    clip: &mut Part,
    table: &str,
    positions: usize,
    layers: usize,
    intermediate: usize,
    hidden_act: &str,
) {
    let (vocabulary, width) = (clip.side(table, 0), clip.side(table, 1));
    clip.configure(json!({
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": (width / HEAD).max(1),
        "max_position_embeddings": positions,
        "hidden_act": hidden_act,
        "eos_token_id": vocabulary.saturating_sub(1),
    }));
}

/// The rows of queries, keys and values; what does not divide is left whole, and refused by its shape.
fn thirds(together: &TensorEntry, path: &str, kind: &str) -> Vec<TensorEntry> {
    let rows = together.shape.first().map_or(0, |rows| rows / 3);
    let bytes = (together.range.end - together.range.start) / 3;
    let third = |(index, name): (u64, &str)| {
        let mut shape = together.shape.clone();
        if let Some(first) = shape.first_mut().filter(|first| **first == 3 * rows) {
            *first = rows;
            let start = together.range.start + index * bytes;
            let range = start..start + bytes;
            return TensorEntry {
                name: format!("{path}.{name}.{kind}"),
                shape,
                range,
                dtype: together.dtype,
            };
        }
        TensorEntry { name: format!("{path}.{name}.{kind}"), ..together.clone() }
    };
    [(0, "q_proj"), (1, "k_proj"), (2, "v_proj")].into_iter().map(third).collect()
}
