//! `run`: the service.

use catalog_model::with_causes;

use super::signals::Signals;
use crate::{
    catalog_pages::catalog_pages,
    exit::Exit,
    program::Program,
    service::{Request, ServiceEnd},
};

pub(crate) async fn run(program: &mut Program) -> Exit {
    let signals = Signals::listen_to_all(program);
    run_until(program, signals, || ()).await
}

/// Runs until a signal stops it. `on_start` is called when the service has started.
pub(super) async fn run_until(
    program: &mut Program,
    mut signals: Signals,
    on_start: impl FnOnce(),
) -> Exit {
    let (installation, lost_lines) = (program.installation.clone(), program.log.lost_lines());
    // In a thread, because locks, files and the store may wait for a disk that does not respond.
    let starting = tokio::task::spawn_blocking(move || installation.start_service(lost_lines));
    let started = tokio::select! {
        started = starting => started,
        () = stop(&mut signals) => return Exit::Complete,
    };
    match started {
        Ok(Ok((lock, mut service))) => {
            on_start();
            let (installation, views) = (program.installation.clone(), service.views());
            service.show(Box::new(move || {
                let opened = catalog_pages(&installation, Some(views.clone()));
                opened.map_err(|error| with_causes(&error))
            }));
            let end = service.run(signals.into_requests()).await;
            drop(lock);
            match end {
                ServiceEnd::Stopped => Exit::Complete,
                ServiceEnd::Crashed => Exit::Failed,
            }
        }
        Ok(Err(error)) => program.report_error(&error),
        // A panic has been reported by the panic hook.
        Err(_) => Exit::Failed,
    }
}

async fn stop(signals: &mut Signals) {
    while signals.next().await != Request::Stop {}
}
