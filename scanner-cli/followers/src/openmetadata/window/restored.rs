//! Whether a service was soft-deleted and restored. The server then also restores what was removed from it before.

use catalog_model::follower::{Acknowledgement, FeedError};

use super::Window;

impl Window<'_> {
    /// Whether the service of the connection was changed since the last delivery, or restored by this one, so that what was
    /// removed from it may be back. A service that this delivery did not read was not changed as far as is known.
    pub(in crate::openmetadata) async fn may_be_restored(&self) -> Result<bool, FeedError> {
        let Some((key, mark)) = self.service_mark() else {
            return Ok(false);
        };
        let noted = self.feed.notes(&[key]).await?.into_iter().next().flatten();
        let is_restored = self.service.as_ref().is_some_and(|one| one.is_restored);
        Ok(is_restored || noted.is_some_and(|noted| self.is_changed(&noted, &mark)))
    }

    /// Notes the version of the service, to which the next delivery compares.
    pub(in crate::openmetadata) async fn note_service(&self) -> Result<(), FeedError> {
        let Some((key, mark)) = self.service_mark() else {
            return Ok(());
        };
        let noted = self.feed.notes(std::slice::from_ref(&key)).await?;
        if noted.into_iter().next().flatten().as_ref() == Some(&mark) {
            return Ok(());
        }
        let note = Acknowledgement::default().with_note(key, Some(mark));
        self.feed.acknowledge(note).await
    }

    /// Whether the note is about this server, and about another version.
    fn is_changed(&self, noted: &str, mark: &str) -> bool {
        let is_own = noted.split_once(' ').map(|(server, _)| server) == Some(&self.server);
        is_own && noted != mark
    }

    /// The note about the service, with its key; `None` if the service was not read, or is not there.
    fn service_mark(&self) -> Option<(String, String)> {
        let service = self.service.as_ref()?;
        let version = service.version.as_ref().filter(|_| service.is_there())?;
        let key = format!("service:{}", service.connection.code);
        Some((key, format!("{} {version}", self.server)))
    }
}
