//! The samplers' names, as diffusers' and A1111's users know them.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// A sampler a user can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SamplerKind {
    Ddim,
    Pndm,
    Euler,
    EulerAncestral,
    Dpm2M,
    Dpm2MKarras,
    Dpm2MSde,
    Dpm2MSdeKarras,
    DpmSde,
    DpmSdeKarras,
    UniPc,
    Lcm,
    /// Euler ancestral on trailing timesteps: for models distilled to a few steps.
    Turbo,
}

impl SamplerKind {
    pub const ALL: [Self; 13] = [
        Self::Ddim,
        Self::Pndm,
        Self::Euler,
        Self::EulerAncestral,
        Self::Dpm2M,
        Self::Dpm2MKarras,
        Self::Dpm2MSde,
        Self::Dpm2MSdeKarras,
        Self::DpmSde,
        Self::DpmSdeKarras,
        Self::UniPc,
        Self::Lcm,
        Self::Turbo,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Ddim => "ddim",
            Self::Pndm => "pndm",
            Self::Euler => "euler",
            Self::EulerAncestral => "euler-a",
            Self::Dpm2M => "dpm++-2m",
            Self::Dpm2MKarras => "dpm++-2m-karras",
            Self::Dpm2MSde => "dpm++-2m-sde",
            Self::Dpm2MSdeKarras => "dpm++-2m-sde-karras",
            Self::DpmSde => "dpm++-sde",
            Self::DpmSdeKarras => "dpm++-sde-karras",
            Self::UniPc => "unipc",
            Self::Lcm => "lcm",
            Self::Turbo => "turbo",
        }
    }

    /// The known names in one line, for messages and help texts.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for SamplerKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for SamplerKind {
    type Err = Error;

    /// Case doesn't matter, and spaces stand for hyphens: "DPM++ 2M Karras" is `dpm++-2m-karras`.
    fn from_str(name: &str) -> Result<Self, Error> {
        let hyphenated = name.trim().replace([' ', '_'], "-");
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(&hyphenated))
            .ok_or_else(|| Error::UnknownSampler(name.chars().filter(|c| !c.is_control()).take(40).collect()))
    }
}
