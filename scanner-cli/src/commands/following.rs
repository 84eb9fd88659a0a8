//! The followers' turn after the scans of a run.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    followers::{Delivering, FollowError, Followed, Follower},
    program::Program,
    run_report::Report,
};

/// Gives the followers what is new, in a thread of its own, until they are done or somebody ends the run.
pub(super) async fn follow(
    program: &Program,
    mut followers: Vec<Box<dyn Follower>>,
    report: &mut Report,
    interrupted: &mut (impl Future<Output = ()> + Unpin),
) {
    if followers.is_empty() || report.interrupted {
        return;
    }
    let (home, clock) = (program.installation.home.clone(), program.environment.clock);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let mut turn = tokio::task::spawn_blocking(move || {
        let delivering = Delivering {
            home: &home,
            clock,
            stop: &stopped,
        };
        delivering.deliver(&mut followers)
    });
    let followed = tokio::select! {
        followed = &mut turn => followed,
        () = &mut *interrupted => {
            report.interrupted = true;
            stop.store(true, Ordering::Relaxed);
            // Until it has let go of its temporary file.
            let _ = turn.await;
            return;
        }
    };
    match followed {
        Ok(Ok(followed)) => report.follow(followed),
        Ok(Err(error)) => report.follow(vec![Followed::nobody(error.into())]),
        // It panicked, and said so.
        Err(_) => report.follow(vec![Followed::nobody(FollowError::Stopped)]),
    }
}
