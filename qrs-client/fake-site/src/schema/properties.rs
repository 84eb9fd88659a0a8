//! The properties of each kind of record, and their types.

use super::{Property, Type};

pub(super) const APP: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("appId", Type::Text),
    ("sourceAppId", Type::Guid),
    ("targetAppId", Type::Guid),
    ("publishTime", Type::Date),
    ("published", Type::Bool),
    ("tags", Type::Record(TAG)),
    ("description", Type::Text),
    ("stream", Type::Record(STREAM)),
    ("fileSize", Type::Number),
    ("lastReloadTime", Type::Date),
    ("thumbnail", Type::Text),
    ("savedInProductVersion", Type::Text),
    ("migrationHash", Type::Text),
    ("availabilityStatus", Type::Number),
];

pub(super) const OBJECT: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("owner", Type::Record(USER)),
    ("engineObjectType", Type::Text),
    ("description", Type::Text),
    ("objectType", Type::Text),
    ("publishTime", Type::Date),
    ("published", Type::Bool),
    ("approved", Type::Bool),
    ("tags", Type::Record(TAG)),
    ("sourceObject", Type::Text),
    ("draftObject", Type::Text),
    ("name", Type::Text),
    ("app", Type::Record(APP)),
    ("engineObjectId", Type::Text),
    ("contentHash", Type::Text),
    ("size", Type::Number),
];

pub(super) const STREAM: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("tags", Type::Record(TAG)),
];

pub(super) const USER: &[Property] = &[
    ("id", Type::Guid),
    ("createdDate", Type::Date),
    ("modifiedDate", Type::Date),
    ("modifiedByUserName", Type::Text),
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("userId", Type::Text),
    ("userDirectory", Type::Text),
    ("userDirectoryConnectorName", Type::Text),
    ("name", Type::Text),
    ("attributes", Type::Record(ATTRIBUTE)),
    ("inactive", Type::Bool),
    ("removedExternally", Type::Bool),
    ("blacklisted", Type::Bool),
    ("tags", Type::Record(TAG)),
];

pub(super) const TAG: &[Property] = &[("id", Type::Guid), ("name", Type::Text)];

pub(super) const CUSTOM_PROPERTY: &[Property] = &[
    ("id", Type::Guid),
    ("value", Type::Text),
    ("definition", Type::Record(TAG)),
];

pub(super) const ATTRIBUTE: &[Property] = &[
    ("attributeType", Type::Text),
    ("attributeValue", Type::Text),
    ("externalId", Type::Text),
];

/// The properties that all kinds of records below have.
macro_rules! with_dates {
    ($($property:expr,)*) => {
        &[
            ("id", Type::Guid),
            ("createdDate", Type::Date),
            ("modifiedDate", Type::Date),
            ("modifiedByUserName", Type::Text),
            $($property,)*
        ]
    };
}

pub(super) const TAG_RECORD: &[Property] = with_dates![("name", Type::Text),];

pub(super) const CUSTOM_PROPERTY_DEFINITION: &[Property] = with_dates![
    ("name", Type::Text),
    ("valueType", Type::Text),
    ("description", Type::Text),
    ("choiceValues", Type::Texts),
    ("objectTypes", Type::Texts),
];

pub(super) const DATA_CONNECTION: &[Property] = with_dates![
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("connectionstring", Type::Text),
    ("type", Type::Text),
    ("username", Type::Text),
    ("password", Type::Text),
    ("logOn", Type::Number),
    ("architecture", Type::Number),
    ("tags", Type::Record(TAG)),
];

pub(super) const RELOAD_TASK: &[Property] = with_dates![
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("app", Type::Record(APP)),
    ("name", Type::Text),
    ("taskType", Type::Number),
    ("enabled", Type::Bool),
    ("taskSessionTimeout", Type::Number),
    ("maxRetries", Type::Number),
    ("isManuallyTriggered", Type::Bool),
    ("operational", Type::Record(OPERATIONAL)),
    ("tags", Type::Record(TAG)),
];

const OPERATIONAL: &[Property] = &[
    ("id", Type::Guid),
    ("lastExecutionResult", Type::Record(EXECUTION_RESULT)),
    ("nextExecution", Type::Date),
];

pub(super) const EXECUTION_RESULT: &[Property] = with_dates![
    ("taskID", Type::Guid),
    ("executionID", Type::Guid),
    ("appID", Type::Guid),
    ("executingNodeName", Type::Text),
    ("status", Type::Number),
    ("startTime", Type::Date),
    ("stopTime", Type::Date),
    ("duration", Type::Number),
    ("scriptLogAvailable", Type::Bool),
];

pub(super) const EXTENSION: &[Property] = with_dates![
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("whiteList", Type::Text),
    ("tags", Type::Record(TAG)),
];

pub(super) const CONTENT_LIBRARY: &[Property] = with_dates![
    ("customProperties", Type::Record(CUSTOM_PROPERTY)),
    ("owner", Type::Record(USER)),
    ("name", Type::Text),
    ("type", Type::Text),
    ("tags", Type::Record(TAG)),
];

pub(super) const NODE: &[Property] = with_dates![
    ("name", Type::Text),
    ("hostName", Type::Text),
    ("isCentral", Type::Bool),
    ("nodePurpose", Type::Number),
    ("engineEnabled", Type::Bool),
    ("proxyEnabled", Type::Bool),
    ("schedulerEnabled", Type::Bool),
    ("printingEnabled", Type::Bool),
];

pub(super) const SYSTEM_RULE: &[Property] = with_dates![
    ("category", Type::Text),
    ("type", Type::Text),
    ("name", Type::Text),
    ("rule", Type::Text),
    ("resourceFilter", Type::Text),
    ("actions", Type::Number),
    ("comment", Type::Text),
    ("disabled", Type::Bool),
    ("ruleContext", Type::Number),
    ("tags", Type::Record(TAG)),
];
