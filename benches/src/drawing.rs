//! Plots as SVG, readable on light and on dark: nothing behind them, greys and colours between the two.

use anyhow::anyhow;
use plotters::prelude::*;

use crate::section::{Axis, Plot, Scale};

const SIZE: (u32, u32) = (760, 400);
const GREY: RGBColor = RGBColor(125, 133, 144);
const COLOURS: [RGBColor; 6] = [
    RGBColor(47, 129, 247),
    RGBColor(219, 109, 40),
    RGBColor(45, 164, 78),
    RGBColor(163, 113, 247),
    RGBColor(210, 153, 34),
    RGBColor(219, 97, 162),
];

/// Draws a plot.
///
/// # Errors
/// When it holds nothing that can be drawn.
pub fn svg(plot: &Plot) -> anyhow::Result<String> {
    let mut text = String::new();
    draw(plot, &mut text).map_err(|problem| anyhow!("{}: {problem}", plot.name))?;
    Ok(text)
}

fn draw(plot: &Plot, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let lines: Vec<(&str, Vec<(f64, f64)>)> =
        plot.lines.iter().map(|line| (&*line.name, placed(plot, &line.points))).collect();
    let points = || lines.iter().flat_map(|(_, points)| points);
    if points().next().is_none() {
        return Err("no points".into());
    }
    let (left, right) = bounds(plot.x.scale, points().map(|point| point.0));
    let (bottom, top) = bounds(plot.y.scale, points().map(|point| point.1));
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let font = |size: u32| ("sans-serif", size).into_font().color(&GREY);
    let mut chart = ChartBuilder::on(&area)
        .caption(&plot.title, font(18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(left..right, bottom..top)?;
    chart
        .configure_mesh()
        .axis_style(GREY)
        .bold_line_style(GREY.mix(0.3))
        .light_line_style(TRANSPARENT)
        .label_style(font(13))
        .axis_desc_style(font(14))
        .x_desc(&plot.x.label)
        .y_desc(&plot.y.label)
        .x_label_formatter(&|value| label(&plot.x, *value))
        .y_label_formatter(&|value| label(&plot.y, *value))
        .draw()?;
    for ((name, points), colour) in lines.into_iter().zip(COLOURS.into_iter().cycle()) {
        let series = LineSeries::new(points, colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(series)?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .border_style(GREY.mix(0.5))
        .label_font(font(13))
        .position(SeriesLabelPosition::LowerRight)
        .draw()?;
    area.present()?;
    Ok(())
}

fn placed(plot: &Plot, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let placed = points.iter().map(|(x, y)| (place(plot.x.scale, *x), place(plot.y.scale, *y)));
    placed.filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

fn place(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        // What took no measurable time stands at the left edge.
        Scale::Log => {
            if value < 1e-3 {
                -3.0
            } else {
                value.log10()
            }
        }
    }
}

fn bounds(scale: Scale, values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    match scale {
        Scale::Linear => (low.min(0.0), if high > 0.0 { high * 1.05 } else { 1.0 }),
        Scale::Log => (low - 0.1, high + 0.1),
    }
}

fn label(axis: &Axis, value: f64) -> String {
    let value = if axis.scale == Scale::Log { 10_f64.powf(value) } else { value };
    match value.abs() {
        size if size >= 10.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::Line;

    fn plot(scale: Scale, points: Vec<(f64, f64)>) -> Plot {
        let axis = Axis { label: "along".to_owned(), scale };
        let lines = vec![Line { name: "a < b".to_owned(), points }];
        Plot { name: "p".to_owned(), title: "Title".to_owned(), x: axis.clone(), y: axis, lines }
    }

    #[test]
    fn a_plot_names_its_axes_and_lines_and_has_no_background() {
        for scale in [Scale::Linear, Scale::Log] {
            let svg = svg(&plot(scale, vec![(0.0, 1.0), (10.0, 200.0)])).unwrap();
            assert!(["Title", "along", "a &lt; b"].iter().all(|text| svg.contains(text)), "{svg}");
            assert!(svg.contains("<polyline") && !svg.contains("#FFFFFF"));
        }
    }

    #[test]
    fn a_plot_of_nothing_is_an_error() {
        assert!(svg(&plot(Scale::Log, vec![(f64::NAN, 1.0)])).is_err());
    }
}
