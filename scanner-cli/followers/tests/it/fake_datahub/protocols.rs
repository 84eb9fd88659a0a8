//! The two protocols of a write: OpenAPI and Rest.li.

use serde_json::{Value, json};

use super::{State, Step, aspects::is_of_a_run};
use crate::fake_http::{Reply, Request};

impl State {
    pub(super) fn openapi_steps(
        &mut self,
        of: &str,
        request: &Request,
    ) -> Result<Vec<Step>, Reply> {
        let mut steps = Vec::new();
        for entity in self.list(request) {
            let Value::Object(aspects) = entity else {
                return Err(refused("an entity is not an object"));
            };
            let urn = aspects["urn"].as_str().unwrap_or_default().to_owned();
            self.refuse_poison(&urn)?;
            for (aspect, content) in aspects.iter().filter(|(name, _)| *name != "urn") {
                if content["headers"].get("If-Version-Match").is_some() {
                    return Err(Reply::Json(
                        412,
                        json!({ "message": "version does not match" }),
                    ));
                }
                if !is_of_a_run(&content["systemMetadata"]) {
                    self.violation(format!("{aspect} of {urn} is of no run"));
                }
                steps.push(Step {
                    of: of.to_owned(),
                    urn: urn.clone(),
                    aspect: aspect.clone(),
                    value: content["value"].clone(),
                    is_patch: request.method == "PATCH",
                });
            }
        }
        self.check(&steps)?;
        Ok(steps)
    }

    pub(super) fn restli_steps(&mut self, request: &Request) -> Result<Vec<Step>, Reply> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let version = request.headers.get("x-restli-protocol-version");
        if request.target != "/aspects?action=ingestProposalBatch"
            || body["async"] != "false"
            || version.map(String::as_str) != Some("2.0.0")
        {
            self.violation("the form of a Rest.li batch");
        }
        let mut steps = Vec::new();
        for proposal in body["proposals"].as_array().into_iter().flatten() {
            let text = |field: &str| proposal[field].as_str().unwrap_or_default().to_owned();
            let value = proposal["aspect"]["value"].as_str().unwrap_or_default();
            if !value.is_ascii() {
                return Err(refused("is not a valid string representation of bytes"));
            }
            let is_patch = text("changeType") == "PATCH";
            let content_type = match is_patch {
                true => "application/json-patch+json",
                false => "application/json",
            };
            if proposal["aspect"]["contentType"] != content_type {
                self.violation("the content type of a proposal");
            }
            if !is_of_a_run(&proposal["systemMetadata"]) {
                self.violation("a proposal is of no run");
            }
            self.refuse_poison(&text("entityUrn"))?;
            steps.push(Step {
                of: text("entityType"),
                urn: text("entityUrn"),
                aspect: text("aspectName"),
                value: serde_json::from_str(value).map_err(|_error| refused("not JSON"))?,
                is_patch,
            });
        }
        self.check(&steps)?;
        Ok(steps)
    }

    fn refuse_poison(&self, urn: &str) -> Result<(), Reply> {
        let poison = self.poison.iter().find(|(poison, _)| poison == urn);
        match poison {
            Some((_, 500)) => Err(Reply::Json(
                500,
                json!({ "error": "Internal server error occurred" }),
            )),
            Some((_, status)) => Err(Reply::Json(
                *status,
                json!({ "error": "Validation Error", "message": format!("{urn} is poison") }),
            )),
            None => Ok(()),
        }
    }
}

/// The answer to content that is refused.
pub(super) fn refused(message: &str) -> Reply {
    Reply::Json(
        400,
        json!({ "error": "Validation Error", "message": message }),
    )
}
