//! The memory that passes through the U-Net take, counted over the same segments that are run
//! ([`UNet2DConditionConfig::segments`]).

use super::adaptation::Adaptation;
use super::blocks::{F32, Prompt, TransformerSizes, Walk};
use super::layers::Layer;
use super::ledger::{Ghost, Ledger, Tape};
use super::product::Product;
use crate::model::adaptable::ModuleChoice;
use crate::model::unet_config::UNet2DConditionConfig;
use crate::model::unet_segments::{SegmentKind, SegmentShape};
use crate::training::{
    ActivationPolicy,
    localized_loss::{block_of, localized_blocks},
};

/// A pass: the model, and what it is given.
#[derive(Clone, Copy)]
pub struct UNetPass<'a> {
    pub config: &'a UNet2DConditionConfig,
    /// Bytes of a stored number.
    pub scalar: u64,
    pub batch: u64,
    /// `[height, width]` of the latents.
    pub size: [u64; 2],
    /// Tokens of the prompt.
    pub tokens: u64,
    /// What is added to the weights in every pass; None if nothing is.
    pub adaptation: Option<Adaptation>,
    /// Whether a localized loss looks at its cross-attention.
    pub localized: bool,
}

/// An image on its way, the segment that it comes from, and whether anything trained went into it.
#[derive(Clone)]
struct Image {
    ghost: Ghost,
    source: usize,
    tracked: bool,
}

/// What is kept of one segment.
enum Record {
    Constant,
    Tape(Box<Played>),
    Inputs(Image, Option<Image>),
}

/// A segment that was run.
struct Played {
    tape: Tape,
    image: Ghost,
    skip: Option<Ghost>,
    states: Ghost,
    output: Ghost,
}

/// A recorded pass, ready for its way back.
pub struct Recorded<'a> {
    pass: UNetPass<'a>,
    states: Ghost,
    records: Vec<(Record, usize, Option<usize>)>,
}

impl<'a> UNetPass<'a> {
    /// A pass without gradients: its output, f32.
    pub fn predict(&self, ledger: &Ledger) -> Ghost {
        let states = self.states(ledger);
        let mut skips: Vec<Ghost> = Vec::new();
        let mut image = ledger.take(self.batch * self.latents() * self.scalar);
        for segment in self.config.segments() {
            let skip = if segment.takes_skip { skips.pop() } else { None };
            image = self.play(ledger, &segment, image, skip, &states, None).output;
            if segment.leaves_skip {
                skips.push(image.clone());
            }
        }
        self.as_f32(ledger, image)
    }

    /// A pass with gradients (`SegmentedPass`): its output, f32, and the way back.
    pub fn record(self, ledger: &Ledger, policy: ActivationPolicy) -> (Ghost, Recorded<'a>) {
        let states = self.states(ledger);
        let mut records = Vec::new();
        let mut skips: Vec<Image> = Vec::new();
        let sample = ledger.take(self.batch * self.latents() * self.scalar);
        let mut image = Image { ghost: sample, source: 0, tracked: false };
        for (index, segment) in self.config.segments().iter().enumerate() {
            let skip = if segment.takes_skip { skips.pop() } else { None };
            let (image_source, skip_source) = (image.source, skip.as_ref().map(|skip| skip.source));
            let tracked =
                self.trains(segment) || image.tracked || skip.as_ref().is_some_and(|skip| skip.tracked);
            let (record, output) = match policy {
                ActivationPolicy::Keep if tracked => {
                    let tracks = [image.tracked, skip.as_ref().is_some_and(|skip| skip.tracked)];
                    let skip = skip.map(|skip| skip.ghost);
                    let played = self.play(ledger, segment, image.ghost, skip, &states, Some(tracks));
                    let output = played.output.detached();
                    (Record::Tape(Box::new(played)), output)
                }
                _ => {
                    let skip_ghost = skip.as_ref().map(|skip| skip.ghost.clone());
                    let played = self.play(ledger, segment, image.ghost.clone(), skip_ghost, &states, None);
                    let record = if tracked { Record::Inputs(image, skip) } else { Record::Constant };
                    (record, played.output)
                }
            };
            records.push((record, image_source, skip_source));
            image = Image { ghost: output, source: index, tracked };
            if segment.leaves_skip {
                skips.push(image.clone());
            }
        }
        (self.as_f32(ledger, image.ghost), Recorded { pass: self, states, records })
    }

    /// Runs one segment, on a tape if there are `tracks`: whether gradients of image and skip are wanted.
    fn play(
        &self,
        ledger: &Ledger,
        segment: &SegmentShape,
        image: Ghost,
        skip: Option<Ghost>,
        states: &Ghost,
        tracks: Option<[bool; 2]>,
    ) -> Played {
        let mut tape = Tape::new(ledger, tracks.is_some());
        let [track_image, track_skip] = tracks.unwrap_or_default();
        let mut leaf = |ghost: Ghost, wanted: bool| if wanted { tape.leaf(&ghost) } else { ghost };
        let (image, skip) = (leaf(image, track_image), skip.map(|skip| leaf(skip, track_skip)));
        let states = leaf(states.detached(), tracks.is_some());
        let mut walk = Walk {
            tape: &mut tape,
            scalar: self.scalar,
            batch: self.batch,
            norm_num_groups: self.config.norm_num_groups as u64,
            prompt: Some(Prompt { states: states.clone(), tokens: self.tokens }),
            time_embedding_size: Some(self.config.time_embedding_size as u64),
            adaptation: self.adaptation,
        };
        let output = match tracks {
            // The tape holds its leaves.
            Some(_) => self.walk(&mut walk, segment, image.clone(), skip.clone()),
            None => {
                let output = self.walk(&mut walk, segment, image, skip);
                return Played { tape, image: ledger.take(0), skip: None, states, output };
            }
        };
        Played { tape, image, skip, states, output }
    }

    /// `Segment::forward`
    fn walk(&self, walk: &mut Walk, segment: &SegmentShape, image: Ghost, skip: Option<Ghost>) -> Ghost {
        let pixels = self.pixels(segment.level);
        let (inputs, outputs) = (segment.in_channels as u64, segment.out_channels as u64);
        let image = match skip {
            Some(skip) => {
                let bytes = self.batch * pixels * inputs * self.scalar;
                let joined = walk.tape.operation(&[&image, &skip], &[], bytes, 0);
                drop((image, skip));
                joined
            }
            None => image,
        };
        match &segment.kind {
            SegmentKind::Input | SegmentKind::Downsampler { .. } => {
                walk.layer(&image, pixels, Layer::convolution(inputs, outputs))
            }
            SegmentKind::Layer { transformer, .. } => {
                let x = walk.resnet(image, pixels, inputs, outputs);
                match transformer {
                    Some(_) => walk.transformer(x, self.transformer(segment)),
                    None => x,
                }
            }
            SegmentKind::Upsampler { .. } => walk.layer(&image, pixels, Layer::upsampling(inputs, outputs)),
            SegmentKind::Output => {
                let normal = walk.group_norm(&image, pixels * inputs);
                drop(image);
                walk.layer(&normal, pixels, Layer::convolution(inputs, outputs))
            }
        }
    }

    fn transformer(&self, segment: &SegmentShape) -> TransformerSizes {
        TransformerSizes {
            pixels: self.pixels(segment.level),
            channels: segment.out_channels as u64,
            heads: self.config.num_attention_heads[segment.level] as u64,
            layers: self.config.transformer_layers_per_block[segment.level],
            cross_attention_dim: self.config.cross_attention_dim[segment.level] as u64,
            localized: self.localizes(segment),
        }
    }

    /// Whether the segment's cross-attention is one that a localized loss looks at.
    fn localizes(&self, segment: &SegmentShape) -> bool {
        let segments = self.config.segments();
        let blocks = localized_blocks(segments.iter().filter_map(transformer_path));
        let own = transformer_path(segment).map(block_of);
        self.localized && own.is_some_and(|own| blocks.contains(&own))
    }

    /// The prompt's encoding, f32, and what the time embedding multiplies.
    fn states(&self, ledger: &Ledger) -> Ghost {
        let (size, sinusoids) =
            (self.config.time_embedding_size as u64, self.config.block_out_channels[0] as u64);
        for depth in [sinusoids, size] {
            ledger.multiply(Product::new(self.batch, size, depth));
        }
        ledger.take(self.batch * self.tokens * self.config.cross_attention_dim[0] as u64 * F32)
    }

    /// Pixels of a level; odd sides are rounded up on the way down.
    fn pixels(&self, level: usize) -> u64 {
        let [height, width] = self.size.map(|side| (0..level).fold(side, |side, _| side.div_ceil(2)));
        height * width
    }

    fn latents(&self) -> u64 {
        self.size[0] * self.size[1] * self.config.in_channels as u64
    }

    /// Whether anything in the segment is trained, or the segment reads the prompt, which has the new word
    /// in it.
    fn trains(&self, segment: &SegmentShape) -> bool {
        has_transformer(segment) || self.adaptation == Some(Adaptation::Full(ModuleChoice::All))
    }

    fn as_f32(&self, ledger: &Ledger, image: Ghost) -> Ghost {
        if self.scalar == F32 { image } else { ledger.take(image.bytes() / self.scalar * F32) }
    }
}

/// Whether the segment has attention.
pub(super) fn has_transformer(segment: &SegmentShape) -> bool {
    transformer_path(segment).is_some()
}

fn transformer_path(segment: &SegmentShape) -> Option<&str> {
    match &segment.kind {
        SegmentKind::Layer { transformer, .. } => transformer.as_deref(),
        _ => None,
    }
}

impl Recorded<'_> {
    /// The way back; returns the gradient of the prompt's encoding. (The gradients of the U-Net's trained
    /// values are counted by the caller.)
    pub fn backward(self, ledger: &Ledger, gradient: Ghost) -> Option<Ghost> {
        let mut image_gradients: Vec<Option<Ghost>> = vec![None; self.records.len()];
        if let Some(last) = image_gradients.last_mut() {
            *last = Some(gradient);
        }
        let mut prompt_gradient = None;
        let segments = self.pass.config.segments();
        for (index, (record, image_source, skip_source)) in self.records.into_iter().enumerate().rev() {
            let Some(gradient) = image_gradients[index].take() else { continue };
            let played = match record {
                Record::Constant => continue,
                Record::Tape(played) => *played,
                Record::Inputs(image, skip) => {
                    let tracks = [image.tracked, skip.as_ref().is_some_and(|skip| skip.tracked)];
                    let skip = skip.map(|skip| skip.ghost);
                    let (states, image) = (&self.states, image.ghost);
                    self.pass.play(ledger, &segments[index], image, skip, states, Some(tracks))
                }
            };
            let Played { tape, image, skip, states, output } = played;
            // Counted as for a product output · gradient, and the gradient that such a product gives back.
            drop(ledger.take(output.bytes()));
            let seed = ledger.take(gradient.bytes());
            drop(gradient);
            let mut gradients = tape.backward(&output, seed);
            drop(output);
            let mut pass_on = |leaf: &Ghost, source: usize| {
                if let Some(gradient) = gradients.remove(leaf) {
                    image_gradients[source].get_or_insert(gradient);
                }
            };
            pass_on(&image, image_source);
            if let (Some(skip), Some(source)) = (&skip, skip_source) {
                pass_on(skip, source);
            }
            if let Some(gradient) = gradients.remove(&states) {
                prompt_gradient.get_or_insert(gradient);
            }
        }
        prompt_gradient
    }
}
