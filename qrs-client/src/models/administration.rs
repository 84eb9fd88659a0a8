//! Records that administrators work with: connections, libraries, nodes, rules, the licence.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{CustomProperty, Owner, Tag};
use crate::id::{ContentLibraryId, DataConnectionId, ExtensionId, LicenseId, NodeId, SystemRuleId};
use crate::lenient::{self, Extra};
use crate::object::serialize_by_field;
use crate::objects_only;
use crate::timestamp::Timestamp;

objects_only!(
    DataConnection,
    Extension,
    ContentLibrary,
    Node,
    SystemRule,
    License
);

serialize_by_field!(
    DataConnection,
    Extension,
    ContentLibrary,
    Node,
    SystemRule,
    License
);

/// A data connection, which load scripts read from.
///
/// `Debug` shows neither the connection string nor unknown fields, because they may contain a password.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct DataConnection {
    /// Its id.
    pub id: DataConnectionId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Where it leads. It may contain a password.
    #[serde(deserialize_with = "lenient::text")]
    pub connectionstring: String,
    /// Its type, such as `folder`, `ODBC` or the name of a connector.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub type_name: String,
    /// The user that it logs in as.
    #[serde(deserialize_with = "lenient::text")]
    pub username: String,
    /// How it logs in: 0 as the service's user, 1 as the current user.
    #[serde(deserialize_with = "lenient::or_default")]
    pub log_on: i64,
    /// 0 for 32 and 64 bits, 1 for 32, 2 for 64.
    #[serde(deserialize_with = "lenient::or_default")]
    pub architecture: i64,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// The values of its custom properties.
    #[serde(deserialize_with = "lenient::list")]
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

impl fmt::Debug for DataConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataConnection")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("type_name", &self.type_name)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// An extension: a kind of chart or a theme that is not part of Qlik Sense.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Extension {
    /// Its id.
    pub id: ExtensionId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The extensions of files that it may contain.
    #[serde(deserialize_with = "lenient::text")]
    pub white_list: String,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// The values of its custom properties.
    #[serde(deserialize_with = "lenient::list")]
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A content library, which holds pictures and other files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct ContentLibrary {
    /// Its id.
    pub id: ContentLibraryId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its type.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub type_name: String,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// The values of its custom properties.
    #[serde(deserialize_with = "lenient::list")]
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A node: a machine of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name for people.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its host name.
    #[serde(deserialize_with = "lenient::text")]
    pub host_name: String,
    /// Whether it is the central node.
    #[serde(deserialize_with = "lenient::or_default")]
    pub is_central: bool,
    /// 0 for production, 1 for development, 2 for both.
    #[serde(deserialize_with = "lenient::or_default")]
    pub node_purpose: i64,
    /// Whether it runs an engine.
    #[serde(deserialize_with = "lenient::or_default")]
    pub engine_enabled: bool,
    /// Whether it runs a proxy.
    #[serde(deserialize_with = "lenient::or_default")]
    pub proxy_enabled: bool,
    /// Whether it runs a scheduler.
    #[serde(deserialize_with = "lenient::or_default")]
    pub scheduler_enabled: bool,
    /// Whether it runs a printing service.
    #[serde(deserialize_with = "lenient::or_default")]
    pub printing_enabled: bool,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// A rule: who may do what, or where an app is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct SystemRule {
    /// Its id.
    pub id: SystemRuleId,
    /// When it was created.
    pub created_date: Timestamp,
    /// When it was last modified.
    pub modified_date: Timestamp,
    /// Its name.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// Its category: `Security`, `License` or `Sync`.
    #[serde(deserialize_with = "lenient::text")]
    pub category: String,
    /// Its type: `Default`, `ReadOnly` or `Custom`.
    #[serde(rename = "type", deserialize_with = "lenient::text")]
    pub type_name: String,
    /// The condition on the user and the resource.
    #[serde(deserialize_with = "lenient::text")]
    pub rule: String,
    /// The resources that it is about, such as `App_*`.
    #[serde(deserialize_with = "lenient::text")]
    pub resource_filter: String,
    /// The actions that it allows, as a sum of powers of two: 2 is *Read*.
    #[serde(deserialize_with = "lenient::or_default")]
    pub actions: i64,
    /// Where it applies: 0 in the hub and the QMC, 1 in the hub, 2 in the QMC.
    #[serde(deserialize_with = "lenient::or_default")]
    pub rule_context: i64,
    /// Whether it is switched off.
    #[serde(deserialize_with = "lenient::or_default")]
    pub disabled: bool,
    /// What it is for.
    #[serde(deserialize_with = "lenient::text")]
    pub comment: String,
    /// Its tags.
    #[serde(deserialize_with = "lenient::list")]
    pub tags: Vec<Tag>,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

/// The licence of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub struct License {
    /// Its id.
    #[serde(skip_serializing_if = "LicenseId::is_empty")]
    pub id: LicenseId,
    /// Its serial number.
    #[serde(deserialize_with = "lenient::text")]
    pub serial: String,
    /// The name of the licensee.
    #[serde(deserialize_with = "lenient::text")]
    pub name: String,
    /// The organization of the licensee.
    #[serde(deserialize_with = "lenient::text")]
    pub organization: String,
    /// The number of the product.
    #[serde(deserialize_with = "lenient::or_default")]
    pub product: i64,
    /// Whether it has ended.
    #[serde(deserialize_with = "lenient::or_default")]
    pub is_expired: bool,
    /// Whether it is not valid.
    #[serde(deserialize_with = "lenient::or_default")]
    pub is_invalid: bool,
    /// The fields that this version of the crate does not know.
    #[serde(flatten, deserialize_with = "lenient::extra")]
    pub extra: Extra,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_type_of_a_rule_has_the_name_that_qrs_gives_it() {
        let json = json!({"id": "r-1", "type": "Custom", "name": "Scanner", "actions": 2});
        let rule = SystemRule::deserialize(&json).unwrap();
        assert_eq!(rule.type_name, "Custom");
        assert_eq!(serde_json::to_value(&rule).unwrap()["type"], "Custom");
    }
}
