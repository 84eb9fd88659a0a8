//! The table of the ids and modification dates of all sheets.

use std::collections::HashMap;

use catalog_model::{Progress, ScanSink};
use qrs_client::{AppId, AppObjectId, Error, Field, Table, TableRows, Timestamp};
use serde::Deserialize;

use crate::{
    scan::{changes::index::SheetSet, source::Source},
    site::{attempt_error::AttemptError, describe::describe, list::awaited},
};

/// The name of the table in reports.
pub(crate) const SHEET_IDS: &str = "sheet ids";

/// Number of rows that are requested at a time. A row has about 110 bytes, and a response at most half a megabyte.
const PAGE_ROWS: u32 = 4_000;

/// Maximum number of sheets without an app that are read one by one.
const MAX_HOMELESS: usize = 500;

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    id: AppObjectId,
    #[serde(default, rename = "app.id")]
    app: AppId,
    #[serde(default, rename = "modifiedDate")]
    modified: Timestamp,
}

/// All sheets of a site, by app.
#[derive(Debug, Default)]
pub(crate) struct SiteSheets {
    pub(crate) by_app: HashMap<AppId, SheetSet>,
    /// Sheets without an app.
    pub(crate) homeless: Vec<AppObjectId>,
    /// Number of all sheets.
    pub(crate) total: u64,
}

impl SiteSheets {
    /// Adds a row of a table of about `expected` rows. The error is why the table cannot be used.
    fn add(&mut self, row: Row, expected: u64) -> Result<(), String> {
        if row.id.is_empty() {
            return Err("the table of sheets has a row without an id".to_owned());
        }
        self.total += 1;
        if self.total > expected + u64::from(PAGE_ROWS) {
            let rows = self.total;
            return Err(format!(
                "the table of sheets does not end after {rows} rows, but the site counted {expected}"
            ));
        }
        if row.app.is_empty() {
            self.homeless.push(row.id);
            return match self.homeless.len() > MAX_HOMELESS {
                true => Err("too many sheets have no app".to_owned()),
                false => Ok(()),
            };
        }
        let set = match self.by_app.get_mut(&row.app) {
            Some(set) => set,
            None => self.by_app.entry(row.app).or_default(),
        };
        set.add(row.id.as_str(), &row.modified);
        Ok(())
    }
}

impl Source {
    /// Requests the first rows of the table, to find out whether the site has it.
    pub(crate) async fn try_table(&self) -> Result<(), Error> {
        let mut rows = self.sheet_ids(1);
        rows.try_next().await.map(drop)
    }

    fn sheet_ids(&self, page_rows: u32) -> TableRows<Row> {
        let table = Table::new("app/object", "App.Object")
            .column(&Field::ID)
            .column(&Field::APP_ID)
            .column(&Field::MODIFIED_DATE)
            .filter(Field::OBJECT_TYPE.equals("sheet"))
            .sort(&Field::ID)
            .page_rows(page_rows);
        self.client.table(table)
    }

    /// Reads the table. The inner error is why the site's table cannot be used.
    pub(crate) async fn read_sheet_ids(
        &self,
        sink: &mut dyn ScanSink,
        expected: u64,
    ) -> Result<Result<SiteSheets, String>, AttemptError> {
        let mut rows = self.sheet_ids(PAGE_ROWS);
        let mut ids = sink.ledger();
        let mut sheets = SiteSheets::default();
        loop {
            let list = SHEET_IDS;
            let row = match rows.is_at_page_end() {
                true => {
                    sink.progress(Progress::Reading {
                        list,
                        records: rows.rows_read(),
                        expected: Some(expected),
                        bytes: rows.bytes_read(),
                    });
                    let waiting = |waited| Progress::Waiting { list, waited };
                    awaited(sink, waiting, rows.try_next()).await
                }
                false => rows.try_next().await,
            };
            let row = match row {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return Ok(Err(unusable(&error))),
            };
            ids.add(row.id.as_str())?;
            if let Err(why) = sheets.add(row, expected) {
                return Ok(Err(why));
            }
        }
        let records = sheets.total;
        sink.progress(Progress::Read {
            list: SHEET_IDS,
            records,
        });
        let ids = ids.close()?;
        Ok(match ids.first_repeated {
            Some(id) => Err(format!(
                "the table of sheets contains `{id}` more than once"
            )),
            None => Ok(sheets),
        })
    }
}

fn unusable(error: &Error) -> String {
    format!("the table of sheets cannot be read: {}", describe(error))
}
