//! Owners: which user of the catalog has an e-mail address. Only one with exactly this address is the owner.

use std::collections::{BTreeMap, BTreeSet};

use catalog_model::FollowError;
use futures_util::{FutureExt, StreamExt, stream};
use serde_json::Value;

use super::{api::Api, mapping::name};
use crate::remote::CallError;

/// Maximum number of addresses that are listed because no user has them.
const MAX_LISTED: usize = 3;

/// What was found for each address during a delivery, in lower case.
#[derive(Debug, Default)]
pub(super) struct People(BTreeMap<String, Person>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Person {
    /// The id of a user.
    Found(String),
    /// No user has this address.
    Missing,
    /// The server did not answer this.
    Unreadable,
}

impl People {
    /// Looks up those of these addresses that were not looked up before.
    pub(super) async fn look_up(
        &mut self,
        api: &Api,
        parallel: usize,
        emails: BTreeSet<&String>,
    ) -> Result<(), FollowError> {
        // Boxed: the compiler does not see that the futures of a closure may be sent to another thread.
        let mut requests = Vec::new();
        for email in emails {
            if !self.0.contains_key(email) {
                requests.push(find(api, email.clone()).boxed());
            }
        }
        let mut requests = stream::iter(requests).buffer_unordered(parallel);
        while let Some(found) = requests.next().await {
            let (email, person) = found?;
            self.0.insert(email, person);
        }
        Ok(())
    }

    /// How many owners were left out because the catalog has no user with their address; `None` if no one was.
    pub(super) fn notice(&self) -> Option<String> {
        let missing = self
            .0
            .iter()
            .filter(|(_, person)| **person == Person::Missing);
        let missing: Vec<_> = missing.map(|(email, _)| email.as_str()).collect();
        let (owners, have, were) = match missing.len() {
            0 => return None,
            1 => ("1 owner".to_owned(), "has", "was"),
            count => (format!("{count} owners"), "have", "were"),
        };
        let listed = missing[..missing.len().min(MAX_LISTED)].join("`, `");
        let more = match missing.len() > MAX_LISTED {
            true => ", …",
            false => "",
        };
        Some(format!(
            "{owners} {have} no user in OpenMetadata and {were} left out: `{listed}`{more}"
        ))
    }

    /// The ids of the users with these addresses; an address that nobody has is left out. `None` if it is not known.
    pub(super) fn ids(&self, emails: &[String]) -> Option<Vec<String>> {
        let mut ids = Vec::new();
        for email in emails {
            match self.0.get(email)? {
                Person::Found(id) if !ids.contains(id) => ids.push(id.clone()),
                Person::Found(_) | Person::Missing => {}
                Person::Unreadable => return None,
            }
        }
        Some(ids)
    }
}

async fn find(api: &Api, email: String) -> Result<(String, Person), FollowError> {
    let what = "a user cannot be looked up";
    let escaped = email.replace('\\', "\\\\").replace('"', "\\\"");
    let searched = match api.search(&format!("email.keyword:\"{escaped}\"")).await {
        Ok(users) => Some(users.iter().find_map(|user| id_of(user, &email))),
        Err(CallError::Refused { .. }) => None,
        Err(_) if api.is_silent() => None,
        Err(error) => return Err(error.ended(what)),
    };
    if let Some(Some(id)) = searched {
        return Ok((email, Person::Found(id)));
    }
    // The index of the search may not have a new user yet.
    let local = email.rsplit_once('@').map_or(&*email, |(local, _)| local);
    let local = name::in_path(&name::qualified(&[local]));
    let person = match api.find(&format!("users/name/{local}")).await {
        Ok(Some(answer)) => match id_of(&answer.json, &email) {
            Some(id) => Person::Found(id),
            None => Person::Missing,
        },
        Ok(None) if searched.is_none() && !api.is_silent() => Person::Unreadable,
        Ok(None) => Person::Missing,
        Err(CallError::Refused { .. }) if searched.is_some() => Person::Missing,
        Err(CallError::Refused { .. }) => Person::Unreadable,
        Err(error) => return Err(error.ended(what)),
    };
    Ok((email, person))
}

/// The id of a user with exactly this address.
fn id_of(user: &Value, email: &str) -> Option<String> {
    let own = user["email"].as_str()?;
    let is_it = own.trim().to_lowercase() == email && user["deleted"] != true;
    is_it.then(|| user["id"].as_str().map(str::to_owned))?
}
