//! What was found out about a device, kept as JSON by whoever starts the engine: a file on the
//! command line, the browser's store on the page.

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::gpu::{FirstStart, Gpu, KernelProfile, templates, tiles::TileTable};

/// Findings about one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceMemo {
    /// What the findings hold for: adapter, driver, what they offer, and the engine's kernels.
    subject: String,
    /// Result of the self-test.
    pub verdict: Verdict,
    /// How the device's matrix products are cut up.
    pub tiles: TileTable,
    /// How long it took to find out.
    pub first_start: FirstStart,
}

impl DeviceMemo {
    pub(super) fn new(subject: String, verdict: Verdict, tiles: TileTable, first_start: FirstStart) -> Self {
        Self { subject, verdict, tiles, first_start }
    }

    /// The memo that was kept, if it is about this subject.
    pub fn from_json(text: &str, subject: &str) -> Option<Self> {
        let memo: Self = serde_json::from_str(text).ok()?;
        (memo.subject == subject).then_some(memo)
    }

    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

/// What findings about an opened device hold for. To be asked before a verdict is applied: the subject is
/// what the device offers, not what the verdict leaves of it.
pub(super) fn subject(gpu: &Gpu) -> String {
    let report = &gpu.report;
    let KernelProfile { workgroup_storage, workgroup_invocations, subgroups, matrix_units, .. } =
        KernelProfile::on(&gpu.device);
    format!(
        "{} / {} / {} / {workgroup_storage} bytes, {workgroup_invocations} threads, subgroups {subgroups}, f16 {}, matrix units {matrix_units:?} / palpable {} {:016x}",
        report.adapter_name,
        report.backend,
        report.driver,
        report.float16,
        env!("CARGO_PKG_VERSION"),
        templates::fingerprint(),
    )
}
