//! Several adapters of cross-attention's keys and values as one (Custom Diffusion, arXiv:2212.04488, §3.2
//! and its appendix).
//!
//! For each matrix, W is the one that changes what it makes of regularization prompts least, and makes of
//! each concept's words what the adapter that was trained on it does:
//!
//! argmin ‖W·C_regᵀ − W₀·C_regᵀ‖  subject to  W·C*ᵀ = V*ᵀ,   rows of V*: W_i·c* for the words c* of concept i
//! W = W₀ + (V*ᵀ − W₀·C*ᵀ)·(C*·G⁻¹·C*ᵀ)⁻¹·C*·G⁻¹,            G = C_regᵀ·C_reg
//!
//! With W_i = W₀ + D_i, V*ᵀ − W₀·C*ᵀ is D_i·c* column by column, so W₀ itself is not needed. G and the sums
//! are in f64: encodings of prompts resemble each other, and G is badly conditioned.

use super::difference::Difference;
use super::types::{Adapter, AdapterDetails, is_text_input};

/// Why adapters can't be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    #[error("merging takes at least two adapters")]
    TooFew,
    #[error(
        "the adapter \"{adapter}\" can't be merged: it changes \"{path}\"; adapters whose trained weights are \
         cross-attention's keys and values alone can be"
    )]
    OtherLayers { adapter: String, path: String },
    #[error(
        "the adapter \"{adapter}\" can't be merged: it holds no new word that its changes would be tied to"
    )]
    NoWord { adapter: String },
    #[error("two of the adapters have the new word \"{placeholder}\"; train one of them under another word")]
    SameWord { placeholder: String },
    #[error(
        "the regularization prompts are too few or too alike: {rows} words of theirs are encoded, and the \
         model's text vectors have {width} numbers; give more of them"
    )]
    TooFewPrompts { rows: usize, width: usize },
    #[error("the new words' encodings are too alike to be told apart; was one of the adapters given twice?")]
    SameConcepts,
}

/// A word of a concept in some prompt, as the text encoder writes it, and the adapter it belongs to.
#[derive(Clone, Debug)]
pub struct ConceptToken {
    /// The place of its adapter among those that are merged.
    pub adapter: usize,
    /// c* `[width]`
    pub encoding: Vec<f32>,
}

impl Adapter {
    /// Whether these adapters can be merged, as far as they alone tell.
    ///
    /// # Errors
    /// All of [`MergeError`] but the last two.
    pub fn check_mergeable(adapters: &[Adapter]) -> Result<(), MergeError> {
        if adapters.len() < 2 {
            return Err(MergeError::TooFew);
        }
        let mut words: Vec<&str> = Vec::new();
        for adapter in adapters {
            let name = || adapter.name.clone();
            let paths = adapter.differences.iter().filter(|each| !is_text_input(&each.path));
            let others = adapter.lora.iter().map(|weights| &weights.path).chain(paths.map(|each| &each.path));
            if let Some(path) = others.into_iter().next() {
                return Err(MergeError::OtherLayers { adapter: name(), path: path.clone() });
            }
            if adapter.embeddings.is_empty() {
                return Err(MergeError::NoWord { adapter: name() });
            }
            for embedding in &adapter.embeddings {
                if words.contains(&embedding.placeholder.as_str()) {
                    return Err(MergeError::SameWord { placeholder: embedding.placeholder.clone() });
                }
                words.push(&embedding.placeholder);
            }
        }
        Ok(())
    }

    /// One adapter with the words of all, whose keys and values satisfy the equations above. The adapters fit
    /// one model ([`check_fits`](Self::check_fits)); `regularization` are the rows of C_reg, as wide as the
    /// concepts' encodings.
    ///
    /// # Errors
    /// [`MergeError`].
    pub fn merge(
        adapters: &[Adapter],
        concepts: &[ConceptToken],
        regularization: &[Vec<f32>],
    ) -> Result<Self, MergeError> {
        Self::check_mergeable(adapters)?;
        let constraint = Constraint::new(concepts, regularization)?;
        let mut layers: Vec<&Difference> = Vec::new();
        for difference in adapters.iter().flat_map(|adapter| &adapter.differences) {
            if !layers.iter().any(|layer| layer.path == difference.path) {
                layers.push(difference);
            }
        }
        let merged = layers.into_iter().map(|layer| {
            let changed = concepts.iter().map(|concept| {
                let own = adapters.get(concept.adapter);
                let own = own.and_then(|own| own.differences.iter().find(|each| each.path == layer.path));
                own.map_or_else(|| vec![0.0; layer.shape[0]], |own| product(&own.weight, &concept.encoding))
            });
            let weight = constraint.difference(&changed.collect::<Vec<_>>());
            Difference { path: layer.path.clone(), shape: layer.shape.clone(), weight, bias: None }
        });
        let names: Vec<&str> = adapters.iter().map(|adapter| adapter.name.as_str()).collect();
        let prompts = adapters.iter().filter_map(|adapter| adapter.details.personalization_prompt.as_deref());
        let prompts: Vec<&str> = prompts.collect();
        Ok(Self {
            name: names.join(" and "),
            lora: Vec::new(),
            differences: merged.collect(),
            embeddings: adapters.iter().flat_map(|adapter| adapter.embeddings.clone()).collect(),
            details: AdapterDetails {
                class_nouns: adapters.iter().flat_map(|adapter| adapter.class_nouns()).collect(),
                personalization_prompt: (!prompts.is_empty()).then(|| prompts.join("; ")),
                trained_weights: Some("crossAttention".to_owned()),
                base_model: adapters.iter().find_map(|adapter| adapter.details.base_model.clone()),
                ..AdapterDetails::default()
            },
        })
    }
}

/// matrix `[rows, width]` · vector `[width]`
fn product(matrix: &[f32], vector: &[f32]) -> Vec<f64> {
    let dot = |row: &[f32]| row.iter().zip(vector).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    matrix.chunks_exact(vector.len().max(1)).map(dot).collect()
}

/// (C*·G⁻¹·C*ᵀ)⁻¹·C*·G⁻¹, which is the same for all layers.
struct Constraint {
    /// `[concepts][width]`
    rows: Vec<Vec<f64>>,
}

impl Constraint {
    fn new(concepts: &[ConceptToken], regularization: &[Vec<f32>]) -> Result<Self, MergeError> {
        let width = concepts.first().map_or(0, |concept| concept.encoding.len());
        let mut gram = vec![vec![0.0; width]; width];
        for encoding in regularization {
            let encoding: Vec<f64> = encoding.iter().copied().map(f64::from).collect();
            for (row, a) in gram.iter_mut().zip(&encoding) {
                row.iter_mut().zip(&encoding).for_each(|(sum, b)| *sum += a * b);
            }
        }
        let rows = regularization.len();
        let gram = Cholesky::of(gram).ok_or(MergeError::TooFewPrompts { rows, width })?;
        let words: Vec<Vec<f64>> = concepts
            .iter()
            .map(|concept| concept.encoding.iter().copied().map(f64::from).collect())
            .collect();
        let solved: Vec<Vec<f64>> = words.iter().map(|word| gram.solve(word)).collect();
        let between = solved.iter().map(|row| words.iter().map(|word| dot(row, word)).collect()).collect();
        let between = Cholesky::of(between).ok_or(MergeError::SameConcepts)?;
        // The columns of C*·G⁻¹, one at a time.
        let mut rows = vec![vec![0.0; width]; words.len()];
        for column in 0..width {
            let right: Vec<f64> = solved.iter().map(|row| row[column]).collect();
            rows.iter_mut().zip(between.solve(&right)).for_each(|(row, value)| row[column] = value);
        }
        Ok(Self { rows })
    }

    /// W − W₀ `[out, width]` of a layer, from the D_i·c* of each concept `[concepts][out]`.
    fn difference(&self, changed: &[Vec<f64>]) -> Vec<f32> {
        let width = self.rows.first().map_or(0, Vec::len);
        let outputs = changed.first().map_or(0, Vec::len);
        let mut difference = Vec::with_capacity(outputs * width);
        for output in 0..outputs {
            let mut row = vec![0.0; width];
            for (change, constraint) in changed.iter().zip(&self.rows) {
                row.iter_mut().zip(constraint).for_each(|(sum, value)| *sum += change[output] * value);
            }
            difference.extend(row.into_iter().map(|value| value as f32));
        }
        difference
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A = L·Lᵀ of a symmetric positive definite matrix.
struct Cholesky {
    /// The rows of L, up to the diagonal.
    rows: Vec<Vec<f64>>,
}

/// A pivot that has lost so many digits is none.
const MIN_PIVOT: f64 = 1e-13;

impl Cholesky {
    /// None if the matrix is not positive definite, as far as f64 can tell.
    fn of(matrix: Vec<Vec<f64>>) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
        for (i, full) in matrix.into_iter().enumerate() {
            let mut row = Vec::with_capacity(i + 1);
            for (j, earlier) in rows.iter().enumerate() {
                let rest = full[j] - dot(&row[..j], &earlier[..j]);
                row.push(rest / earlier[j]);
            }
            let pivot = full[i] - dot(&row, &row);
            if pivot.is_nan() || pivot <= MIN_PIVOT * full[i] {
                return None;
            }
            row.push(pivot.sqrt());
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// x of A·x = right
    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        for (i, row) in self.rows.iter().enumerate() {
            x[i] = (x[i] - dot(&row[..i], &x[..i])) / row[i];
        }
        for (i, row) in self.rows.iter().enumerate().rev() {
            x[i] /= row[i];
            let value = x[i];
            x[..i].iter_mut().zip(row).for_each(|(rest, factor)| *rest -= factor * value);
        }
        x
    }
}
