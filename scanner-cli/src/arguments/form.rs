//! The output options of lists.

use clap::{Args, ValueEnum};

/// The output options of a list.
#[derive(Clone, Debug, Args)]
pub(crate) struct Form {
    /// Output format
    #[arg(long, value_enum, default_value_t = CatalogFormat::Text)]
    pub(crate) format: CatalogFormat,
    /// CSV: write each cell as it is stored, without the `'` that keeps spreadsheet programs from evaluating it as a formula
    #[arg(long)]
    pub(crate) csv_raw: bool,
    /// CSV: start with a byte order mark, so that spreadsheet programs recognize UTF-8
    #[arg(long)]
    pub(crate) bom: bool,
    /// Show these columns, in this order: names of fields, such as `label,owner,key`
    #[arg(long, value_name = "NAME", value_delimiter = ',', num_args = 1)]
    pub(crate) columns: Option<Vec<String>>,
}

impl Form {
    /// The error message if options contradict each other.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        let is_invalid = self.format != CatalogFormat::Csv && (self.csv_raw || self.bom);
        is_invalid.then_some("`--csv-raw` and `--bom` need `--format csv`")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CatalogFormat {
    /// Aligned columns for people
    #[value(alias = "table")]
    Text,
    /// A JSON array, or one JSON object if there is only one record
    Json,
    /// One JSON object per line
    Ndjson,
    /// Comma-separated values with a line of names (RFC 4180)
    Csv,
}
