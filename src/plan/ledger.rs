//! Tensors without numbers: a calculation written down with them takes and gives back memory like the
//! calculation itself, so that the memory it takes of a device is known beforehand.
//!
//! A [`Ghost`] stands for a tensor's buffer; clones share it, and it is given back when the last one is
//! dropped, as on the device. [`Tape`] does the same for a backward pass: what operations keep, and the
//! gradients on their way.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use burn::tensor::DType;

use super::{blocks::F32, product::Product};
use crate::gpu::KernelProfile;

/// Bytes that buffers are aligned to on every WebGPU device.
const ALIGNMENT: u64 = 256;

/// The buffers that a device's pool hands out: one that is given back serves the next tensor of exactly
/// its size (see `gpu::memory`).
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    books: Rc<Books>,
    /// The device that computes products, and in which type; None where there are none.
    device: Option<(Arc<KernelProfile>, DType)>,
}

#[derive(Debug, Default)]
struct Books {
    /// Number of buffers, by size in bytes, that were handed out and are not in use.
    free: RefCell<HashMap<u64, usize>>,
    /// Bytes of all buffers that were handed out.
    reserved: Cell<u64>,
    largest: Cell<u64>,
}

impl Ledger {
    /// The buffers of work on such a device, whose numbers take `scalar` bytes.
    pub fn on(profile: &Arc<KernelProfile>, scalar: u64) -> Self {
        let dtype = if scalar == F32 { DType::F32 } else { DType::F16 };
        Self { device: Some((profile.clone(), dtype)), ..Self::default() }
    }

    /// Takes what the sums of a product need while it is computed, if the device splits them.
    pub fn multiply(&self, product: Product) {
        if let Some((profile, dtype)) = &self.device {
            drop(self.take(profile.sum_bytes(product.workload(), *dtype)));
        }
    }

    /// Takes a buffer of `bytes`, rounded up to the alignment.
    pub fn take(&self, bytes: u64) -> Ghost {
        let bytes = bytes.next_multiple_of(ALIGNMENT);
        match self.books.free.borrow_mut().get_mut(&bytes) {
            Some(count) if *count > 0 => *count -= 1,
            _ => self.books.reserved.set(self.books.reserved.get() + bytes),
        }
        self.books.largest.set(self.books.largest.get().max(bytes));
        Ghost { buffer: Rc::new(Buffer { bytes, books: self.books.clone() }), node: None }
    }

    /// Bytes of all buffers that were handed out.
    pub fn reserved(&self) -> u64 {
        self.books.reserved.get()
    }

    /// Bytes of the largest of them.
    pub fn largest(&self) -> u64 {
        self.books.largest.get()
    }
}

/// A tensor as far as memory goes.
#[derive(Clone, Debug)]
pub struct Ghost {
    buffer: Rc<Buffer>,
    /// The tensor's place on a tape; None where no gradient is wanted.
    node: Option<Node>,
}

/// A tensor on a tape.
pub type Node = usize;

#[derive(Debug)]
struct Buffer {
    bytes: u64,
    books: Rc<Books>,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        *self.books.free.borrow_mut().entry(self.bytes).or_default() += 1;
    }
}

impl Ghost {
    pub fn bytes(&self) -> u64 {
        self.buffer.bytes
    }

    /// The same buffer outside of any tape.
    pub fn detached(&self) -> Self {
        Self { buffer: self.buffer.clone(), node: None }
    }

    fn shared(&self) -> bool {
        Rc::strong_count(&self.buffer) > 1
    }
}

/// The steps that a pass records for its backward pass; none at all unless `recording`.
#[derive(Debug)]
pub struct Tape {
    ledger: Ledger,
    recording: bool,
    nodes: Node,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    inputs: Vec<Input>,
    output: Node,
    /// What the operation keeps; given back when the step is done.
    kept: Vec<Ghost>,
    /// Bytes that the backward step takes for itself.
    scratch: u64,
    /// What it multiplies.
    products: Vec<Product>,
}

#[derive(Debug)]
struct Input {
    node: Node,
    /// Bytes of the input's gradient; None where that is the output's gradient itself.
    fresh: Option<u64>,
}

impl Tape {
    pub fn new(ledger: &Ledger, recording: bool) -> Self {
        Self { ledger: ledger.clone(), recording, nodes: 0, steps: Vec::new() }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The same buffer as a leaf of the tape, whose gradient is wanted.
    pub fn leaf(&mut self, ghost: &Ghost) -> Ghost {
        let mut leaf = ghost.detached();
        if self.recording {
            leaf.node = Some(self.node());
        }
        leaf
    }

    /// The result of an operation, `bytes` long. If one of `inputs` is on the tape, the operation keeps
    /// `kept`, and its backward step takes `scratch` bytes for itself.
    pub fn operation(&mut self, inputs: &[&Ghost], kept: &[&Ghost], bytes: u64, scratch: u64) -> Ghost {
        let output = self.ledger.take(bytes);
        self.record(inputs, kept, output, scratch, false)
    }

    /// Says what the latest operation, which made `output`, multiplies in its backward step.
    pub fn multiply_back(&mut self, output: &Ghost, products: Vec<Product>) {
        if let Some(step) = self.steps.last_mut().filter(|step| output.node == Some(step.output)) {
            step.products = products;
        }
    }

    /// The same for an operation that also keeps its result.
    pub fn operation_keeping_result(
        &mut self,
        inputs: &[&Ghost],
        kept: &[&Ghost],
        bytes: u64,
        scratch: u64,
    ) -> Ghost {
        let output = self.ledger.take(bytes);
        let result = output.clone();
        let kept: Vec<&Ghost> = kept.iter().copied().chain([&result]).collect();
        self.record(inputs, &kept, output, scratch, false)
    }

    /// a + b, written over one of the two if nothing else needs it.
    pub fn add(&mut self, a: Ghost, b: Ghost) -> Ghost {
        let bytes = a.bytes().max(b.bytes());
        let (first, second) = (a.node, b.node);
        let over = |ghost: &Ghost| !ghost.shared() && ghost.bytes() == bytes;
        let buffer = if over(&a) {
            a.buffer
        } else if over(&b) {
            b.buffer
        } else {
            let sum = self.ledger.take(bytes).buffer;
            drop((a, b));
            sum
        };
        let terms = [first, second].map(|node| Ghost { buffer: buffer.clone(), node });
        let output = Ghost { buffer: buffer.clone(), node: None };
        let result = self.record(&[&terms[0], &terms[1]], &[], output, 0, true);
        drop(terms);
        result
    }

    /// The same buffer after an in-place operation that keeps nothing (times a number, a reshape).
    pub fn in_place(&mut self, x: Ghost) -> Ghost {
        let output = x.detached();
        self.record(&[&x], &[], output, 0, true)
    }

    fn record(
        &mut self,
        inputs: &[&Ghost],
        kept: &[&Ghost],
        mut output: Ghost,
        scratch: u64,
        passes_through: bool,
    ) -> Ghost {
        let inputs: Vec<Input> = inputs
            .iter()
            .filter_map(|input| {
                let fresh = (!passes_through).then(|| input.bytes());
                input.node.map(|node| Input { node, fresh })
            })
            .collect();
        if !inputs.is_empty() {
            let node = self.node();
            output.node = Some(node);
            let kept = kept.iter().map(|ghost| ghost.detached()).collect();
            self.steps.push(Step { inputs, output: node, kept, scratch, products: Vec::new() });
        }
        output
    }

    fn node(&mut self) -> Node {
        self.nodes += 1;
        self.nodes
    }

    /// Walks back from `output`, whose gradient is given, and returns the leaves' gradients.
    pub fn backward(self, output: &Ghost, gradient: Ghost) -> Gradients {
        let mut gradients = Gradients { ledger: self.ledger, found: HashMap::new() };
        if let Some(node) = output.node {
            gradients.found.insert(node, gradient);
        }
        for Step { inputs, output, kept, scratch, products } in self.steps.into_iter().rev() {
            let Some(gradient) = gradients.found.remove(&output) else { continue };
            let scratch = gradients.ledger.take(scratch);
            let fresh: Vec<(Node, Ghost)> = inputs
                .into_iter()
                .map(|Input { node, fresh }| {
                    (node, fresh.map_or_else(|| gradient.clone(), |bytes| gradients.ledger.take(bytes)))
                })
                .collect();
            products.into_iter().for_each(|product| gradients.ledger.multiply(product));
            drop((scratch, gradient, kept));
            fresh.into_iter().for_each(|(node, gradient)| gradients.add(node, gradient));
        }
        gradients
    }
}

/// Gradients by their place on the tape.
#[derive(Debug)]
pub struct Gradients {
    ledger: Ledger,
    found: HashMap<Node, Ghost>,
}

impl Gradients {
    fn add(&mut self, node: Node, gradient: Ghost) {
        let sum = match self.found.remove(&node) {
            None => gradient,
            // Added in place, if one of the two is used by nothing else.
            Some(earlier) if !earlier.shared() => earlier,
            Some(_) if !gradient.shared() => gradient,
            Some(_) => self.ledger.take(gradient.bytes()),
        };
        self.found.insert(node, sum);
    }

    /// A leaf's gradient, if one reached it.
    pub fn remove(&mut self, leaf: &Ghost) -> Option<Ghost> {
        self.found.remove(&leaf.node?)
    }
}
