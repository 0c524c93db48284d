//! Bars, drawn by `charts-rs`. The colours written here are those of the light page; the page's style knows each and gives
//! it another one where the reader likes dark pages.

use charts_rs::{BarChart, ChartBase, Color, HorizontalBarChart, Position, Series as Drawn, YAxisConfig};

/// What the page's style calls the colours of series, in their order.
pub(super) const CLASSES: [&str; 6] = ["c1", "c2", "c3", "c4", "c5", "c6"];

/// The same as drawn. They differ in lightness as well, for those who do not tell colours apart.
const COLORS: [(u8, u8, u8); 6] = [
    (0x00, 0x5a, 0x9c),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x8f, 0x6b),
    (0xa8, 0x78, 0x00),
    (0x8f, 0x5f, 0xc0),
    (0x6b, 0x75, 0x85),
];

/// Text, lines and grid.
const TEXT: (u8, u8, u8) = (0x4f, 0x5a, 0x6a);
const LINE: (u8, u8, u8) = (0x9a, 0xa5, 0xb4);
const GRID: (u8, u8, u8) = (0xe3, 0xe7, 0xee);

/// Lines of the grid.
const STEPS: u8 = 4;

/// Widths to draw for. The library leaves out labels that find no room.
pub(super) const WIDE: f32 = 860.0;
pub(super) const NARROW: f32 = 340.0;

/// Height of what stands, and of a bar that lies with the room around it.
const HEIGHT: f32 = 260.0;
const BAR: f32 = 28.0;

/// One colour of bars.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) values: Vec<u64>,
}

/// Bars to draw.
pub(super) struct Bars {
    pub(super) labels: Vec<String>,
    pub(super) series: Vec<Series>,
    kind: Kind,
}

enum Kind {
    /// One upon the other.
    Stacked,
    /// From left to right with their values, each in units of so many.
    Lying(u64),
}

impl Bars {
    pub(super) fn stacked(labels: Vec<String>, series: Vec<Series>) -> Self {
        Self { labels, series, kind: Kind::Stacked }
    }

    pub(super) fn lying(labels: Vec<String>, series: Vec<Series>, unit: u64) -> Self {
        Self { labels, series, kind: Kind::Lying(unit) }
    }

    /// The chart as SVG; nothing if it cannot be drawn, since its table says the same.
    pub(super) fn drawn(&self, width: f32) -> String {
        let svg = match self.kind {
            Kind::Stacked => self.standing_chart(width).svg(),
            Kind::Lying(unit) => self.lying_chart(width, unit).svg(),
        };
        svg.unwrap_or_default()
    }

    fn standing_chart(&self, width: f32) -> BarChart {
        let series = self.series.iter().map(|series| {
            let mut drawn =
                Drawn::new(series.name.clone(), series.values.iter().map(|value| length(*value, 1)).collect());
            drawn.stack = Some("all".to_owned());
            drawn
        });
        let mut chart = BarChart::new(series.collect(), self.labels.clone());
        chart.height = HEIGHT;
        chart.x_axis.font.size = 13.0;
        dress(&mut chart.base, &mut chart.y_axis_configs, width);
        scale(&mut chart.y_axis_configs, self.highest());
        chart
    }

    /// The library begins at the bottom, people at the top.
    fn lying_chart(&self, width: f32, unit: u64) -> HorizontalBarChart {
        let series = self.series.iter().map(|series| {
            let values = series.values.iter().rev().map(|value| length(*value, unit));
            let mut drawn = Drawn::new(series.name.clone(), values.collect());
            drawn.label_show = true;
            drawn
        });
        let labels = self.labels.iter().rev().cloned().collect();
        let mut chart = HorizontalBarChart::new(series.collect(), labels);
        let bars: f32 = self.labels.iter().flat_map(|_| &self.series).map(|_| BAR).sum();
        chart.height = bars + 50.0;
        chart.series_label_position = Some(Position::Right);
        dress(&mut chart.base, &mut chart.y_axis_configs, width);
        // With room for the number behind the longest bar.
        let longest = self.series.iter().flat_map(|series| &series.values).max().copied().unwrap_or_default();
        scale(&mut chart.y_axis_configs, longest.saturating_add(longest / 6).div_ceil(unit.max(1)));
        chart
    }

    /// The highest pile.
    fn highest(&self) -> u64 {
        let at = |column: usize| self.series.iter().filter_map(|series| series.values.get(column)).sum();
        (0..self.labels.len()).map(at).max().unwrap_or_default()
    }
}

/// A value in units, to one digit.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a length on a screen")]
fn length(value: u64, unit: u64) -> f32 {
    ((value as f64 / unit as f64 * 10.0).round() / 10.0) as f32
}

fn color((r, g, b): (u8, u8, u8)) -> Color {
    Color::from((r, g, b))
}

/// What all charts have in common.
fn dress(chart: &mut ChartBase, axes: &mut [YAxisConfig], width: f32) {
    chart.width = width;
    chart.background_color = Color::transparent();
    "system-ui, sans-serif".clone_into(&mut chart.font_family);
    chart.legend.show = Some(false);
    chart.series.colors = COLORS.into_iter().map(color).collect();
    chart.series.label.font.color = color(TEXT);
    chart.x_axis.font.color = color(TEXT);
    chart.x_axis.stroke_color = color(LINE);
    chart.grid.stroke_color = color(GRID);
    "{t}".clone_into(&mut chart.series.label.formatter);
    chart.margin.top = 10.0;
    chart.compact = true;
    for axis in axes {
        axis.font.color = color(TEXT);
        axis.stroke_color = color(LINE);
    }
}

/// An axis from nothing to a round number that no bar passes.
fn scale(axes: &mut [YAxisConfig], highest: u64) {
    if let Some(axis) = axes.first_mut() {
        axis.split_number = usize::from(STEPS);
        axis.min = Some(0.0);
        axis.max = Some(top(highest));
    }
}

/// A round number that is not below, and can be divided into the steps of the grid.
#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn top(highest: u64) -> f32 {
    let steps = u64::from(STEPS);
    let least = highest.div_ceil(steps).max(1);
    let power = 10_u64.pow(least.ilog10());
    let step = [10, 15, 20, 25, 30, 40, 50, 60, 80, 100]
        .into_iter()
        .map(|tenths| tenths * power / 10)
        .find(|step| *step >= least)
        .unwrap_or(least);
    (step * steps) as f32
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn axes_end_at_a_round_number_that_no_bar_passes() {
        for (highest, end) in [
            (0, 4.0),
            (1, 4.0),
            (4, 4.0),
            (5, 8.0),
            (9, 12.0),
            (13, 16.0),
            (41, 60.0),
            (1_234, 1_600.0),
            (98_765, 100_000.0),
        ] {
            assert!((top(highest) - end).abs() < 0.5, "{highest}: {}", top(highest));
        }
    }
}
