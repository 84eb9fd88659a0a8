//! A store in PostgreSQL as the source or the target of a copy.

use std::sync::Arc;

use catalog_store::{
    StoreError, StoreErrorKind,
    copying::{Cell, CellKind, CopySource, CopyTarget, Row, StoreState, Table},
};
use postgresql_client::Target;
use tokio_postgres::types::ToSql;

use crate::{
    connecting::Database,
    error::{Operation, Result},
    group, runtime,
    values::key_print,
};

mod statements;

/// A session within a transaction.
pub(crate) struct PostgresqlCopy {
    db: Arc<Database>,
    address: String,
    /// The table that is being read.
    reading: Option<Table>,
}

/// Number of rows that are read at once.
const ROWS: usize = 1_000;

impl PostgresqlCopy {
    /// Begins to read a store.
    pub(crate) async fn source(db: Database, target: &Target) -> Result<Self> {
        refuse_used(&db, target).await?;
        db.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        Ok(Self::new(db, target))
    }

    /// Begins to write an empty store. Scanners wait for the end.
    pub(crate) async fn target(db: Database, target: &Target) -> Result<Self> {
        refuse_used(&db, target).await?;
        db.batch("BEGIN").await?;
        db.batch(statements::LOCK).await?;
        if db.row(statements::IS_USED, &[]).await?.get(0) {
            let message = "is not empty, so nothing is copied to it";
            let error = StoreError::on_server(&target.address(), StoreErrorKind::Other, message);
            let hint = "name another database, or another schema in `store.schema`";
            return Err(error.with_hint(hint).into());
        }
        Ok(Self::new(db, target))
    }

    fn new(db: Database, target: &Target) -> Self {
        Self {
            db: Arc::new(db),
            address: target.address(),
            reading: None,
        }
    }

    fn run<T: Send + 'static, F>(
        &self,
        operation: Operation,
        work: impl FnOnce(Arc<Database>) -> F,
    ) -> std::result::Result<T, StoreError>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        runtime::run(&self.address, operation, work(Arc::clone(&self.db)))
    }
}

/// A copy of a store to which scanners still write is not complete.
async fn refuse_used(db: &Database, target: &Target) -> Result<()> {
    let fleet = group::fleet(db).await?;
    let Some(alive) = fleet.scanners.iter().find(|scanner| scanner.is_alive) else {
        return Ok(());
    };
    let message = format!("is used by the scanner {} on {}", alive.name, alive.host);
    let error = StoreError::on_server(&target.address(), StoreErrorKind::InUse, &message);
    let hint =
        "stop the scanners that use it; one that was killed counts as stopped after `store.lease`";
    Err(error.with_hint(hint).into())
}

impl CopySource for PostgresqlCopy {
    fn state(&mut self) -> std::result::Result<StoreState, StoreError> {
        self.run(Operation::Read, |db| async move {
            let row = db.row(statements::STATE, &[]).await?;
            Ok(StoreState {
                id: row.get(0),
                digest_key: row.get(1),
                changes: (row.get(2), row.get(3)),
                last_scan: row.get(4),
            })
        })
    }

    fn rows(&mut self, table: Table) -> std::result::Result<Vec<Row>, StoreError> {
        let begins = self.reading != Some(table);
        let rows = self.run(Operation::Read, move |db| async move {
            if begins {
                let select = statements::selection(table);
                db.batch(&format!("DECLARE copied NO SCROLL CURSOR FOR {select}"))
                    .await?;
            }
            let rows = db.rows(&format!("FETCH {ROWS} FROM copied"), &[]).await?;
            if rows.is_empty() {
                db.batch("CLOSE copied").await?;
            }
            Ok(rows.iter().map(|row| cells(table, row)).collect::<Vec<_>>())
        })?;
        self.reading = (!rows.is_empty()).then_some(table);
        Ok(rows)
    }
}

fn cells(table: Table, row: &tokio_postgres::Row) -> Row {
    let cell = |(number, (_, kind)): (usize, &(&str, CellKind))| match kind {
        CellKind::Integer => row
            .get::<_, Option<i64>>(number)
            .map_or(Cell::Null, Cell::Integer),
        CellKind::Text => row
            .get::<_, Option<String>>(number)
            .map_or(Cell::Null, Cell::Text),
        CellKind::Bytes => row
            .get::<_, Option<Vec<u8>>>(number)
            .map_or(Cell::Null, Cell::Bytes),
    };
    table.columns().iter().enumerate().map(cell).collect()
}

impl CopyTarget for PostgresqlCopy {
    fn address(&self) -> String {
        self.address.clone()
    }

    fn keeps_nul(&self) -> bool {
        false
    }

    fn write(&mut self, table: Table, rows: Vec<Row>) -> std::result::Result<(), StoreError> {
        let columns = columns(table, rows);
        self.run(Operation::Write, move |db| async move {
            let columns: Vec<_> = columns.iter().map(Column::value).collect();
            db.run(&statements::insertion(table), &columns)
                .await
                .map(drop)
        })
    }

    fn finish(&mut self, state: &StoreState) -> std::result::Result<(), StoreError> {
        let state = state.clone();
        self.run(Operation::Write, |db| async move {
            let sql = "UPDATE store SET id = $1, digest_key = $2";
            db.run(sql, &[&state.id, &state.digest_key]).await?;
            let (last, forgotten) = state.changes;
            let sql = "UPDATE log SET last = $1, forgotten = $2";
            db.run(sql, &[&last, &forgotten]).await?;
            if state.last_scan > 0 {
                let sql = "SELECT setval(pg_get_serial_sequence('scan', 'id'), $1)";
                db.run(sql, &[&state.last_scan]).await?;
            }
            db.batch(statements::FINISH).await
        })
    }

    fn commit(self: Box<Self>) -> std::result::Result<(), StoreError> {
        self.run(
            Operation::Write,
            |db| async move { db.batch("COMMIT").await },
        )
    }
}

/// The values of a column in many rows: a parameter that is an array.
enum Column {
    Integers(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn new(kind: CellKind, rows: usize) -> Self {
        match kind {
            CellKind::Integer => Self::Integers(Vec::with_capacity(rows)),
            CellKind::Text => Self::Texts(Vec::with_capacity(rows)),
            CellKind::Bytes => Self::Bytes(Vec::with_capacity(rows)),
        }
    }

    /// A value whose type is not that of the column becomes NULL. The comparison finds it.
    fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Self::Integers(all), Cell::Integer(value)) => all.push(Some(value)),
            (Self::Texts(all), Cell::Text(text)) => all.push(Some(text)),
            (Self::Bytes(all), Cell::Bytes(bytes)) => all.push(Some(bytes)),
            (Self::Integers(all), _) => all.push(None),
            (Self::Texts(all), _) => all.push(None),
            (Self::Bytes(all), _) => all.push(None),
        }
    }

    fn value(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Integers(all) => all,
            Self::Texts(all) => all,
            Self::Bytes(all) => all,
        }
    }
}

/// The columns of rows; the last one has the identities of keys, if the table has keys that are looked up by them.
fn columns(table: Table, rows: Vec<Row>) -> Vec<Column> {
    let kinds = table.columns().iter().map(|(_, kind)| *kind);
    let kinds = kinds.chain(statements::key_of(table).map(|_| CellKind::Bytes));
    let mut columns: Vec<_> = kinds.map(|kind| Column::new(kind, rows.len())).collect();
    for mut row in rows {
        if let Some(key) = statements::key_of(table)
            && let Some(Cell::Text(key)) = row.get(key)
        {
            row.push(Cell::Bytes(key_print(key).to_vec()));
        }
        let cells = row.into_iter().chain(std::iter::repeat(Cell::Null));
        columns
            .iter_mut()
            .zip(cells)
            .for_each(|(column, cell)| column.push(cell));
    }
    columns
}
