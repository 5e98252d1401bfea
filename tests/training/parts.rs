//! What is trained and how it moves: the new word, its norm, AdamW, the clip.

use burn::tensor::Tensor;
use palpable::training::TrainingSettings;
use palpable::training::embedding;
use palpable::training::embedding_norm;
use palpable::training::optimizer::{self, ParameterGroup};

use crate::support::{any_device, block_on, formula, values};
use crate::tiny::{Tiny, largest_difference, run, settings};

#[test]
fn the_new_word_starts_as_the_class_noun() {
    let device = any_device();
    let one: Tensor<2> = formula::values("row", [1, 24], &device);
    assert_eq!(values(embedding::initial_embedding(one.clone(), 1, 0, 7)), values(one.clone()));
    let two_pieces: Tensor<2> = Tensor::cat(vec![one.clone(), one.clone() * 3.0], 0);
    let start = embedding::initial_embedding(two_pieces, 3, 0, 7);
    assert_eq!(start.dims(), [3, 24]);
    let first = values(start.clone().narrow(0, 0, 1));
    assert!(largest_difference(&first, &values(one * 2.0)) < 1e-6);
    for vector in [1, 2] {
        let further = values(start.clone().narrow(0, vector, 1));
        let difference = largest_difference(&first, &further);
        assert!(difference > 1e-3 && difference < 1.5, "{difference}");
    }
    // Words that start from one noun have noise of their own.
    let [one, other] = [0, 1].map(|subject| {
        let start = embedding::initial_embedding(formula::values("row", [1, 24], &device), 2, subject, 7);
        values(start.narrow(0, 1, 1))
    });
    assert!(largest_difference(&one, &other) > 1e-3);
}

#[test]
fn long_embeddings_are_shortened_and_others_left() {
    let device = any_device();
    let embedding = Tensor::<2>::from_floats([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]], &device);
    let limits = Tensor::<2>::from_floats([[1.0], [1.0], [1.0]], &device);
    let capped = values(embedding_norm::cap_norms(embedding, limits));
    assert!(largest_difference(&capped, &[0.6, 0.8, 0.3, 0.4, 0.0, 0.0]) < 1e-6);
}

#[test]
fn embedding_norms_stay_below_the_cap() {
    let tiny = Tiny::new();
    let fast = TrainingSettings { embedding_learning_rate: 0.5, ..settings() };
    let mut capped = tiny.trainer(&fast);
    let mut free = tiny.trainer(&TrainingSettings { embedding_norm_cap: None, ..fast });
    let start = block_on(capped.step()).unwrap().embedding_norm;
    run(&mut capped, 3);
    run(&mut free, 4);
    let [capped, free] = [&mut capped, &mut free].map(|trainer| block_on(trainer.step()).unwrap());
    assert!(capped.embedding_norm <= start * 1.2 * 1.00001);
    assert!(free.embedding_norm > start * 1.5);
}

/// AdamW by its definition, three updates.
#[test]
fn updates_follow_adamw() {
    let device = any_device();
    let (rate, decay) = (0.1, 0.01);
    let start = [0.5_f64, -2.0];
    let mut group = ParameterGroup::new(Tensor::from_floats(start.map(|x| x as f32), &device), rate, decay);
    let (mut x, mut m, mut v) = (start, [0.0; 2], [0.0; 2]);
    for (update, gradient) in [[1.0, -0.5], [0.2, 0.1], [-3.0, 0.0]].into_iter().enumerate() {
        group.update(Tensor::from_floats(gradient.map(|g| g as f32), &device));
        let time = update as i32 + 1;
        for i in 0..2 {
            let g: f64 = gradient[i];
            m[i] = 0.9 * m[i] + 0.1 * g;
            v[i] = 0.999 * v[i] + 0.001 * g * g;
            let corrected = (m[i] / (1.0 - 0.9_f64.powi(time)), v[i] / (1.0 - 0.999_f64.powi(time)));
            x[i] = x[i] * (1.0 - rate * decay) - rate * corrected.0 / (corrected.1.sqrt() + 1e-8);
        }
    }
    assert!(largest_difference(&values(group.values()), &x.map(|x| x as f32)) < 1e-5);
}

#[test]
fn gradients_are_clipped_by_their_common_norm() {
    let device = any_device();
    let lora = Tensor::<1>::from_floats([3.0, 0.0], &device);
    let embedding = Tensor::<1>::from_floats([4.0], &device);
    let norm = optimizer::global_norm(lora.clone(), embedding.clone());
    assert_eq!(values(norm.clone()), [5.0]);
    let clipped = optimizer::clip(lora.clone(), norm.clone(), 1.0);
    assert!(largest_difference(&values(clipped), &[0.6, 0.0]) < 1e-6);
    assert_eq!(values(optimizer::clip(lora.clone(), norm, 10.0)), values(lora));
}
