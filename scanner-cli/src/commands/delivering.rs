//! Delivery to the followers after the scans of a run.

use crate::delivery::Followers;

use crate::{program::Program, run_report::Report};

/// Delivers to all followers, until they have everything or the run is interrupted.
pub(super) async fn deliver(
    program: &Program,
    followers: Followers,
    report: &mut Report,
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) {
    if followers.is_empty() || report.interrupted {
        return;
    }
    let deliverer = program.installation.deliverer();
    let mut delivered = std::pin::pin!(deliverer.deliver(&followers));
    tokio::select! {
        deliveries = &mut delivered => report.add_deliveries(deliveries),
        () = &mut *interrupted => {
            report.interrupted = true;
            deliverer.stop();
            // Wait until the followers have removed their temporary files.
            let _ = delivered.await;
        }
    }
}
