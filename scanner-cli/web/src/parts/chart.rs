//! Small charts, drawn as SVG. They have no script and no inline style.

#![expect(
    unused_qualifications,
    reason = "in the code of enums that are templates"
)]

use askama::{Template, filters::HtmlSafe};

use super::Tone;

/// Width and height of a chart in its own units.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 140.0;
/// Space for the labels: on the left, and below.
const LEFT: f64 = 52.0;
const BELOW: f64 = 20.0;
/// Space above and on the right.
const MARGIN: f64 = 8.0;

/// A chart of any kind.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = "{% match self %}{% when Self::Line(chart) %}{{ chart }}{% when Self::Bars(chart) %}{{ chart }}{% endmatch %}"
)]
pub(crate) enum Chart {
    Line(LineChart),
    Bars(BarChart),
}

impl HtmlSafe for Chart {}

/// What is written around a chart.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChartTexts {
    pub(crate) title: String,
    /// What it shows, in words.
    pub(crate) description: String,
    /// The label of the highest value.
    pub(crate) top: String,
    /// The labels of the first and the last point.
    pub(crate) ends: [String; 2],
}

/// A line over an area.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/line_chart.html")]
pub(crate) struct LineChart {
    texts: ChartTexts,
    /// The points of the line.
    line: String,
    /// The points of the area below it.
    area: String,
    last: [String; 2],
}

impl HtmlSafe for LineChart {}

/// A bar for each value.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/bar_chart.html")]
pub(crate) struct BarChart {
    texts: ChartTexts,
    bars: Vec<Drawn>,
    legend: Vec<(Tone, String)>,
}

impl HtmlSafe for BarChart {}

/// A value of a bar chart.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) value: f64,
    pub(crate) tone: Tone,
    /// What is shown on hover.
    pub(crate) title: String,
}

/// A bar with its place.
#[derive(Clone, Debug)]
struct Drawn {
    x: String,
    y: String,
    width: String,
    height: String,
    tone: Tone,
    title: String,
}

impl LineChart {
    /// A line through these values, from left to right. `None` for fewer than two.
    pub(crate) fn new(texts: ChartTexts, values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let top = highest(values.iter().copied());
        let step = (WIDTH - LEFT - MARGIN) / (values.len() - 1) as f64;
        let points: Vec<[String; 2]> = values
            .iter()
            .enumerate()
            .map(|(index, value)| {
                [
                    written(LEFT + step * index as f64),
                    written(y_of(*value, top)),
                ]
            })
            .collect();
        let line = points.iter().map(|[x, y]| format!("{x},{y}"));
        let line = line.collect::<Vec<_>>().join(" ");
        let ground = written(HEIGHT - BELOW);
        let area = format!(
            "{},{ground} {line} {},{ground}",
            written(LEFT),
            written(WIDTH - MARGIN)
        );
        let last = points.last().cloned().unwrap_or_default();
        Some(Self {
            texts,
            line,
            area,
            last,
        })
    }
}

impl BarChart {
    /// A bar for each value, from left to right. `None` for none.
    pub(crate) fn new(
        texts: ChartTexts,
        values: Vec<Bar>,
        legend: Vec<(Tone, String)>,
    ) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let top = highest(values.iter().map(|bar| bar.value));
        let step = ((WIDTH - LEFT - MARGIN) / values.len() as f64).min(40.0);
        let draw = |(index, bar): (usize, Bar)| {
            let y = y_of(bar.value, top).min(HEIGHT - BELOW - 1.0);
            Drawn {
                x: written(LEFT + step * index as f64 + step * 0.1),
                y: written(y),
                width: written(step * 0.8),
                height: written(HEIGHT - BELOW - y),
                tone: bar.tone,
                title: bar.title,
            }
        };
        Some(Self {
            texts,
            bars: values.into_iter().enumerate().map(draw).collect(),
            legend,
        })
    }
}

/// The highest value, at least a little above zero.
fn highest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::MIN_POSITIVE, f64::max)
}

fn y_of(value: f64, top: f64) -> f64 {
    let share = (value / top).clamp(0.0, 1.0);
    HEIGHT - BELOW - share * (HEIGHT - BELOW - MARGIN)
}

fn written(number: f64) -> String {
    format!("{number:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_chart_spans_the_whole_width_and_begins_at_zero() {
        let chart = LineChart::new(ChartTexts::default(), &[0.0, 5.0, 10.0]).unwrap();
        assert_eq!(chart.line, "52.0,120.0 262.0,64.0 472.0,8.0");
        assert!(LineChart::new(ChartTexts::default(), &[1.0]).is_none());
    }

    #[test]
    fn a_bar_of_zero_is_visible() {
        let bar = |value| Bar {
            value,
            tone: Tone::Plain,
            title: String::new(),
        };
        let chart = BarChart::new(ChartTexts::default(), vec![bar(0.0), bar(0.0)], Vec::new());
        assert_eq!(chart.unwrap().bars[0].height, "1.0");
    }

    #[test]
    fn texts_of_a_chart_are_escaped() {
        let texts = ChartTexts {
            title: "<script>".to_owned(),
            ..ChartTexts::default()
        };
        let html = LineChart::new(texts, &[1.0, 2.0])
            .unwrap()
            .render()
            .unwrap();
        assert!(!html.contains("<script>"), "{html}");
    }
}
