//! Delivery to the followers, until they have everything or the run is interrupted.

use std::{pin::pin, time::Duration};

use crate::{
    delivery::{Deliverer, DeliveryRun, Followers},
    program::Program,
    run_report::Report,
};

/// Time until a note names the followers that have not ended.
const FIRST_NOTE: Duration = Duration::from_secs(5);

/// Delivers to all followers after the scans of a run.
pub(super) async fn deliver(
    program: &mut Program,
    followers: Followers,
    report: &mut Report,
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) {
    if followers.is_empty() || report.interrupted {
        return;
    }
    let deliverer = program.installation.deliverer();
    match ended(program, (&deliverer, &followers), interrupted).await {
        (deliveries, false) => report.add_deliveries(deliveries),
        (_, true) => report.interrupted = true,
    }
}

/// Waits until all deliveries have ended, or are interrupted; the result says which. A catalog that does not answer is
/// retried for some time, so a note names the followers that take long.
pub(super) async fn ended(
    program: &mut Program,
    (deliverer, followers): (&Deliverer, &Followers),
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) -> (Vec<DeliveryRun>, bool) {
    let mut delivered = pin!(deliverer.deliver(followers));
    let mut pause = FIRST_NOTE;
    loop {
        tokio::select! {
            runs = &mut delivered => return (runs, false),
            () = &mut *interrupted => {
                deliverer.stop();
                // Wait until the followers have removed their temporary files.
                return (delivered.await, true);
            }
            () = tokio::time::sleep(pause) => {
                let waiting = deliverer.unfinished();
                if !waiting.is_empty() {
                    let waiting = waiting.join(", ");
                    program.report_note(&format!("note: still delivering to {waiting}\n"));
                }
                pause *= 2;
            }
        }
    }
}
