//! Writes lists to standard output. If the reader of a pipe is slow, the program can still be interrupted.

use std::io::{self, Write};

use catalog_model::SinkError;

use tokio::task::spawn_blocking;

use crate::{
    program::Program,
    run_report::Report,
    scan_report::Outcome,
    scanning::ScanResults,
    spool::{Finished, cannot_spool},
};

/// Writes the lines of each scan to standard output, and adds the scan to `report`.
pub(crate) async fn print(
    program: &mut Program,
    report: &mut Report,
    ended: ScanResults,
    interrupted: &mut (impl Future<Output = ()> + Unpin),
    write: impl Fn(Finished, &mut dyn Write) -> Result<(), SinkError> + Clone + Send + 'static,
) {
    report.interrupted = ended.interrupted;
    for mut scanned in ended.scanned {
        if let Some(lines) = scanned.lines {
            let mut output =
                std::mem::replace(&mut program.environment.output, Box::new(io::sink()));
            let write = write.clone();
            let writing = spawn_blocking(move || (write(lines, &mut output), output));
            let written = tokio::select! {
                written = writing => written.map_err(|error| cannot_spool(error.into())),
                () = &mut *interrupted => {
                    report.interrupted = true;
                    return;
                }
            };
            let written = written.and_then(|(written, output)| {
                program.environment.output = output;
                written
            });
            if let Err(error) = written {
                scanned.report.outcome = Outcome::Failed(error.into());
            }
        }
        report.connections.push(scanned.report);
    }
}
