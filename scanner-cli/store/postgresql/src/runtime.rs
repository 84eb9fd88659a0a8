//! The runtime of the sessions. The interface of a store is not asynchronous, and is called within runtimes of others.

use std::{
    io,
    sync::{Mutex, PoisonError, mpsc},
};

use catalog_store::StoreError;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{DatabaseError, Operation, Result};

/// Number of threads: one works while another one waits for a lookup of a name.
const THREADS: usize = 2;

/// The handle of the runtime, which lasts as long as the process.
fn handle() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let new = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("postgresql")
        .enable_all()
        .build()?;
    Ok(runtime.insert(new).handle().clone())
}

/// Runs a future, and blocks this thread until it has ended.
///
/// # Errors
/// If no thread can be started.
pub(crate) fn wait<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let task = handle()?.spawn(async move {
        // The receiver waits.
        let _ = sender.send(future.await);
    });
    receiver.recv().map_err(|_panicked| {
        drop(task);
        io::Error::other("a task of the database session crashed")
    })
}

/// Runs work with a store, and names the store at this address in its error.
pub(crate) fn run<T: Send + 'static>(
    address: &str,
    operation: Operation,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> std::result::Result<T, StoreError> {
    let done = wait(work).map_err(DatabaseError::from).flatten();
    done.map_err(|error| error.of_store(address, operation))
}

/// Runs a future in the background.
///
/// # Errors
/// If no thread can be started.
pub(crate) fn spawn(
    future: impl Future<Output = ()> + Send + 'static,
) -> io::Result<tokio::task::JoinHandle<()>> {
    Ok(handle()?.spawn(future))
}
