//! Tables: chosen columns of the records of one kind, page by page (Qlik help, Repository Service API: Table).

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::QrsClient;
use crate::error::{Error, ErrorKind};
use crate::filter::{Field, Filter};
use crate::path::QrsPath;

/// Which columns of which records a table has, and in which order; see [`QrsClient::table`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Table {
    path: String,
    definition: Definition,
    filter: Option<Filter>,
    sort: Option<(Field, Order)>,
    skip: u64,
    page_rows: u32,
}

/// The order of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The smallest or earliest value first.
    Ascending,
    /// The greatest or latest value first.
    Descending,
}

/// The body of a request for a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Definition {
    entity: String,
    columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Column {
    name: String,
    column_type: &'static str,
    definition: String,
}

/// A page of a table, as a site sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    column_names: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Number of rows that are requested at a time, unless set: with a few columns, a page has less than a megabyte.
const PAGE_ROWS: u32 = 2_000;

impl Table {
    /// Begins a table of the records at a path, such as `app/object`, whose kind QRS calls `entity`, such as `App.Object`.
    pub fn new(path: impl Into<String>, entity: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            definition: Definition {
                entity: entity.into(),
                columns: Vec::new(),
            },
            filter: None,
            sort: None,
            skip: 0,
            page_rows: PAGE_ROWS,
        }
    }

    /// Adds a column with the value of a field. Its name in the rows is the field's path.
    pub fn column(mut self, field: &Field) -> Self {
        self.definition.columns.push(Column {
            name: field.as_str().to_owned(),
            column_type: "Property",
            definition: field.as_str().to_owned(),
        });
        self
    }

    /// Requests only the rows of records that meet the condition.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Sorts the rows by one of the columns, in ascending order. A site has no stable order without one: pages may then
    /// repeat rows and lack others. Sort by a column without duplicates, such as `id`.
    pub fn sort(mut self, field: &Field) -> Self {
        self.sort = Some((field.clone(), Order::Ascending));
        self
    }

    /// Sorts the rows by one of the columns.
    pub fn sort_in_order(mut self, field: &Field, order: Order) -> Self {
        self.sort = Some((field.clone(), order));
        self
    }

    /// Skips the first rows.
    pub fn skip(mut self, rows: u64) -> Self {
        self.skip = rows;
        self
    }

    /// Sets how many rows are requested at a time: 2,000; 0 counts as 1.
    pub fn page_rows(mut self, rows: u32) -> Self {
        self.page_rows = rows.max(1);
        self
    }

    fn page_path(&self, skip: u64) -> QrsPath {
        let mut path = QrsPath::new(format!("{}/table", self.path))
            .query("skip", skip.to_string())
            .query("take", self.page_rows.to_string());
        if let Some((field, order)) = &self.sort {
            let ascending = matches!(order, Order::Ascending);
            path = path
                .query("sortColumn", field.as_str())
                .query("orderAscending", ascending.to_string());
        }
        match &self.filter {
            Some(filter) => path.filter(filter.clone()),
            None => path,
        }
    }
}

type PageFuture = Pin<Box<dyn Future<Output = Result<(Page, u64), Error>> + Send>>;

/// The rows of a table, one page in memory at a time.
///
/// Each row is read as an object with a field for each column. The end is an empty page, or a page with fewer rows than the
/// first one, which a site may have cut to a limit of its own. A table is not a snapshot: a record that is added or deleted
/// between two pages can shift the others.
#[must_use = "nothing is read until the rows are asked for"]
pub struct TableRows<T> {
    client: QrsClient,
    table: Table,
    column_names: Vec<String>,
    rows: VecDeque<Vec<Value>>,
    next_page: Option<PageFuture>,
    /// Number of rows of the first page.
    full_page: Option<usize>,
    is_over: bool,
    rows_read: u64,
    bytes_read: u64,
    row: PhantomData<fn() -> T>,
}

impl QrsClient {
    /// The rows of a table of records: only the columns that are asked for, sorted, page by page.
    ///
    /// ```no_run
    /// # async fn ids(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
    /// use qrs_client::{Field, Table};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Row {
    ///     id: String,
    /// }
    ///
    /// let table = Table::new("app/object", "App.Object")
    ///     .column(&Field::ID)
    ///     .filter(Field::OBJECT_TYPE.equals("sheet"))
    ///     .sort(&Field::ID);
    /// let mut rows = client.table::<Row>(table);
    /// while let Some(row) = rows.try_next().await? {
    ///     println!("{}", row.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn table<T: DeserializeOwned>(&self, table: Table) -> TableRows<T> {
        TableRows::new(self.clone(), table)
    }
}

impl<T: DeserializeOwned> TableRows<T> {
    fn new(client: QrsClient, table: Table) -> Self {
        Self {
            client,
            table,
            column_names: Vec::new(),
            rows: VecDeque::new(),
            next_page: None,
            full_page: None,
            is_over: false,
            rows_read: 0,
            bytes_read: 0,
            row: PhantomData,
        }
    }

    /// Number of rows that were returned.
    #[must_use]
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// Whether all rows that were received have been returned. The next call requests a page, or finds the end of the table.
    #[must_use]
    pub fn is_at_page_end(&self) -> bool {
        self.rows.is_empty()
    }

    /// Size of the pages so far, in bytes.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// The next row; `None` at the end of the table.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`]; [`ErrorKind::UnexpectedAnswer`] if a row cannot be read as `T`. There are no rows after an error.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        std::future::poll_fn(|cx| self.poll_row(cx))
            .await
            .transpose()
    }

    /// Reads all rows into memory.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Self::try_next).
    pub async fn collect_all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(row) = self.try_next().await? {
            all.push(row);
        }
        Ok(all)
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                self.rows_read += 1;
                return Poll::Ready(Some(self.decoded(row)));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            let future = self.next_page.get_or_insert_with(|| {
                let (client, table) = (self.client.clone(), self.table.clone());
                let skip = table.skip + self.rows_read;
                Box::pin(
                    async move { client.query(table.page_path(skip), &table.definition).await },
                )
            });
            let page = ready!(future.as_mut().poll(cx));
            self.next_page = None;
            if let Err(error) = page.and_then(|page| self.add(page)) {
                self.is_over = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    fn add(&mut self, (page, bytes): (Page, u64)) -> Result<(), Error> {
        self.bytes_read += bytes;
        let width = page.column_names.len();
        if page.rows.iter().any(|row| row.len() != width) {
            let message = format!("a row of the table does not have {width} columns");
            return Err(Error::new(ErrorKind::UnexpectedAnswer, message));
        }
        let rows = page.rows.len();
        let full_page = *self.full_page.get_or_insert(rows);
        self.is_over = rows == 0 || rows < full_page;
        self.column_names = page.column_names;
        self.rows = page.rows.into();
        Ok(())
    }

    fn decoded(&mut self, row: Vec<Value>) -> Result<T, Error> {
        let names = self.column_names.iter().map(String::as_str);
        let fields = MapDeserializer::<_, serde_json::Error>::new(names.zip(row));
        T::deserialize(fields).map_err(|error| {
            self.is_over = true;
            self.rows.clear();
            let message = format!(
                "row {} of the table cannot be read: {error}",
                self.rows_read
            );
            Error::new(ErrorKind::UnexpectedAnswer, message)
        })
    }
}

impl<T: DeserializeOwned> Stream for TableRows<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_row(cx)
    }
}

impl<T> fmt::Debug for TableRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRows")
            .field("table", &self.table)
            .field("rows_read", &self.rows_read)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::site::SiteUrl;

    use super::*;

    #[test]
    fn a_page_is_requested_with_columns_filter_and_order() {
        let table = Table::new("app/object", "App.Object")
            .column(&Field::ID)
            .column(&Field::APP_ID)
            .filter(Field::OBJECT_TYPE.equals("sheet"))
            .sort_in_order(&Field::ID, Order::Descending)
            .page_rows(50);
        let site = SiteUrl::parse("https://qlik.example/").unwrap();
        let url = table.page_path(100).url(&site).unwrap();
        assert_eq!(
            url.as_str(),
            "https://qlik.example/qrs/app/object/table?skip=100&take=50&sortColumn=id\
             &orderAscending=false&filter=objectType%20eq%20%27sheet%27"
        );
        assert_eq!(
            serde_json::to_value(&table.definition).unwrap(),
            serde_json::json!({"entity": "App.Object", "columns": [
                {"name": "id", "columnType": "Property", "definition": "id"},
                {"name": "app.id", "columnType": "Property", "definition": "app.id"},
            ]})
        );
    }
}
