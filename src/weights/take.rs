//! Handing a component's tensors to the layers of a model, which name them and their shapes.

use burn::tensor::Tensor;

use super::{
    Error, Weights,
    component::{Content, Stored},
    packing::packing_of,
};
use crate::ops::{conv2d::to_taps_first, frozen_weight::FrozenWeight};

impl Weights {
    /// Whether there is a tensor of that name still to take.
    pub fn contains(&self, name: &str) -> bool {
        self.random.is_some() || self.tensors.contains_key(name) || self.skipped.contains_key(name)
    }

    /// Takes a tensor out. A scalar (shape `[]`) is taken as `[1]`.
    ///
    /// # Errors
    /// [`Error::MissingTensor`], [`Error::WrongShape`], [`Error::UnsupportedType`], [`Error::EmptyTensor`],
    /// [`Error::NotFinite`].
    pub fn take<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, Error> {
        if let Some(random) = &self.random {
            return Ok(random.take(name, shape));
        }
        let mut parts = self.take_parts(name, &shape)?;
        let values = if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) };
        Ok(values.reshape(shape))
    }

    /// Takes a table `[rows, columns]` out in as many parts of whole rows as it lies in: one, unless it is
    /// larger than a device must be able to bind, or packed. All but the last have as many rows.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_rows(&mut self, name: &str, shape: [usize; 2]) -> Result<Vec<FrozenWeight<2>>, Error> {
        if let Some(packed) = self.invent_packed(name, shape) {
            return Ok(vec![packed]);
        }
        if let Some(random) = &self.random {
            let parts = random.take_rows(name, shape, self.largest_tensor);
            return Ok(parts.into_iter().map(FrozenWeight::Floats).collect());
        }
        if let Some(Stored { shape: actual, content: Content::Rows(parts) }) = self.tensors.get(name)
            && actual[..] == shape
        {
            let dtype = self.dtype;
            let parts =
                parts.iter().map(|part| FrozenWeight::Packed { weight: part.clone(), dtype }).collect();
            self.tensors.remove(name);
            return Ok(parts);
        }
        let parts = self.take_parts(name, &shape)?;
        let [_, columns] = shape;
        let rows = |part: Tensor<1>| {
            let rows = part.dims()[0] / columns;
            FrozenWeight::Floats(part.reshape([rows, columns]))
        };
        Ok(parts.into_iter().map(rows).collect())
    }

    fn take_parts(&mut self, name: &str, shape: &[usize]) -> Result<Vec<Tensor<1>>, Error> {
        if let Some(error) = self.skipped.remove(name) {
            return Err(error);
        }
        let Some(Stored { shape: actual, content }) = self.tensors.remove(name) else {
            return Err(Error::MissingTensor { component: self.component.clone(), name: name.to_owned() });
        };
        if actual != shape && !(actual.is_empty() && shape == [1]) {
            return Err(self.wrong_shape(name, actual, shape.to_vec()));
        }
        match content {
            Content::Floats(parts) => Ok(parts),
            Content::TapsFirst(kernel) => Ok(vec![stored_order(kernel, shape)]),
            Content::Matrix(_) | Content::Kernel(_) | Content::Rows(_) => {
                Err(Error::Packed { component: self.component.clone(), name: name.to_owned() })
            }
        }
    }

    /// Takes a linear layer's weight `[out_features, in_features]` out.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<FrozenWeight<2>, Error> {
        let floats = |weights: &mut Self| weights.take(name, shape);
        self.take_packed_matrix(name, &shape, floats)
    }

    /// Takes the weight of a 1×1 convolution out, stored as `[out_features, in_features, 1, 1]`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_pointwise(&mut self, name: &str, shape: [usize; 2]) -> Result<FrozenWeight<2>, Error> {
        let [outputs, inputs] = shape;
        let stored = [outputs, inputs, 1, 1];
        let floats = |weights: &mut Self| Ok(weights.take::<4>(name, stored)?.reshape(shape));
        self.take_packed_matrix(name, &stored, floats)
    }

    fn take_packed_matrix(
        &mut self,
        name: &str,
        shape: &[usize],
        floats: impl FnOnce(&mut Self) -> Result<Tensor<2>, Error>,
    ) -> Result<FrozenWeight<2>, Error> {
        if let Some(Stored { shape: actual, content: Content::Matrix(weight) }) = self.tensors.get(name)
            && actual == shape
        {
            let weight = FrozenWeight::Packed { weight: weight.clone(), dtype: self.dtype };
            self.tensors.remove(name);
            return Ok(weight);
        }
        if let Some(weight) = self.invent_packed(name, [shape[0], shape[1]]) {
            return Ok(weight);
        }
        floats(self).map(FrozenWeight::Floats)
    }

    /// Takes a convolution's weight out, stored as `[out, in, r, s]`, reordered to `[r, s, in, out]`.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_kernel(&mut self, name: &str, shape: [usize; 4]) -> Result<FrozenWeight<4>, Error> {
        if let Some(Stored { shape: actual, content: Content::Kernel(weight) }) = self.tensors.get(name)
            && actual[..] == shape
        {
            let weight = FrozenWeight::Packed { weight: weight.clone(), dtype: self.dtype };
            self.tensors.remove(name);
            return Ok(weight);
        }
        let [outputs, inputs, height, width] = shape;
        if let Some(weight) = self.invent_packed(name, [height, width, inputs, outputs]) {
            return Ok(weight);
        }
        if let Some(Stored { shape: actual, content: Content::TapsFirst(kernel) }) = self.tensors.get(name)
            && actual[..] == shape
        {
            let kernel = kernel.clone().reshape([height, width, inputs, outputs]);
            self.tensors.remove(name);
            return Ok(FrozenWeight::Floats(kernel));
        }
        Ok(FrozenWeight::Floats(to_taps_first(self.take(name, shape)?)))
    }

    /// Where tensors are invented and that one is to be packed.
    fn invent_packed<const D: usize>(&self, name: &str, shape: [usize; D]) -> Option<FrozenWeight<D>> {
        let (random, packing) = (self.random.as_ref()?, packing_of(name, self.packing)?);
        Some(FrozenWeight::Packed { weight: random.take_packed(packing, shape), dtype: self.dtype })
    }
}

/// A kernel with its taps first in the order it was stored in.
fn stored_order(kernel: Tensor<1>, shape: &[usize]) -> Tensor<1> {
    let &[outputs, inputs, height, width] = shape else { return kernel };
    kernel.reshape([height, width, inputs, outputs]).permute([3, 2, 0, 1]).flatten(0, 3)
}
