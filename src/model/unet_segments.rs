//! The U-Net's forward pass as a list of segments, made from its config alone. By this list weights are
//! loaded, the pass is run, and memory is planned.
//!
//! Each segment turns one image into another. Some also take a skip: an image that an earlier segment left on
//! a stack, the last one first. So all that passes between segments is an image and the stack.

use super::unet_config::{MidBlockKind, UNet2DConditionConfig};

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentShape {
    pub kind: SegmentKind,
    /// The level of resolution, 0 the finest, that its output has.
    pub level: usize,
    /// Channels of its input, including those of a skip.
    pub in_channels: usize,
    pub out_channels: usize,
    /// Takes the last skip off the stack and appends its channels to the image's.
    pub takes_skip: bool,
    /// Leaves its output on the stack.
    pub leaves_skip: bool,
}

/// What a segment computes. Paths are upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// conv_in
    Input,
    /// A residual block, and the transformer that follows it.
    Layer { resnet: String, transformer: Option<String> },
    /// Halves the resolution.
    Downsampler { path: String },
    /// Doubles the resolution.
    Upsampler { path: String },
    /// conv_norm_out, SiLU, conv_out
    Output,
}

impl UNet2DConditionConfig {
    /// The segments in the order of the forward pass.
    pub fn segments(&self) -> Vec<SegmentShape> {
        let mut segments = vec![self.plain(SegmentKind::Input, 0, self.in_channels, true)];
        let levels = self.block_out_channels.len();
        (0..levels).for_each(|level| self.down_block(level, &mut segments));
        self.middle_block(&mut segments);
        (0..levels).for_each(|index| self.up_block(index, &mut segments));
        let finest = self.block_out_channels[0];
        let output = self.plain(SegmentKind::Output, 0, finest, false);
        segments.push(SegmentShape { out_channels: self.out_channels, ..output });
        segments
    }

    /// A segment without a skip whose output has its level's channels.
    fn plain(&self, kind: SegmentKind, level: usize, in_channels: usize, leaves_skip: bool) -> SegmentShape {
        let out_channels = self.block_out_channels[level];
        SegmentShape { kind, level, in_channels, out_channels, takes_skip: false, leaves_skip }
    }

    fn down_block(&self, level: usize, segments: &mut Vec<SegmentShape>) {
        let channels = &self.block_out_channels;
        for i in 0..self.layers_per_block[level] {
            let in_channels = if i == 0 { channels[level.saturating_sub(1)] } else { channels[level] };
            let kind = layer(&format!("down_blocks.{level}"), i, self.down_block_attention[level]);
            segments.push(self.plain(kind, level, in_channels, true));
        }
        if level + 1 < channels.len() {
            let path = format!("down_blocks.{level}.downsamplers.0.conv");
            let halving = self.plain(SegmentKind::Downsampler { path }, level, channels[level], true);
            segments.push(SegmentShape { level: level + 1, ..halving });
        }
    }

    fn middle_block(&self, segments: &mut Vec<SegmentShape>) {
        let level = self.block_out_channels.len() - 1;
        let channels = self.block_out_channels[level];
        let (layers, attention) = match self.mid_block {
            None => (0, false),
            Some(MidBlockKind::Residual) => (1, false),
            Some(MidBlockKind::CrossAttention) => (2, true),
        };
        for i in 0..layers {
            let kind = layer("mid_block", i, attention && i == 0);
            segments.push(self.plain(kind, level, channels, false));
        }
    }

    /// `index` counts from the coarsest level. A layer's input is the image so far and one skip of the way
    /// down: this level's layers', last first, then what the next finer level's downsampler left (`conv_in`
    /// at the finest).
    fn up_block(&self, index: usize, segments: &mut Vec<SegmentShape>) {
        let channels = &self.block_out_channels;
        let level = channels.len() - 1 - index;
        let coarser = channels[(level + 1).min(channels.len() - 1)];
        let finer = channels[level.saturating_sub(1)];
        let layers = self.layers_per_block[level] + 1;
        for i in 0..layers {
            let image = if i == 0 { coarser } else { channels[level] };
            let skip = if i + 1 == layers { finer } else { channels[level] };
            let kind = layer(&format!("up_blocks.{index}"), i, self.up_block_attention[index]);
            let joining = self.plain(kind, level, image + skip, false);
            segments.push(SegmentShape { takes_skip: true, ..joining });
        }
        if level > 0 {
            let path = format!("up_blocks.{index}.upsamplers.0.conv");
            let doubling = self.plain(SegmentKind::Upsampler { path }, level, channels[level], false);
            segments.push(SegmentShape { level: level - 1, ..doubling });
        }
    }
}

/// The `i`-th layer of a block.
fn layer(block: &str, i: usize, attention: bool) -> SegmentKind {
    SegmentKind::Layer {
        resnet: format!("{block}.resnets.{i}"),
        transformer: attention.then(|| format!("{block}.attentions.{i}")),
    }
}
