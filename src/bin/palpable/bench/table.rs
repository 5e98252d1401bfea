//! Reports as Markdown tables: readable in a terminal, and ready for an issue or `docs/`.

use palpable::{
    bench::{Counted, Report, Row},
    gpu::Work,
};

/// A report with its ceilings.
pub fn measured(report: &Report) -> String {
    let mut text =
        format!("{} on {} ({})\n", report.engine, report.device.adapter_name, report.device.backend);
    if let Some(ceiling) = &report.ceiling {
        let f16 = ceiling.teraflops_f16.map_or(String::new(), |speed| format!(", {speed:.3} in f16"));
        text += &format!(
            "ceilings: {:.3} TFLOP/s{f16}; {:.1} GB/s\n",
            ceiling.teraflops, ceiling.gigabytes_per_second
        );
    }
    text += "\n";
    let header = [
        "what",
        "pass",
        "",
        "ms",
        "least–most",
        "queued after",
        "launches",
        "TFLOP/s",
        "GB/s",
        "of ceiling",
        "memory",
    ];
    text + &lines(&header, report.rows.iter().map(row))
}

fn row(row: &Row) -> Vec<String> {
    vec![
        row.name.clone(),
        row.pass.to_owned(),
        row.precision.to_owned(),
        format!("{:.3}", row.milliseconds),
        format!("{:.3}–{:.3}", row.least, row.most),
        format!("{:.3}", row.host),
        row.launches.to_string(),
        format!("{:.3}", row.teraflops()),
        format!("{:.1}", row.gigabytes_per_second()),
        row.ceiling_share.map_or(String::new(), |share| format!("{:.0} %", share * 100.0)),
        row.memory.map_or(String::new(), |bytes| format!("{:.2} GB", bytes as f64 / 1e9)),
    ]
}

/// What there is to do, by kind of kernel.
pub fn counted(passes: &[Counted]) -> String {
    let mut text = String::new();
    for Counted { name, work } in passes {
        let all: Work = work.values().copied().sum();
        let total = ("all", all);
        let kinds = work.iter().map(|(kind, work)| (*kind, *work)).chain([total]);
        text += &format!("{name}\n\n");
        text += &lines(
            &["kernels", "launches", "GFLOP", "GB", "FLOP a byte"],
            kinds.map(|(kind, work)| {
                vec![
                    kind.to_owned(),
                    work.launches.to_string(),
                    format!("{:.2}", work.flops as f64 / 1e9),
                    format!("{:.3}", work.bytes as f64 / 1e9),
                    format!("{:.1}", work.flops as f64 / work.bytes as f64),
                ]
            }),
        );
        text += "\n";
    }
    text
}

/// A Markdown table.
pub fn lines(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    let rule = vec!["---".to_owned(); header.len()];
    [line(&header), line(&rule)].into_iter().chain(rows.map(|row| line(&row))).collect()
}
