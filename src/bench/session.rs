//! Works a plan off, an item at a time.

use std::collections::VecDeque;

use burn::tensor::{FloatDType, Tensor};

use super::{
    Clock, Plan, Task, ceiling,
    model::Model,
    networks::Pass,
    report::{Counted, FORMAT, Report},
    shapes::Case,
    stopwatch::{Effort, Stopwatch, wait_for},
};
use crate::{
    gpu::{Gpu, KernelProfile, ReleaseUnused},
    pipeline::{Error, Precision},
};

/// What one call of [`Session::step`] measures.
enum Item {
    Ceiling,
    Operation(Case, Precision),
    Pass(Pass),
}

/// A bench under way.
pub struct Session {
    gpu: Gpu,
    model: Model,
    plan: Plan,
    stopwatch: Stopwatch,
    items: VecDeque<Item>,
    total: usize,
    report: Report,
}

impl Session {
    /// Measures what a read-back costs; everything else waits for [`step`](Self::step).
    ///
    /// # Errors
    /// The device failed.
    pub async fn new(gpu: &Gpu, model: Model, plan: Plan, clock: Clock) -> Result<Self, Error> {
        let stopwatch = Stopwatch::new(gpu, clock).await?;
        let mut items = VecDeque::from([Item::Ceiling]);
        items.extend(plan.items(gpu, &model));
        let report = Report {
            format: FORMAT,
            engine: concat!("palpable ", env!("CARGO_PKG_VERSION")).to_owned(),
            device: gpu.report.clone(),
            tiles: KernelProfile::on(&gpu.device).tiles,
            read_back: stopwatch.read_back() * 1e3,
            ceiling: None,
            rows: Vec::new(),
        };
        Ok(Self { gpu: gpu.clone(), model, plan, stopwatch, total: items.len(), items, report })
    }

    /// `[items done, items in all]`.
    pub fn progress(&self) -> [usize; 2] {
        [self.total - self.items.len(), self.total]
    }

    /// What the next step measures; `None` when all is done.
    pub fn next(&self) -> Option<String> {
        self.items.front().map(|item| match item {
            Item::Ceiling => "the device's ceilings".to_owned(),
            Item::Operation(case, precision) => format!("{}, {}", case.name, precision.name()),
            Item::Pass(pass) => format!("{}, {}", pass.name(&self.model, &self.plan), pass.precision.name()),
        })
    }

    /// Measures the next item. If that fails, the next call goes on with the item after it.
    ///
    /// # Errors
    /// The device failed, or a size doesn't fit the model.
    pub async fn step(&mut self) -> Result<(), Error> {
        let _after = ReleaseUnused(self.gpu.clone());
        let Self { gpu, model, plan, stopwatch, report, .. } = self;
        let effort = Effort::new(plan.quick);
        match self.items.pop_front() {
            None => (),
            Some(Item::Ceiling) => report.ceiling = Some(ceiling::measure(gpu, stopwatch, effort).await?),
            Some(Item::Operation(case, precision)) => {
                let rows = case.measure(gpu, precision, stopwatch, effort, report.ceiling.as_ref());
                report.rows.extend(rows.await?);
            }
            Some(Item::Pass(pass)) => {
                let rows = pass.measure(gpu, model, plan, stopwatch, report.ceiling.as_ref());
                report.rows.extend(rows.await?);
            }
        }
        Ok(())
    }

    /// What was found so far.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl Plan {
    fn items(&self, gpu: &Gpu, model: &Model) -> Vec<Item> {
        let mut items = Vec::new();
        let offered = |precision: &&Precision| precision.dtype() == FloatDType::F32 || gpu.report.float16;
        for &precision in self.precisions.iter().filter(offered) {
            if self.tasks.contains(&Task::Ops) {
                let cases = self.shapes.cases(&self.filter);
                items.extend(cases.into_iter().map(|case| Item::Operation(case, precision)));
            }
            if model.has(precision) {
                items.extend(self.passes(precision).map(Item::Pass));
            }
        }
        items
    }

    /// The plan's whole passes in `precision`; only one of the text encoder, which does not depend on the
    /// size.
    fn passes(&self, precision: Precision) -> impl Iterator<Item = Pass> {
        let tasks = self.tasks.iter().filter(|task| **task != Task::Ops);
        tasks.flat_map(move |&task| {
            let sizes = if task == Task::Text { self.sizes.get(..1).unwrap_or(&[]) } else { &self.sizes };
            sizes.iter().map(move |&size| Pass { task, size, precision })
        })
    }
}

/// Counts the work that a plan's whole passes ask of our kernels, without computing it.
///
/// # Errors
/// A size doesn't fit the model, or the device can't hold it.
pub async fn count(gpu: &Gpu, model: &Model, plan: &Plan) -> Result<Vec<Counted>, Error> {
    let mut counted = Vec::new();
    for &precision in plan.precisions.iter().filter(|precision| model.has(**precision)) {
        for pass in plan.passes(precision) {
            counted.extend(pass.count(gpu, model, plan)?);
        }
    }
    // burn's own operations did run: wait for them, since a program that ends while the driver works can
    // take it down.
    wait_for(gpu, Tensor::zeros([1], &gpu.device)).await?;
    Ok(counted)
}
