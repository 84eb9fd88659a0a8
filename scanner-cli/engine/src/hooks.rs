//! Hooks (`hooks/*.conf`): programs that run after a scan, as in the Zeenea scanner.

use std::{
    fs::File,
    io::{self, Seek, Write},
    pin::pin,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

mod file;
mod output;

pub use self::file::{HookFile, files};
use self::output::{Output, Stream};
use crate::{
    export_line,
    home::Home,
    process_group,
    secrets::Redactor,
    store::{Catalog, CatalogItem, ChangeKind, ItemScope, ItemState, StoreError, StoredScan},
    temporary_file::{self, Purpose},
};

/// A program to run after each scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its code.
    pub code: String,
    command: Vec<String>,
    time_limit: Duration,
}

/// The input of a hook: the scan that it runs after.
pub struct HookInput<'a> {
    /// The home.
    pub home: &'a Home,
    /// The connector.
    pub connector: &'a str,
    /// The scan.
    pub scan: &'a StoredScan,
    /// The id of the store.
    pub store_id: &'a str,
    /// The changes that the hook receives.
    pub since: Since,
    /// Redacts the secrets of the connection.
    pub secrets: Arc<Redactor>,
    /// Set when the hook must stop.
    pub stop: &'a AtomicBool,
}

/// The changes that a hook receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The changes of the scan.
    Scan,
    /// All present items. What the hook received before belongs to another store, because a backup was restored.
    Reset,
}

/// Why a hook failed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files for the hook cannot be written.
    #[error("the hook's input files cannot be written: {0}")]
    Files(#[source] io::Error),
    /// The program cannot be started.
    #[error("it cannot be started: {0}")]
    Start(#[source] io::Error),
    /// The program took longer than its time limit.
    #[error("it took longer than {0:?} and was stopped")]
    TooLong(Duration),
    /// The service is stopping.
    #[error("it was stopped together with the service")]
    Stopped,
    /// A signal ended the program.
    #[error("it was ended by a signal")]
    Signal,
}

/// Interval at which a running hook is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

impl Hook {
    /// Runs the hook until it ends, and returns its exit code. Must be called on a thread of the runtime that may
    /// block.
    ///
    /// # Errors
    /// If the hook cannot run, takes too long, or is stopped.
    pub fn run(&self, input: &HookInput<'_>) -> Result<i32, HookError> {
        let (items, changes) = input_files(input)?;
        let Some((program, arguments)) = self.command.split_first() else {
            return Ok(0);
        };
        let code = &input.scan.connection;
        let mut command = Command::new(program);
        process_group::separate(&mut command);
        let started = command
            .args(arguments)
            .current_dir(input.home.absolute().map_err(HookError::Files)?)
            // A hook must not notify systemd that the scanner is ready.
            .env_remove("NOTIFY_SOCKET")
            .env("ZEENEA_HOOK_CONNECTOR_CODE", input.connector)
            .env("ZEENEA_HOOK_CONNECTION_ID", code)
            .env("ZEENEA_HOOK_CONNECTION_CODE", code)
            .env("SCANNER_HOOK_STORE_ID", input.store_id)
            .env(
                "SCANNER_HOOK_SCAN_ID",
                format!("{}-{}", input.store_id, input.scan.id),
            )
            .env(
                "SCANNER_HOOK_RESET",
                (input.since == Since::Reset).to_string(),
            )
            .env(
                "SCANNER_HOOK_OUTCOME",
                input.scan.outcome.as_deref().unwrap_or_default(),
            )
            .env(
                "SCANNER_HOOK_CHANGES",
                std::path::absolute(changes.path()).map_err(HookError::Files)?,
            )
            .stdin(Stdio::from(items))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(HookError::Start)?;
        let runtime = Handle::current();
        let _in_runtime = runtime.enter();
        let outputs = self.outputs(&mut child, input).map_err(|error| {
            process_group::kill(&mut child);
            HookError::Start(error)
        })?;
        runtime.block_on(self.log_until_end(child, outputs, input.stop))
    }

    /// Both output streams of the hook.
    fn outputs(&self, child: &mut Child, input: &HookInput<'_>) -> io::Result<[Option<Output>; 2]> {
        let writer = output::Writer {
            hook: self.code.clone(),
            connection: input.scan.connection.clone(),
            secrets: Arc::clone(&input.secrets),
        };
        let out = child.stdout.take().map(Stream::new).transpose()?;
        let errors = child.stderr.take().map(Stream::new).transpose()?;
        Ok([
            out.map(|stream| Output::new(writer.clone(), "stdout", stream)),
            errors.map(|stream| Output::new(writer, "stderr", stream)),
        ])
    }

    /// Waits until the hook ends, and logs its output until shortly after that.
    async fn log_until_end(
        &self,
        child: Child,
        outputs: [Option<Output>; 2],
        stop: &AtomicBool,
    ) -> Result<i32, HookError> {
        let [mut out, mut errors] = outputs;
        let ended = {
            let reading = async { tokio::join!(log(&mut out), log(&mut errors)) };
            let (mut reading, mut waiting) = (pin!(reading), pin!(self.wait(child, stop)));
            tokio::select! {
                biased;
                ended = &mut waiting => {
                    let _ = timeout(output::LAST_OUTPUT_WAIT, reading).await;
                    ended
                }
                _ = &mut reading => waiting.await,
            }
        };
        for output in [out, errors].into_iter().flatten() {
            output.close();
        }
        ended
    }

    async fn wait(&self, mut child: Child, stop: &AtomicBool) -> Result<i32, HookError> {
        let started = Instant::now();
        let why = loop {
            match child.try_wait() {
                Ok(Some(status)) => return status.code().ok_or(HookError::Signal),
                Ok(None) if stop.load(Ordering::Relaxed) => break HookError::Stopped,
                Ok(None) if started.elapsed() > self.time_limit => {
                    break HookError::TooLong(self.time_limit);
                }
                Ok(None) => sleep(POLL_INTERVAL).await,
                Err(error) => break HookError::Start(error),
            }
        };
        process_group::kill(&mut child);
        Err(why)
    }
}

async fn log(output: &mut Option<Output>) {
    if let Some(output) = output {
        output.log().await;
    }
}

/// Writes the input files of a hook: the paths of the written items, one per line, and the changes as NDJSON.
fn input_files(input: &HookInput<'_>) -> Result<(File, tempfile::NamedTempFile), HookError> {
    let folder = input.home.temporary_folder();
    let mut items = tempfile::tempfile_in(&folder).map_err(HookError::Files)?;
    let changes = temporary_file::create(&folder, Purpose::Hook);
    let mut changes = changes.map_err(HookError::Files)?;
    let (mut lines, mut paths) = (
        io::BufWriter::new(&mut changes),
        io::BufWriter::new(&mut items),
    );
    if let Some(catalog) = Catalog::open(input.home.store())? {
        match input.since {
            Since::Scan => write_changes(&catalog, input.scan, &mut lines, &mut paths)?,
            Since::Reset => write_items(&catalog, &input.scan.connection, &mut lines, &mut paths)?,
        }
    }
    lines
        .flush()
        .and_then(|()| paths.flush())
        .map_err(HookError::Files)?;
    drop((lines, paths));
    items.rewind().map_err(HookError::Files)?;
    Ok((items, changes))
}

/// Writes the changes of a scan, and the paths of the added and changed items.
fn write_changes(
    catalog: &Catalog,
    scan: &StoredScan,
    lines: &mut impl Write,
    paths: &mut impl Write,
) -> Result<(), HookError> {
    catalog.each_change_of_scan(scan.id, |change| {
        let kind = change.kind;
        let line = serde_json::json!({
            "id": catalog.global_id(change.seq), "change": kind.word(), "key": change.key, "fields": change.fields
        });
        writeln!(lines, "{line}").map_err(HookError::Files)?;
        if !writes_item(kind) {
            return Ok(());
        }
        match catalog.item(&change.key)? {
            // An earlier attempt of the scan may have written an item that the last attempt did not find.
            Some(item) if item.state == ItemState::Present => write_path(&item, paths),
            _ => Ok(()),
        }
    })
}

/// Writes all present items as if they had just been added.
fn write_items(
    catalog: &Catalog,
    connection: &str,
    lines: &mut impl Write,
    paths: &mut impl Write,
) -> Result<(), HookError> {
    let connection = catalog
        .connections()
        .iter()
        .find(|known| known.code == connection);
    let scope = ItemScope {
        connection,
        states: ItemState::EXISTING,
    };
    catalog.each_item(scope, |item| {
        let line = serde_json::json!({
            "change": ChangeKind::Added.word(), "key": item.key, "fields": []
        });
        writeln!(lines, "{line}").map_err(HookError::Files)?;
        write_path(&item, paths)
    })
}

fn write_path(item: &CatalogItem<'_>, paths: &mut impl Write) -> Result<(), HookError> {
    let path = export_line::label(&item.item.label).replace('\n', " ");
    writeln!(paths, "{path}").map_err(HookError::Files)
}

/// Whether the catalog contains the item after the change.
fn writes_item(kind: ChangeKind) -> bool {
    use ChangeKind::{Added, Changed, Returned};
    matches!(kind, Added | Changed | Returned)
}
