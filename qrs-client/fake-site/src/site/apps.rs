//! Apps: copied, published, exported and uploaded (Qlik help, Repository Service API: App).

use std::sync::Arc;

use serde_json::json;

use super::Site;
use super::writing::{bad, existing, not_found};
use crate::account::Account;
use crate::answer::{Answer, Body};
use crate::filter::is_guid;
use crate::request::Request;
use crate::schema::Entity;

/// The type of a file with an app.
const APP_FILE: &str = "application/vnd.qlik.sense.app";

/// The node that has the exported files.
const NODE: &str = "6d1dd5d0-0b6e-4b57-9a0b-0b7f4a2d3c1e";

/// A file to download.
pub(super) struct Export {
    file_name: String,
    bytes: Arc<[u8]>,
}

impl Site {
    pub(super) fn copy_app(
        &self,
        id: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let mut live = self.live();
        let id = existing(&live.content, Entity::App, id, account)?;
        let content = Arc::make_mut(&mut live.content);
        let own = content.record(Entity::App, &id).ok_or_else(not_found)?;
        let own = own["name"].as_str().unwrap_or_default();
        let name = request.parameter("name").filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| format!("{own}(1)"));
        let user = content.user_of(&account.header_value);
        let copy = content.copy_app(&id, &name);
        let owner = [("owner".to_owned(), user.clone())].into_iter().collect();
        content.change(&copy, &owner, &user);
        Ok(Answer::created(
            content.record(Entity::App, &copy).ok_or_else(not_found)?,
        ))
    }

    pub(super) fn publish_app(
        &self,
        id: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        let mut live = self.live();
        let id = existing(&live.content, Entity::App, id, account)?;
        let stream = request.parameter("stream").unwrap_or_default();
        let stream = existing(&live.content, Entity::Stream, &stream, account)?;
        let content = Arc::make_mut(&mut live.content);
        content.publish(&id, &stream);
        if let Some(name) = request.parameter("name").filter(|name| !name.is_empty()) {
            content.rename(&id, &name);
        }
        let user = content.user_of(&account.header_value);
        content.change(&id, &serde_json::Map::new(), &user);
        Ok(Answer::record(
            content.record(Entity::App, &id).ok_or_else(not_found)?,
        ))
    }

    pub(super) fn export_app(
        &self,
        id: &str,
        token: &str,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        if !is_guid(token) {
            return Err(bad("The export token is not a GUID"));
        }
        let with_data = match request.parameter("skipData").as_deref() {
            None | Some("false") => true,
            Some("true") => false,
            Some(_) => return Err(bad("The parameter skipData is not true or false")),
        };
        let mut live = self.live();
        let id = existing(&live.content, Entity::App, id, account)?;
        let record = live.content.record(Entity::App, &id);
        let name = record.and_then(|record| record["name"].as_str());
        let file_name = format!("{}.qvf", name.unwrap_or_default());
        let bytes = live
            .content
            .app_file(&id, with_data)
            .ok_or_else(not_found)?;
        let encoded: String = url::form_urlencoded::byte_serialize(file_name.as_bytes()).collect();
        let path = encoded.replace('+', "%20");
        let export = Export {
            file_name,
            bytes: bytes.into(),
        };
        live.exports.insert(token.to_owned(), export);
        Ok(Answer::created(&json!({
            "exportToken": token,
            "appId": id,
            "downloadPath": format!("/tempcontent/{token}/{path}?serverNodeId={NODE}"),
            "schemaPath": "AppExport",
            "cancelled": false,
        })))
    }

    /// The response for an exported file.
    pub(super) fn download(&self, request: &Request) -> Result<Answer, Answer> {
        if request.parameter("serverNodeId").as_deref() != Some(NODE) {
            return Err(not_found());
        }
        let path = request.path().strip_prefix("/tempcontent/");
        let (token, name) = path
            .and_then(|path| path.split_once('/'))
            .ok_or_else(not_found)?;
        // A `+` stands for itself in a path.
        let name = name
            .replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D");
        let name = url::form_urlencoded::parse(name.as_bytes()).next();
        let live = self.live();
        let export = live.exports.get(token).ok_or_else(not_found)?;
        if name.is_none_or(|(name, _)| name != export.file_name) {
            return Err(not_found());
        }
        let answer = Answer::new(200, Body::Bytes(Arc::clone(&export.bytes)));
        Ok(answer.header("Content-Type", APP_FILE))
    }

    pub(super) fn upload_app(
        &self,
        request: &Request,
        account: &Account,
    ) -> Result<Answer, Answer> {
        if request.header("Content-Type") != Some(APP_FILE) {
            return Err(Answer::text(415, "Unsupported Media Type"));
        }
        let name = request.parameter("name").filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| bad("The parameter name is required"))?;
        let mut live = self.live();
        let content = Arc::make_mut(&mut live.content);
        let user = content.user_of(&account.header_value);
        let id = content.add_app_file(request.body(), &name, &user);
        let id = id.ok_or_else(|| bad("The file is not an app"))?;
        Ok(Answer::created(
            content.record(Entity::App, &id).ok_or_else(not_found)?,
        ))
    }
}
