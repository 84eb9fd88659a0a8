//! The kinds of records: their paths, names and condensed forms, and what QRS allows to do with them (Qlik help, Repository
//! Service API).

use super::{Kind, May, NAME_ONLY, properties};

pub(super) const APP: Kind = Kind {
    path: "app",
    name: "App",
    condensed: &[
        "id",
        "name",
        "appId",
        "publishTime",
        "published",
        "stream",
        "savedInProductVersion",
        "migrationHash",
        "availabilityStatus",
        "privileges",
    ],
    properties: properties::APP,
    may: May::Change,
};

pub(super) const OBJECT: Kind = Kind {
    path: "app/object",
    name: "App.Object",
    condensed: &[
        "id",
        "engineObjectType",
        "description",
        "objectType",
        "publishTime",
        "published",
        "name",
        "engineObjectId",
        "contentHash",
        "privileges",
    ],
    properties: properties::OBJECT,
    may: May::Change,
};

pub(super) const STREAM: Kind = Kind {
    path: "stream",
    name: "Stream",
    condensed: NAME_ONLY,
    properties: properties::STREAM,
    may: May::Create,
};

pub(super) const USER: Kind = Kind {
    path: "user",
    name: "User",
    condensed: &[
        "id",
        "userId",
        "userDirectory",
        "userDirectoryConnectorName",
        "name",
        "privileges",
    ],
    properties: properties::USER,
    may: May::Create,
};

pub(super) const TAG: Kind = Kind {
    path: "tag",
    name: "Tag",
    condensed: NAME_ONLY,
    properties: properties::TAG_RECORD,
    may: May::Create,
};

pub(super) const CUSTOM_PROPERTY_DEFINITION: Kind = Kind {
    path: "custompropertydefinition",
    name: "CustomPropertyDefinition",
    condensed: &["id", "name", "valueType", "choiceValues", "privileges"],
    properties: properties::CUSTOM_PROPERTY_DEFINITION,
    may: May::Create,
};

pub(super) const DATA_CONNECTION: Kind = Kind {
    path: "dataconnection",
    name: "DataConnection",
    condensed: &[
        "id",
        "name",
        "connectionstring",
        "type",
        "username",
        "privileges",
    ],
    properties: properties::DATA_CONNECTION,
    may: May::Create,
};

pub(super) const RELOAD_TASK: Kind = Kind {
    path: "reloadtask",
    name: "ReloadTask",
    condensed: &[
        "id",
        "name",
        "taskType",
        "enabled",
        "taskSessionTimeout",
        "maxRetries",
        "operational",
        "privileges",
    ],
    properties: properties::RELOAD_TASK,
    may: May::Create,
};

pub(super) const EXECUTION_RESULT: Kind = Kind {
    path: "executionresult",
    name: "ExecutionResult",
    condensed: &[
        "id",
        "executingNodeName",
        "status",
        "startTime",
        "stopTime",
        "duration",
        "privileges",
    ],
    properties: properties::EXECUTION_RESULT,
    may: May::Read,
};

pub(super) const EXTENSION: Kind = Kind {
    path: "extension",
    name: "Extension",
    condensed: NAME_ONLY,
    properties: properties::EXTENSION,
    may: May::Change,
};

pub(super) const CONTENT_LIBRARY: Kind = Kind {
    path: "contentlibrary",
    name: "ContentLibrary",
    condensed: &["id", "name", "type", "privileges"],
    properties: properties::CONTENT_LIBRARY,
    may: May::Create,
};

pub(super) const NODE: Kind = Kind {
    path: "servernodeconfiguration",
    name: "ServerNodeConfiguration",
    condensed: &["id", "name", "hostName", "privileges"],
    properties: properties::NODE,
    may: May::Create,
};

pub(super) const SYSTEM_RULE: Kind = Kind {
    path: "systemrule",
    name: "SystemRule",
    condensed: &[
        "id",
        "category",
        "type",
        "name",
        "rule",
        "resourceFilter",
        "actions",
        "comment",
        "disabled",
        "privileges",
    ],
    properties: properties::SYSTEM_RULE,
    may: May::Create,
};
