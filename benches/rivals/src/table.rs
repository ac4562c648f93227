//! The figures as Markdown.

use std::time::Duration;

use crate::load::Cell;

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

/// The rate relative to the best system that runs on other servers, at the same number of connections.
fn ratio(cell: &Cell, all: &[Cell]) -> String {
    // Handover stands there twice, with its letters waiting and with its courier running.
    let system = |cell: &Cell| cell.key.split('-').next().unwrap_or_default();
    let others = all
        .iter()
        .filter(|other| system(other) != system(cell) && other.connections == cell.connections);
    let best = others.map(Cell::per_second).fold(0.0, f64::max);
    if best > 0.0 {
        format!("{:.2} ×", cell.per_second() / best)
    } else {
        "–".to_owned()
    }
}

pub fn markdown(cells: &[Cell]) -> String {
    let mut lines = vec![
        "| system | connections | transfers/s | against the best other | offer p50 ms | offer p99 ms | accept p50 ms \
         | accept p99 ms | its cores | generator's cores | all other cores |"
            .to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|---:|".to_owned(),
    ];
    for cell in cells {
        let parts: Vec<String> = cell
            .cores
            .parts
            .iter()
            .map(|(part, cores)| format!("{part} {cores:.2}"))
            .collect();
        lines.push(format!(
            "| {} | {} | {:.0} | {} | {} | {} | {} | {} | {} | {:.2} | {:.2} |",
            cell.rival,
            cell.connections,
            cell.per_second(),
            ratio(cell, cells),
            ms(cell.offer.p50),
            ms(cell.offer.p99),
            ms(cell.accept.p50),
            ms(cell.accept.p99),
            parts.join(", "),
            cell.cores.generator,
            cell.cores.others,
        ));
    }
    lines.join("\n")
}
