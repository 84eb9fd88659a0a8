//! Kinds of records, from one description: where they are, and what a client may do with them.

use std::marker::PhantomData;

use outbound_http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::QrsClient;
use crate::count::Count;
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::id;
use crate::list::RecordList;
use crate::models;
use crate::path::QrsPath;
use crate::table::Table;

/// A kind of record that QRS has. See [`QrsClient::entities`].
pub trait Entity: DeserializeOwned + Send + sealed::Sealed + 'static {
    /// The type of its id.
    type Id: AsRef<str>;
    /// The path of its records below `/qrs/`, such as `app/object`.
    const PATH: &'static str;
    /// Its name in QRS, such as `App.Object`.
    const NAME: &'static str;

    /// The record's id.
    fn id(&self) -> &Self::Id;
}

/// A kind of record that can be created. Apps cannot: they are copied or uploaded.
pub trait Create: Entity + Serialize {}

/// A kind of record that can be changed.
pub trait Update: Entity + Serialize {}

/// A kind of record that can be deleted.
pub trait Delete: Entity {}

mod sealed {
    pub trait Sealed {}
}

/// The records of one kind on a site; see [`QrsClient::entities`].
#[derive(Debug, Clone)]
pub struct Entities<T> {
    client: QrsClient,
    kind: PhantomData<fn() -> T>,
}

impl QrsClient {
    /// The records of one kind, to list, get, create, update and delete them.
    ///
    /// ```no_run
    /// # async fn tag(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
    /// use qrs_client::Tag;
    ///
    /// let tags = client.entities::<Tag>();
    /// let mut finance = Tag::default();
    /// finance.name = "finance".to_owned();
    /// let mut tag = tags.create(&finance).await?;
    /// tag.name = "Finance".to_owned();
    /// let tag = tags.update(&tag).await?;
    /// tags.delete(&tag.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn entities<T: Entity>(&self) -> Entities<T> {
        Entities::new(self.clone())
    }
}

impl<T: Entity> Entities<T> {
    fn new(client: QrsClient) -> Self {
        let kind = PhantomData;
        Self { client, kind }
    }

    /// The records that the account may see, in their full form.
    #[must_use]
    pub fn list(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.client.list(filtered(T::PATH, "/full", filter))
    }

    /// The number of records that the account may see.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`].
    pub async fn count(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        let Count(count) = self.client.get(filtered(T::PATH, "/count", filter)).await?;
        Ok(count)
    }

    /// One record.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`]; [`ErrorKind::NotFound`] if there is none that the account may see.
    pub async fn get(&self, id: &T::Id) -> Result<T, Error> {
        self.client.get(of_one::<T>(id)?).await
    }

    /// Begins a table of these records.
    pub fn table(&self) -> Table {
        Table::new(T::PATH, T::NAME)
    }

    /// Creates a record and returns it with its id. The fields that the site sets itself may be empty.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`].
    pub async fn create(&self, record: &T) -> Result<T, Error>
    where
        T: Create,
    {
        self.client
            .send(Method::POST, QrsPath::new(T::PATH), Some(&Created(record)))
            .await
    }

    /// Replaces a record and returns it as it is now. It must have been read from the site: QRS compares its `modifiedDate`
    /// with its own.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`]; [`ErrorKind::Conflict`] if the record was changed since it was read.
    pub async fn update(&self, record: &T) -> Result<T, Error>
    where
        T: Update,
    {
        let path = of_one::<T>(record.id())?;
        self.client.send(Method::PUT, path, Some(record)).await
    }

    /// Deletes a record.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`]; [`ErrorKind::NotFound`] if there is none.
    pub async fn delete(&self, id: &T::Id) -> Result<(), Error>
    where
        T: Delete,
    {
        let path = of_one::<T>(id)?;
        let _: Option<serde::de::IgnoredAny> =
            self.client.send(Method::DELETE, path, None::<&()>).await?;
        Ok(())
    }
}

/// A record without the fields that are empty because the site sets them.
struct Created<'a, T>(&'a T);

impl<T: Serialize> Serialize for Created<'_, T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const SET_BY_SITE: [&str; 3] = ["id", "createdDate", "modifiedDate"];
        let value = serde_json::to_value(self.0).map_err(serde::ser::Error::custom)?;
        let serde_json::Value::Object(mut fields) = value else {
            return value.serialize(serializer);
        };
        let never = crate::timestamp::NEVER;
        fields.retain(|name, value| {
            let is_empty = value == "" || value == never;
            !(is_empty && SET_BY_SITE.contains(&name.as_str()))
        });
        fields.serialize(serializer)
    }
}

pub(crate) fn filtered(path: &str, form: &str, filter: Option<&Filter>) -> QrsPath {
    let path = QrsPath::new(format!("{path}{form}"));
    match filter {
        Some(filter) => path.filter(filter.clone()),
        None => path,
    }
}

/// The path of one record.
fn of_one<T: Entity>(id: &T::Id) -> Result<QrsPath, Error> {
    let id = id.as_ref();
    if id.is_empty() || id.contains('/') {
        let message = format!(
            "`{}` is not an id of a record of the kind `{}`",
            id.escape_debug(),
            T::NAME
        );
        return Err(Error::new(ErrorKind::Configuration, message));
    }
    Ok(QrsPath::new(format!("{}/{id}", T::PATH)))
}

macro_rules! entities {
    ($($kind:ident($id:ident) = $path:literal, $name:literal: $($ability:ident)*;)*) => {$(
        impl sealed::Sealed for models::$kind {}

        impl Entity for models::$kind {
            type Id = id::$id;
            const PATH: &'static str = $path;
            const NAME: &'static str = $name;

            fn id(&self) -> &id::$id {
                &self.id
            }
        }

        $(impl $ability for models::$kind {})*
    )*};
}

// Qlik help, Repository Service API: what each kind of record allows.
entities! {
    App(AppId) = "app", "App": Update Delete;
    AppObject(AppObjectId) = "app/object", "App.Object": Update Delete;
    Stream(StreamId) = "stream", "Stream": Create Update Delete;
    User(UserId) = "user", "User": Create Update Delete;
    Tag(TagId) = "tag", "Tag": Create Update Delete;
    CustomPropertyDefinition(CustomPropertyDefinitionId) =
        "custompropertydefinition", "CustomPropertyDefinition": Create Update Delete;
    DataConnection(DataConnectionId) = "dataconnection", "DataConnection": Create Update Delete;
    Task(TaskId) = "task", "Task": ;
    ReloadTask(TaskId) = "reloadtask", "ReloadTask": Create Update Delete;
    ExecutionResult(ExecutionResultId) = "executionresult", "ExecutionResult": ;
    Extension(ExtensionId) = "extension", "Extension": Update Delete;
    ContentLibrary(ContentLibraryId) = "contentlibrary", "ContentLibrary": Create Update Delete;
    Node(NodeId) = "servernodeconfiguration", "ServerNodeConfiguration": Create Update Delete;
    SystemRule(SystemRuleId) = "systemrule", "SystemRule": Create Update Delete;
}
