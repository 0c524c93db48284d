//! Bars, drawn by `charts-rs`. The colours written here are those of the light page; the page's style knows each and gives
//! it another one where the reader likes dark pages.

use charts_rs::{BarChart, Color, HorizontalBarChart, Position, Series as Drawn, YAxisConfig};

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

/// A size to draw for.
#[derive(Clone, Copy)]
pub(super) struct Screen {
    width: f32,
    height: f32,
    /// Labels of periods stand upright.
    turns: bool,
    /// Height of a lying bar, with the room around it.
    bar: f32,
}

pub(super) const WIDE: Screen = Screen { width: 860.0, height: 270.0, turns: false, bar: 30.0 };
pub(super) const NARROW: Screen = Screen { width: 340.0, height: 250.0, turns: true, bar: 30.0 };

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
    /// With their values.
    Labelled,
    /// From left to right, in units of so many seconds.
    Lying(u64),
}

impl Bars {
    pub(super) fn stacked(labels: Vec<String>, series: Vec<Series>) -> Self {
        Self { labels, series, kind: Kind::Stacked }
    }

    pub(super) fn labelled(labels: Vec<String>, series: Vec<Series>) -> Self {
        Self { labels, series, kind: Kind::Labelled }
    }

    pub(super) fn lying(labels: Vec<String>, series: Vec<Series>, unit: u64) -> Self {
        Self { labels, series, kind: Kind::Lying(unit) }
    }

    /// The chart as SVG; nothing if it cannot be drawn, since its table says the same.
    pub(super) fn drawn(&self, screen: Screen) -> String {
        let svg = match self.kind {
            Kind::Lying(_) => self.lying_chart(screen).svg(),
            Kind::Stacked | Kind::Labelled => self.standing_chart(screen).svg(),
        };
        svg.unwrap_or_default()
    }

    fn standing_chart(&self, screen: Screen) -> BarChart {
        let mut chart = BarChart::new(self.drawn_series(), self.labels.clone());
        chart.height = screen.height;
        chart.x_axis.name_rotate = if screen.turns && self.labels.len() > 4 { 1.1 } else { 0.0 };
        if screen.turns {
            chart.x_axis.height = 60.0;
        }
        chart.y_axis_configs = vec![axis(Some(top(self.highest())))];
        dress(&mut chart.base, screen);
        chart
    }

    fn lying_chart(&self, screen: Screen) -> HorizontalBarChart {
        let mut chart = HorizontalBarChart::new(self.drawn_series(), self.labels.clone());
        let bars: f32 = self.labels.iter().map(|_| screen.bar * 2.0).sum();
        chart.height = bars + 50.0;
        chart.series_label_position = Some(Position::Right);
        chart.y_axis_configs = vec![axis(None)];
        dress(&mut chart.base, screen);
        chart
    }

    #[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
    fn drawn_series(&self) -> Vec<Drawn> {
        let unit = if let Kind::Lying(unit) = self.kind { unit } else { 1 };
        let value = |value: &u64| (*value as f64 / unit as f64 * 10.0).round() as f32 / 10.0;
        let drawn = |series: &Series| {
            let mut drawn = Drawn::new(series.name.clone(), series.values.iter().map(value).collect());
            match self.kind {
                Kind::Stacked => drawn.stack = Some("all".to_owned()),
                Kind::Labelled | Kind::Lying(_) => drawn.label_show = true,
            }
            drawn
        };
        self.series.iter().map(drawn).collect()
    }

    /// The highest bar.
    fn highest(&self) -> u64 {
        let at = |column: usize| {
            let values = self.series.iter().filter_map(|series| series.values.get(column));
            if matches!(self.kind, Kind::Stacked) { values.sum() } else { values.copied().max().unwrap_or_default() }
        };
        (0..self.labels.len()).map(at).max().unwrap_or_default()
    }
}

fn color((r, g, b): (u8, u8, u8)) -> Color {
    Color::from((r, g, b))
}

/// What all charts have in common.
fn dress(chart: &mut charts_rs::ChartBase, screen: Screen) {
    chart.width = screen.width;
    chart.background_color = Color::transparent();
    chart.font_family = "system-ui, sans-serif".to_owned();
    chart.legend.show = Some(false);
    chart.series.colors = COLORS.into_iter().map(color).collect();
    chart.series.label.font.color = color(TEXT);
    chart.x_axis.font.color = color(TEXT);
    chart.x_axis.stroke_color = color(LINE);
    chart.grid.stroke_color = color(GRID);
    chart.compact = true;
}

fn axis(max: Option<f32>) -> YAxisConfig {
    let mut axis = YAxisConfig::default();
    axis.font.color = color(TEXT);
    axis.stroke_color = color(LINE);
    axis.split_number = usize::from(STEPS);
    axis.min = Some(0.0);
    axis.max = max;
    axis
}

/// A round number that is not below, and can be divided into the steps of the grid.
#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
fn top(highest: u64) -> f32 {
    let steps = u64::from(STEPS);
    let least = highest.div_ceil(steps).max(1);
    let power = 10_u64.pow(least.ilog10());
    let step = [1, 2, 3, 5, 10].into_iter().map(|digit| digit * power).find(|step| *step >= least).unwrap_or(least);
    (step * steps) as f32
}

#[cfg(test)]
mod tests {
    use super::top;

    #[test]
    fn axes_end_at_a_round_number_that_no_bar_passes() {
        let tops: Vec<(u64, f32)> =
            [0, 1, 4, 5, 9, 13, 40, 41, 1_234, 98_765].map(|highest| (highest, top(highest))).into();
        for (highest, top) in &tops {
            assert!(*top >= *highest as f32 && *top <= (*highest as f32 * 2.6).max(4.0), "{highest}: {top}");
        }
        assert_eq!(tops[8].1, 2_000.0);
    }
}
