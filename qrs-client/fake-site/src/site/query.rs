//! The query of a request: the xrfkey, the filter, the order.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;

use crate::account::Access;
use crate::answer::{Answer, Extent, Form, Rows};
use crate::content::Content;
use crate::filter::Filter;
use crate::request::Request;
use crate::schema::{Entity, PropertyPath};

const XRFKEY_LENGTH: usize = 16;

/// Refuses a request whose key is missing, malformed, or not the same in query and header.
pub(super) fn check_xrfkey(request: &Request) -> Result<(), Answer> {
    let key = request.parameter("xrfkey").unwrap_or_default();
    let well_formed =
        key.len() == XRFKEY_LENGTH && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if well_formed && request.header("X-Qlik-Xrfkey") == Some(&key) {
        Ok(())
    } else {
        const TEXT: &str = "XSRF prevention check failed. Possible XSRF discovered.";
        Err(Answer::text(403, TEXT))
    }
}

/// Refuses a query with a parameter without a value, which is the result of an unencoded `&`.
pub(super) fn check_parameters(request: &Request) -> Result<(), Answer> {
    let mut parts = request.raw_query().split('&');
    if parts.all(|part| part.contains('=')) {
        Ok(())
    } else {
        Err(Answer::text(400, "Missing parameter value(s)"))
    }
}

/// A search for records, by the account's rights and the request's filter and order.
pub(super) struct Lookup<'a> {
    pub(super) content: Arc<Content>,
    pub(super) entity: Entity,
    pub(super) access: Access,
    pub(super) request: &'a Request,
}

impl Lookup<'_> {
    /// Finds all matching records.
    pub(super) fn rows(&self, extent: Extent) -> Result<Rows, Answer> {
        let filter = self.filter()?;
        let order = self.order()?;
        let records = self.content.records(self.entity);
        let wanted = |record: &Value| {
            self.access.shows(record) && filter.as_ref().is_none_or(|filter| filter.accepts(record))
        };
        let mut places: Vec<usize> = (0..records.len())
            .filter(|place| wanted(&records[*place]))
            .collect();
        if let Some(property) = order {
            places.sort_by(|a, b| compare(&property, &records[*a], &records[*b]));
        }
        Ok(Rows {
            content: Arc::clone(&self.content),
            entity: self.entity,
            places,
            form: self.form(extent),
        })
    }

    /// Finds one record in its full form.
    pub(super) fn record(&self, id: &str) -> Option<Answer> {
        let mut records = self.content.records(self.entity).iter();
        let same = |record: &&Value| {
            let own = record["id"].as_str();
            own.is_some_and(|own| own.eq_ignore_ascii_case(id))
        };
        let record = records.find(same)?;
        let visible = self.access.shows(record);
        visible.then(|| Answer::record(&self.form(Extent::Full).apply(self.entity, record)))
    }

    fn form(&self, extent: Extent) -> Form {
        let privileges = self.request.parameter("privileges");
        Form {
            extent,
            with_privileges: privileges.as_deref() == Some("true"),
        }
    }

    fn filter(&self) -> Result<Option<Filter>, Answer> {
        let text = self.request.parameter("filter");
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let filter = Filter::parse(self.entity, &text);
        filter
            .map(Some)
            .map_err(|refusal| Answer::text(400, refusal))
    }

    /// The property that `orderby` names. QRS accepts more than one; no client of the fake site needs that.
    fn order(&self) -> Result<Option<PropertyPath>, Answer> {
        let Some(name) = self.request.parameter("orderby") else {
            return Ok(None);
        };
        let property = PropertyPath::resolve(self.entity, &name);
        property.map(Some).ok_or_else(|| {
            let refusal = format!("Cannot parse the expression: {name}");
            Answer::text(400, refusal)
        })
    }
}

/// Ascending, ignoring case, nulls first.
pub(super) fn compare(property: &PropertyPath, a: &Value, b: &Value) -> Ordering {
    let key = |record| {
        let values = property.values(record);
        let value = values.first().copied().unwrap_or(&Value::Null);
        let text = value.as_str().map(str::to_lowercase);
        (text, value.as_bool(), value.as_i64())
    };
    key(a).cmp(&key(b))
}
