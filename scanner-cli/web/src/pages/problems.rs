//! What needs a person: scans that failed, files with errors, catalogs that receive nothing.

use crate::{
    live::{Live, LiveConnection, LiveFollower},
    parts::{Badge, Tone},
    store::browse::ConnectionOverview,
    views::{Views, for_readers, outcome_badge},
};

/// Something that needs a person.
pub(crate) struct Problem {
    pub(crate) badge: Badge,
    pub(crate) text: String,
    pub(crate) detail: String,
    pub(crate) href: String,
}

/// All problems, those of connections first.
pub(crate) fn all(
    views: &Views<'_>,
    connections: &[ConnectionOverview],
    live: &Live,
) -> Vec<Problem> {
    let scans = connections.iter().filter(|known| known.is_failing());
    let files = live.connections.iter();
    let followers = live.followers.iter();
    let service = live.error.iter().map(|error| Problem {
        badge: Badge::new(Tone::Bad, views.t.connection_error),
        text: views.t.service_problem.to_owned(),
        detail: error.clone(),
        href: views.links.to("/connections"),
    });
    service
        .chain(scans.map(|overview| scan(views, overview)))
        .chain(files.filter_map(|connection| file(views, connection)))
        .chain(followers.filter_map(|known| follower(views, known)))
        .collect()
}

fn scan(views: &Views<'_>, overview: &ConnectionOverview) -> Problem {
    let last = overview.last_scan.as_ref();
    let outcome = last.and_then(|scan| scan.outcome.as_deref());
    let reasons = last.map(|scan| for_readers(&scan.reasons.join("; ")));
    let code = &overview.connection.code;
    Problem {
        badge: outcome_badge(views, outcome),
        text: views
            .t
            .scan_problem
            .replace("{}", &overview.connection.name),
        detail: reasons.unwrap_or_default(),
        href: views.links.with_query("/scans", &[("connection", code)]),
    }
}

fn file(views: &Views<'_>, connection: &LiveConnection) -> Option<Problem> {
    let (tone, word, detail) = match (&connection.error, &connection.warning) {
        (Some(error), _) => (Tone::Bad, views.t.connection_error, error),
        (None, Some(warning)) => (Tone::Warning, views.t.warning, warning),
        (None, None) => return None,
    };
    let name = connection.name.as_ref().or(connection.code.as_ref());
    let name = name
        .or(connection.file.as_ref())
        .cloned()
        .unwrap_or_default();
    Some(Problem {
        badge: Badge::new(tone, word),
        text: views.t.file_problem.replace("{}", &name),
        detail: for_readers(detail),
        href: views.links.to("/connections"),
    })
}

fn follower(views: &Views<'_>, follower: &LiveFollower) -> Option<Problem> {
    let is_failing = follower.state == "failing";
    let (tone, text, detail) = match (is_failing, follower.refused) {
        (true, _) => {
            let detail = follower.error.as_deref().map(for_readers);
            let detail = detail.unwrap_or_default();
            (Tone::Bad, views.t.follower_problem, detail)
        }
        (false, 1..) => {
            let refused = crate::texts::number(u64::try_from(follower.refused).unwrap_or_default());
            let detail = format!("{}: {refused}", views.t.refused);
            (Tone::Warning, views.t.follower_refuses, detail)
        }
        _ => return None,
    };
    let word = match is_failing {
        true => views.t.follower_failing,
        false => views.t.warning,
    };
    Some(Problem {
        badge: Badge::new(tone, word),
        text: text.replace("{}", &follower.name),
        detail,
        href: views.links.to("/connections"),
    })
}
