//! The bench: how long the engine's operations and networks take, set against what they have to
//! do and against the device's measured ceilings.
//!
//! A [`Plan`] says what; a [`Session`] works it off an item at a time, so that the caller shows
//! progress and stops whenever it likes; its [`Report`] is the same natively, in Node and in the
//! page. `shapes` and `operations` hold single operations, `networks` whole passes, `ceiling` the
//! two probes, `stopwatch` how anything is timed. The library has no clock: the caller gives one.
//!
//! The shapes (`shapes.json`) and the architecture (`sd15/`) are data, because the PyTorch baseline
//! in `tools/pytorch-baseline/` reads the same files: a row there has the same name and does the
//! same work as a row here.

mod ceiling;
mod model;
mod networks;
mod operations;
mod palp;
mod plan;
mod report;
mod session;
mod shapes;
mod stopwatch;

pub use model::{Model, ModelConfigs};
pub use plan::{Plan, Task};
pub use report::{Ceiling, Counted, Report, Row};
pub use session::{Session, count};
pub use shapes::{Case, Shape, ShapeSet};
pub use stopwatch::Clock;
