#[derive(Clone)]
pub struct LoraWeights { pub path: String, pub rank: usize, pub in_features: usize, pub out_features: usize, pub down: Vec<f32>, pub up: Vec<f32>, pub alpha: f32 }
#[derive(Clone)]
pub struct Embedding { pub placeholder: String, pub vectors: usize, pub width: usize, pub values: Vec<f32> }
#[derive(Clone,Default)]
pub struct AdapterDetails { pub class_noun: Option<String>, pub clean_prompt: Option<String>, pub personalization_prompt: Option<String>, pub alpha: Option<f64>, pub beta: Option<f64>, pub lambda: Option<f64>, pub steps: Option<usize>, pub base_model: Option<String> }
#[derive(Clone)]
pub struct Adapter { pub name: String, pub lora: Vec<LoraWeights>, pub embedding: Option<Embedding>, pub details: AdapterDetails }
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct Error;
impl Embedding { pub fn check_width(&self, _w: usize) -> Result<(), Error> { Ok(()) } }
impl Adapter {
  pub fn to_bytes(&self) -> Vec<u8> { vec![] }
  pub fn from_bytes(_b: &[u8], _n: &str) -> Result<Self, Error> { Err(Error) }
  pub fn embedding_file(&self) -> Option<Vec<u8>> { None }
  pub fn check_fits(&self, _p: &[crate::model::unet::Projection]) -> Result<(), Error> { Ok(()) }
  pub fn add_to(&self, set: &mut crate::model::lora::LoraSet, device: &burn::tensor::Device, strength: f32) {
    for w in &self.lora {
      let t = |v: &Vec<f32>, s: [usize;2]| burn::tensor::Tensor::<2>::from_data(burn::tensor::TensorData::new(v.clone(), s), device);
      set.insert(w.path.clone(), crate::model::lora::LoraLayer { down: t(&w.down, [w.rank, w.in_features]), up: t(&w.up, [w.out_features, w.rank]), scale: strength * w.alpha / w.rank as f32 });
    }
  }
}
