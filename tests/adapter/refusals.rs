//! What is wrong in a file is refused in words, and hostile contents end in a value, never in a panic.

use palpable::adapter::{Adapter, AdapterDetails, Embedding, Error, MAX_FILE, check_length, kohya_name};
use palpable::sampling::noise::philox4x32;
use palpable::weights::{OutgoingTensor, SafetensorsHeader};

use crate::sample::{CONV, TO_K, f32_tensor, full_adapter, read};

#[test]
fn contents_that_make_no_sense_are_refused_in_words() {
    let name = kohya_name(TO_K);
    let down = || f32_tensor(&format!("{name}.lora_down.weight"), &[4, 12]);
    let up = || f32_tensor(&format!("{name}.lora_up.weight"), &[16, 4]);
    let conv = kohya_name(CONV);
    let extra = |key: &str| vec![down(), up(), f32_tensor(key, &[2, 2])];
    let not_finite = |value: f32| {
        let mut values = vec![0.0; 48];
        values[17] = value;
        vec![OutgoingTensor::f32(format!("{name}.lora_down.weight"), &[4, 12], &values), up()]
    };
    for (tensors, words) in [
        (vec![], "holds no tensors"),
        (vec![f32_tensor("conv_in.weight", &[2, 2]), f32_tensor("conv_in.bias", &[2])], "is not an adapter"),
        (vec![down()], "lacks its up factor"),
        (vec![up()], "lacks its down factor"),
        (vec![down(), f32_tensor(&format!("{name}.lora_up.weight"), &[16, 5])], "the ranks 4 and 5"),
        (vec![f32_tensor(&format!("{name}.lora_down.weight"), &[48]), up()], "not a matrix or the kernel"),
        (
            vec![
                f32_tensor(&format!("{conv}.lora_down.weight"), &[4, 12, 5, 5]),
                f32_tensor(&format!("{conv}.lora_up.weight"), &[16, 4, 1, 1]),
            ],
            "not a matrix or the kernel",
        ),
        (
            vec![
                f32_tensor(&format!("{name}.lora_down.weight"), &[0, 12]),
                f32_tensor(&format!("{name}.lora_up.weight"), &[16, 0]),
            ],
            "not a matrix",
        ),
        (vec![down(), up(), f32_tensor(&format!("{name}.alpha"), &[2])], "not a single number"),
        (not_finite(f32::NAN), "not finite"),
        (not_finite(f32::NEG_INFINITY), "not finite"),
        (
            vec![down(), up(), OutgoingTensor::f32(format!("{name}.alpha"), &[], &[f32::INFINITY])],
            "not finite",
        ),
        (vec![down(), up(), f32_tensor(&format!("unet.{TO_K}.lora_A.weight"), &[4, 12])], "twice"),
        (
            extra("text_encoder.text_model.embeddings.token_embedding.lora_embedding_A"),
            "parts of the text encoder that are not adapted here",
        ),
        (
            extra("text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight"),
            "two text encoders (SDXL's)",
        ),
        (
            extra("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight"),
            "two text encoders (SDXL's)",
        ),
        (extra("lora_unet_time_embedding_linear_1.lora_down.weight"), "the time embedding"),
        (extra("lora_unet_mid_block_attentions_0_norm.w_norm"), "differences of layers that are not adapted"),
        (
            extra("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_down.weight"),
            "lacks its up factor",
        ),
        (extra("lora_unet_time_embed_0.lora_down.weight"), "the time embedding"),
        (extra("lora_unet_label_emb_0_0.lora_down.weight"), "other layers"),
        (
            extra("text_encoders.clip_g.transformer.text_model.encoder.layers.0.mlp.fc1.lora_up.weight"),
            "two text encoders (SDXL's)",
        ),
        (extra("diffusion_model.out.0.diff"), "differences of layers that are not adapted here"),
        (extra(&format!("{name}.dora_scale")), "DoRA"),
        (extra(&format!("{name}.hada_w1_a")), "LoHa"),
        (extra("something_else"), "unknown parts"),
        (extra(&format!("unet.{TO_K}.lora_magnitude_vector")), "DoRA"),
        (extra("bundle_emb.cat.clip_g"), "embeddings of another kind"),
        (extra("bundle_emb.<cat>.clip_l_out"), "an output embedding of OneTrainer"),
        (
            vec![
                f32_tensor(&format!("base_model.model.{TO_K}.lora_A.weight"), &[4, 12]),
                f32_tensor(&format!("base_model.model.{TO_K}.lora_B.weight"), &[16, 4]),
            ],
            "in the other, adapter_config.json",
        ),
        (
            vec![
                f32_tensor(&format!("{conv}.lora_down.weight"), &[4, 12, 1, 1]),
                f32_tensor(&format!("{conv}.lora_mid.weight"), &[5, 4, 3, 3]),
                f32_tensor(&format!("{conv}.lora_up.weight"), &[16, 5, 1, 1]),
            ],
            "the ranks 4 and 5",
        ),
        (
            vec![
                f32_tensor(&format!("{conv}.lora_down.weight"), &[1400, 300, 1, 1]),
                f32_tensor(&format!("{conv}.lora_mid.weight"), &[1400, 1400, 3, 3]),
                f32_tensor(&format!("{conv}.lora_up.weight"), &[1, 1400, 1, 1]),
            ],
            "a layer of usual size",
        ),
        (vec![f32_tensor("clip_l", &[1, 8]), f32_tensor("clip_g", &[1, 16])], "SDXL"),
        (vec![f32_tensor("emb_params", &[76, 8])], "is not an adapter"),
        (vec![f32_tensor("bundle_emb.cat.clip_l", &[1, 8, 8])], "not 1 to 75 vectors"),
        (
            vec![
                f32_tensor("bundle_emb.a.clip_l", &[1, 8]),
                f32_tensor("bundle_emb.a.string_to_param.*", &[1, 8]),
            ],
            "the new word \"<a>\" twice",
        ),
        (vec![f32_tensor(&format!("{name}.diff"), &[16])], "not that of a linear layer"),
        (vec![f32_tensor(&format!("{name}.diff"), &[0, 12])], "not that of a linear layer"),
        (vec![f32_tensor(&format!("{conv}.diff"), &[4, 4, 5, 5])], "not that of a linear layer"),
        (vec![f32_tensor(&format!("{conv}.diff_b"), &[4])], "without its weight"),
        (
            vec![
                f32_tensor(&format!("{conv}.diff"), &[4, 4, 3, 3]),
                f32_tensor(&format!("{conv}.diff_b"), &[5]),
            ],
            "not one number for each",
        ),
        (vec![OutgoingTensor::f32(format!("{name}.diff"), &[1, 2], &[1.0, f32::NAN])], "not finite"),
        (extra("lora_unet_conv_norm_out.diff"), "differences of layers that are not adapted here"),
        (extra("lora_te_text_model_final_layer_norm.diff"), "parts of the text encoder"),
    ] {
        let error = read(&tensors).unwrap_err().to_string();
        assert!(error.contains(words), "{error} (expected: {words})");
        assert!(error.contains("file.safetensors") && !error.contains('\n'), "{error}");
    }
    let names_all = [
        "lora_unet_time_embedding_linear_1.lora_down.weight",
        "lora_unet_time_embedding_linear_1.lora_up.weight",
        "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight",
    ];
    let error = read(&names_all.map(|name| f32_tensor(name, &[2, 2]))).unwrap_err().to_string();
    assert_eq!(
        error,
        "file.safetensors also changes what Palpable does not adapt: the time embedding (2 tensors), two text \
         encoders (SDXL's) (1 tensor) (for example \"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight\"); \
         it can use LoRA and full differences of the linear layers and convolutions of the U-Net and of one text \
         encoder, and embeddings for it"
    );
}

#[test]
fn pickles_and_giants_are_refused_before_they_are_read() {
    for (bytes, file_name) in [
        (&b"PK\x03\x04 a zip file of PyTorch"[..], "lora.safetensors"),
        (&b"\x80\x02}q\x00(U\x0fstring_to_paramq"[..], "embedding"),
        (&b"garbage"[..], "embedding.PT"),
        (&b"garbage garbage garbage"[..], "model.ckpt"),
        (&b""[..], "pytorch_lora_weights.bin"),
    ] {
        let error = Adapter::from_bytes(bytes, file_name).unwrap_err();
        assert_eq!(error, Error::Pickle { file: file_name.to_owned() });
        assert!(error.to_string().contains("safetensors.torch.save_file"));
    }
    let database = [b"SQLite format 3\0".as_slice(), &[0; 100]].concat();
    for file_name in ["my_dog_lora_f16.ckpt", "my-dog.safetensors"] {
        let error = Adapter::from_bytes(&database, file_name).unwrap_err();
        assert_eq!(error, Error::DrawThings { file: file_name.to_owned() });
    }
    // A good file under a wrong name is still a good file.
    assert!(Adapter::from_bytes(&full_adapter().to_bytes(), "adapter.bin").is_ok());
    assert_eq!(check_length("x", MAX_FILE), Ok(()));
    let error = check_length("x.safetensors", 4_265_380_512).unwrap_err().to_string();
    assert_eq!(
        error,
        "x.safetensors has 4.3 GB; adapters of up to 2 GB are read, so this is probably a whole model"
    );
}

/// Every way to cut a file, and thousands of ways to damage one, end in a value, never in a panic.
#[test]
fn damaged_files_never_panic() {
    let mut adapter = full_adapter();
    adapter.lora.truncate(1);
    let bytes = adapter.to_bytes();
    for length in 0..bytes.len() {
        let error = Adapter::from_bytes(&bytes[..length], "x.safetensors").unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(Adapter::from_bytes(&longer, "x.safetensors").is_err());
    let header_end = SafetensorsHeader::from_bytes("x", &bytes).unwrap().data_start as usize;
    let mut refused = 0;
    for round in 0..4000 {
        let mut damaged = bytes.clone();
        let [position, value, ..] = philox4x32([round, 0, 0, 0], [9, 9]);
        damaged[position as usize % header_end] = value as u8;
        refused += usize::from(Adapter::from_bytes(&damaged, "x.safetensors").is_err());
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn hostile_texts_become_harmless() {
    let hostile = "a\u{0}b\u{1b}[31m\r\nc\u{202e}d".to_owned() + &"x".repeat(5000);
    let adapter = Adapter {
        name: hostile.clone(),
        embeddings: vec![Embedding {
            placeholder: format!("<{hostile} and more>"),
            vectors: 1,
            width: 2,
            values: vec![1.0, 2.0],
        }],
        details: AdapterDetails {
            clean_prompt: Some(hostile.clone()),
            alpha: Some(f64::NAN),
            ..AdapterDetails::default()
        },
        ..Adapter::default()
    };
    let again = Adapter::from_bytes(&adapter.to_bytes(), &hostile).unwrap();
    let embedding = &again.embeddings[0];
    for text in [&again.name, &embedding.placeholder, again.details.clean_prompt.as_ref().unwrap()] {
        assert!(
            text.chars().count() <= 2000 && !text.contains(['\u{0}', '\u{1b}', '\n', '\u{202e}']),
            "{text:?}"
        );
    }
    assert!(again.name.starts_with("ab[31mcdxx") && again.name.len() == 100);
    assert!(!embedding.placeholder.contains(char::is_whitespace));
    assert_eq!(again.details.alpha, None);
    let error = Adapter::from_bytes(b"{", &hostile).unwrap_err().to_string();
    assert!(error.len() < 300 && !error.contains('\u{1b}'), "{error:?}");
    let nameless = read(&[f32_tensor("bundle_emb.<>.clip_l", &[1, 2])]).unwrap();
    assert_eq!(nameless.embeddings[0].placeholder, "<word>");
}
