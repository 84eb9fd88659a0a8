//! Selections: sets of records that a site keeps, to read, change and delete together (Qlik help, Repository Service API:
//! Selection).

mod edit;

use outbound_http::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

pub use edit::SelectionEdit;

use crate::call::Call;
use crate::client::QrsClient;
use crate::count::Count;
use crate::entity::{Delete, Entity, Update, filtered};
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::id::SelectionId;
use crate::lenient;
use crate::list::RecordList;
use crate::path::QrsPath;
use crate::table::Table;
use crate::value;

/// A set of records that the site keeps; see [`QrsClient::select`] and [`QrsClient::select_all`].
///
/// It refers to records of any kinds; each method is about those of one kind. It stays on the site until it is removed with
/// [`remove`](Self::remove), also when this value is dropped.
///
/// ```no_run
/// # async fn approve(client: &qrs_client::QrsClient) -> Result<(), qrs_client::Error> {
/// use qrs_client::{AppObject, Field};
///
/// let drafts = Field::OBJECT_TYPE.equals("sheet").and(Field::NAME.starts_with("Draft"));
/// let selection = client.select_all::<AppObject>(Some(&drafts)).await?;
/// println!("{} sheets", selection.count::<AppObject>(None).await?);
/// let edit = selection.edit::<AppObject>().await?.set("approved", true);
/// selection.apply(&edit).await?;
/// selection.remove().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Selection {
    client: QrsClient,
    id: SelectionId,
}

/// A reference of a selection to a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[non_exhaustive]
pub struct SelectionItem {
    /// The kind of the record, as QRS names it, such as `App.Object`.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: String,
    /// The id of the record.
    #[serde(rename = "objectID", default, deserialize_with = "lenient::identifier")]
    pub record_id: String,
}

impl SelectionItem {
    /// Refers to a record of a kind that this crate knows.
    ///
    /// ```
    /// use qrs_client::{App, AppId, SelectionItem};
    ///
    /// let item = SelectionItem::new::<App>(&AppId::from("12f964b0-fc25-4de6-9803-30749b21d192"));
    /// assert_eq!(item.kind, "App");
    /// ```
    #[must_use]
    pub fn new<T: Entity>(id: &T::Id) -> Self {
        Self::from_names(T::NAME, id.as_ref())
    }

    /// Refers to a record of any kind, by the name of the kind in QRS, such as `ProxyService`.
    #[must_use]
    pub fn from_names(kind: impl Into<String>, record_id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            record_id: record_id.into(),
        }
    }
}

/// A selection, as a site writes it.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Items {
    items: Vec<SelectionItem>,
}

/// The outline of a selection.
#[derive(Deserialize)]
struct Created {
    id: SelectionId,
}

impl QrsClient {
    /// Creates a selection of these records.
    ///
    /// ```no_run
    /// # async fn delete(client: &qrs_client::QrsClient, tags: &[qrs_client::Tag]) -> Result<(), qrs_client::Error> {
    /// use qrs_client::{SelectionItem, Tag};
    ///
    /// let selection = client.select(tags.iter().map(|tag| SelectionItem::new::<Tag>(&tag.id))).await?;
    /// selection.delete_records::<Tag>().await?;
    /// selection.remove().await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); which one depends on the site if one of the records does not exist.
    pub async fn select(
        &self,
        records: impl IntoIterator<Item = SelectionItem>,
    ) -> Result<Selection, Error> {
        let items = records.into_iter().collect();
        let call = Call::new(Method::POST, QrsPath::new("selection")).json(&Items { items })?;
        self.created_selection(call).await
    }

    /// Creates a selection of all records of one kind that meet the condition and that the account may see. They are not read:
    /// the selection may be of any size.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn select_all<T: Entity>(&self, filter: Option<&Filter>) -> Result<Selection, Error> {
        let path = filtered(&format!("selection/{}", T::PATH), "", filter);
        self.created_selection(Call::new(Method::POST, path)).await
    }

    /// Continues to use a selection that was created before, for example by another program.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if the id is empty or contains a slash.
    pub fn selection(&self, id: SelectionId) -> Result<Selection, Error> {
        if id.is_empty() || id.as_str().contains('/') {
            let message = format!(
                "`{}` is not the id of a selection",
                id.as_str().escape_debug()
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let client = self.clone();
        Ok(Selection { client, id })
    }

    /// The response repeats all items of the selection, so only its outline is read.
    async fn created_selection(&self, call: Call) -> Result<Selection, Error> {
        let call = call.of_many().outlined();
        let Created { id } = self.value(call, value::decode_result).await?;
        if id.is_empty() {
            let message = "the response to a new selection has no id";
            return Err(Error::new(ErrorKind::UnexpectedAnswer, message));
        }
        self.selection(id)
    }
}

impl Selection {
    /// The id of the selection.
    #[must_use]
    pub fn id(&self) -> &SelectionId {
        &self.id
    }

    /// What the selection refers to, of any kind. The response must not exceed 1 MB, which is a few thousand items: use
    /// [`list`](Self::list) or [`table`](Self::table) for larger selections.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`]; [`ErrorKind::NotFound`] if the selection was removed.
    pub async fn items(&self) -> Result<Vec<SelectionItem>, Error> {
        let Items { items } = self.client.get(self.path("")).await?;
        Ok(items)
    }

    /// The records of one kind in the selection, in their full form.
    #[must_use]
    pub fn list<T: Entity>(&self, filter: Option<&Filter>) -> RecordList<T> {
        self.client
            .list(filtered(&self.below::<T>(), "/full", filter))
    }

    /// The number of records of one kind in the selection.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`]; [`ErrorKind::NotFound`] if the selection was removed.
    pub async fn count<T: Entity>(&self, filter: Option<&Filter>) -> Result<u64, Error> {
        let path = filtered(&self.below::<T>(), "/count", filter);
        let Count(count) = self.client.get(path).await?;
        Ok(count)
    }

    /// Begins a table of the records of one kind in the selection, for [`QrsClient::table`].
    pub fn table<T: Entity>(&self) -> Table {
        Table::new(self.below::<T>(), T::NAME)
    }

    /// Begins a change of all records of one kind in the selection: reads what they have in common.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::get`]; [`ErrorKind::NotFound`] if the selection was removed.
    pub async fn edit<T: Update>(&self) -> Result<SelectionEdit<T>, Error> {
        let call = Call::get(self.path(&synthetic::<T>())).of_many();
        let common = self.client.value(call, value::decode).await?;
        Ok(SelectionEdit::new(common))
    }

    /// Changes all records of one kind in the selection.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`]; [`ErrorKind::Conflict`] if one of the records was changed after [`edit`](Self::edit).
    pub async fn apply<T: Update>(&self, edit: &SelectionEdit<T>) -> Result<(), Error> {
        let call = Call::new(Method::PUT, self.path(&synthetic::<T>()));
        self.change(call.json(&edit.body(T::NAME))?).await
    }

    /// Deletes all records of one kind in the selection **from the site**. To remove only the selection, use
    /// [`remove`](Self::remove).
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`].
    pub async fn delete_records<T: Delete>(&self) -> Result<(), Error> {
        let path = QrsPath::new(self.below::<T>());
        self.change(Call::new(Method::DELETE, path)).await
    }

    /// Removes the selection. The records stay.
    ///
    /// # Errors
    ///
    /// As [`QrsClient::send`]; [`ErrorKind::NotFound`] if the selection was removed before.
    pub async fn remove(self) -> Result<(), Error> {
        self.change(Call::new(Method::DELETE, self.path(""))).await
    }

    /// Sends a request whose response says no more than that it has succeeded.
    async fn change(&self, call: Call) -> Result<(), Error> {
        let call = call.of_many().outlined();
        let IgnoredAny = self.client.value(call, value::decode_result).await?;
        Ok(())
    }

    fn path(&self, rest: &str) -> QrsPath {
        QrsPath::new(format!("selection/{}{rest}", self.id))
    }

    /// The path of the records of one kind, such as `selection/…/app/object`.
    fn below<T: Entity>(&self) -> String {
        format!("selection/{}/{}", self.id, T::PATH)
    }
}

fn synthetic<T: Entity>() -> String {
    format!("/{}/synthetic", T::PATH)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::UserId;
    use crate::models::User;

    #[test]
    fn a_selection_is_written_as_qrs_names_its_parts() {
        let user = SelectionItem::new::<User>(&UserId::from("u-1"));
        let items = vec![user, SelectionItem::from_names("ProxyService", "p-1")];
        let expected = json!({"items": [
            {"type": "User", "objectID": "u-1"}, {"type": "ProxyService", "objectID": "p-1"},
        ]});
        assert_eq!(serde_json::to_value(Items { items }).unwrap(), expected);
    }

    #[test]
    fn the_items_are_read_with_null_and_unknown_fields() {
        let json = json!({"id": "s-1", "privileges": null, "items": [
            {"type": "App", "objectID": "a-1", "objectName": "Sales", "schemaPath": "SelectionItem"},
            {"type": null},
        ]});
        let Items { items } = serde_json::from_value(json).unwrap();
        assert_eq!(items[0], SelectionItem::from_names("App", "a-1"));
        assert_eq!(items[1], SelectionItem::default());
    }
}
