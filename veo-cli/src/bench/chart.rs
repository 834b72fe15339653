//! A run as a picture: the bandwidth of transfers by their size, and the ratio of each other time to the machine's own.

use plotters::prelude::*;

use super::{BenchRow, COPY, TO_HOST, TO_VE};

const SIZE: (u32, u32) = (1000, 420);

/// Draws a run.
pub(super) fn draw(rows: &[BenchRow]) -> Result<String, String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        let all = || -> Result<(), Box<dyn std::error::Error + '_>> {
            area.fill(&WHITE)?;
            let (left, right) = area.split_horizontally(560);
            bandwidths(&left, rows)?;
            ratios(&right, rows)?;
            area.present()?;
            Ok(())
        };
        all().map_err(|why| format!("cannot draw the results: {why}"))?;
    }
    Ok(text)
}

type ChartArea<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Sizes and gigabytes a second.
type Curve = Vec<(f64, f64)>;

fn line(rows: &[BenchRow], name: &str, time: impl Fn(&BenchRow) -> Option<f64>) -> Curve {
    let rows = rows.iter().filter(|row| row.name == name);
    rows.filter_map(|row| Some((row.size? as f64, row.bandwidth(time(row))? / 1e9)))
        .collect()
}

fn bandwidths<'a>(area: &ChartArea<'a>, rows: &[BenchRow]) -> Drawn<'a> {
    let lines = [
        (TO_VE, line(rows, TO_VE, |row| row.time), BLUE),
        (TO_HOST, line(rows, TO_HOST, |row| row.time), RED),
        (COPY, line(rows, TO_VE, |row| row.reference), BLACK),
    ];
    let points = || lines.iter().flat_map(|(_, line, _)| line);
    let sizes = points().map(|(size, _)| *size);
    let (least, most) = sizes.fold((f64::MAX, 0.0_f64), |(least, most), size| {
        (least.min(size), most.max(size))
    });
    let highest = points().map(|(_, speed)| *speed).fold(0.0, f64::max);
    if most == 0.0 {
        return Ok(());
    }
    let mut chart = ChartBuilder::on(area)
        .caption("Bandwidth of transfers", ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(
            (least..most * 1.01).log_scale().base(4.0),
            0.0..highest * 1.1,
        )?;
    chart
        .configure_mesh()
        .x_desc("bytes")
        .y_desc("GB/s")
        .x_label_formatter(&|size| crate::output::bytes(*size as u64))
        .draw()?;
    for (name, line, colour) in lines {
        chart
            .draw_series(LineSeries::new(line, &colour))?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()
}

/// A bar for everything that has no size.
fn ratios<'a>(area: &ChartArea<'a>, rows: &[BenchRow]) -> Drawn<'a> {
    let rows = rows.iter().filter(|row| row.size.is_none());
    let bars: Vec<(&BenchRow, f64)> = rows.filter_map(|row| Some((row, row.ratio?))).collect();
    let (width, _) = area.dim_in_pixel();
    let style = ("sans-serif", 12).into_font();
    area.draw(&Text::new(
        "Time by the machine's own",
        (12, 16),
        ("sans-serif", 16),
    ))?;
    let most = bars
        .iter()
        .map(|(_, ratio)| ratio.max(1.0).log10())
        .fold(1.0, f64::max);
    for (place, (row, ratio)) in bars.iter().enumerate() {
        let y = 56 + 64 * place as i32;
        // The scale is logarithmic, from a little more than 1 to thousands.
        let part = (ratio.max(1.0).log10() / most).min(1.0);
        let length = (part * f64::from(width - 40)) as i32;
        let label = format!("{}: {ratio:.1} times {}", row.name, row.beside);
        area.draw(&Text::new(label, (12, y), style.clone()))?;
        let bar = [(12, y + 18), (14 + length, y + 34)];
        area.draw(&Rectangle::new(bar, BLUE.mix(0.7).filled()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, size: Option<u64>, time: f64) -> BenchRow {
        BenchRow {
            name: name.into(),
            size,
            time: Some(time),
            beside: "memcpy <&>".into(),
            reference: Some(1000.0),
            ratio: Some(time / 1000.0),
            change: None,
            missing: None,
        }
    }

    #[test]
    fn a_run_is_drawn() {
        let rows = [
            row(TO_VE, Some(4096), 2000.0),
            row(TO_VE, Some(1 << 20), 90_000.0),
            row("call <waited>", None, 25_500.0),
        ];
        let text = draw(&rows).unwrap();
        assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
        assert!(text.contains("25.5 times memcpy &lt;&amp;&gt;"), "{text}");
        assert!(text.contains("Bandwidth of transfers") && text.contains(TO_VE));
    }

    #[test]
    fn a_run_without_results_is_drawn() {
        for rows in [&[][..], &[row(TO_VE, Some(4096), 0.0)]] {
            assert!(draw(rows).is_ok());
        }
    }
}
