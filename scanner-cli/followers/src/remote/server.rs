//! The server of a catalog.

use std::sync::{Arc, OnceLock};

use catalog_model::{
    follower::{Delivery, Plan},
    with_causes,
};
use outbound_http::{Client, Error, HeaderMap, Repeat, RequestBuilder, RetryPolicy, Url};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::{
    Advice, Answer, Call, CallError, Effect,
    answer::{Failure, accepted, ended, read, unreached},
};

/// Maximum number of times that a request is sent again because its answer was cut off.
const MAX_CUT_ANSWERS: u32 = 3;

/// Maximum number of times that a part of a refused request is sent.
const MAX_HASTY_TRIES: u32 = 2;

/// The server of a catalog. Clones are cheap and share the connections.
#[derive(Clone, Debug)]
pub struct Server {
    /// Ends in `/`.
    base: Url,
    client: Client,
    retry: RetryPolicy,
    advice: Advice,
    /// As many as requests may be sent at the same time.
    turns: Arc<Semaphore>,
    /// Receives the requests of a dry run.
    plan: Option<Plan>,
    /// In a dry run: why the server could not be reached.
    unreached: Arc<OnceLock<String>>,
}

impl Server {
    /// The server of a client whose URL this is. It receives at most `parallel` requests at the same time.
    pub(super) fn new(base: Url, client: Client, advice: Advice, parallel: usize) -> Self {
        Self {
            base,
            retry: client.retry_policy(),
            client,
            advice,
            turns: Arc::new(Semaphore::new(parallel)),
            plan: None,
            unreached: Arc::default(),
        }
    }

    /// The same server with other advice for people.
    #[must_use]
    pub fn advise(self, advice: Advice) -> Self {
        Self { advice, ..self }
    }

    /// What people can do if the server refuses requests.
    #[must_use]
    pub fn advice(&self) -> &Advice {
        &self.advice
    }

    /// The same server in a dry run: requests that write are recorded, and have an empty [answer](Answer::is_recorded).
    #[must_use]
    pub fn recording(self, plan: Plan) -> Self {
        Self {
            retry: self.retry.with_max_tries(MAX_HASTY_TRIES),
            plan: Some(plan),
            unreached: Arc::default(),
            ..self
        }
    }

    /// Whether requests that write are recorded instead of sent.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.plan.is_some()
    }

    /// Whether this is a dry run, and the server could not be reached: the catalog is then assumed to be empty. If
    /// something answers, the dry run fails as a delivery does.
    #[must_use]
    pub fn is_unreached(&self) -> bool {
        self.unreached.get().is_some()
    }

    /// The result of a dry run, with what was assumed because the server could not be reached.
    #[must_use]
    pub fn planned(&self, mut delivery: Delivery) -> Delivery {
        delivery.assumed_empty = self.unreached.get().cloned();
        delivery
    }

    /// The client, for a diagnosis of the way to the server.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same server for parts of a request that it has refused: a failure is hardly retried, because it is probably
    /// the content.
    #[must_use]
    pub fn hasty(&self) -> Self {
        Self {
            retry: self.retry.with_max_tries(MAX_HASTY_TRIES),
            ..self.clone()
        }
    }

    /// Sends a request, and retries it as long as that is worthwhile. An answer is JSON with a status of success.
    ///
    /// # Errors
    /// In all other cases; see [`CallError`].
    pub async fn send(&self, call: &Call) -> Result<Answer, CallError> {
        self.send_for(call).await
    }

    /// The same for an answer of another type, such as [`RawValue`](serde_json::value::RawValue).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_for<T: DeserializeOwned + Default>(
        &self,
        call: &Call,
    ) -> Result<Answer<T>, CallError> {
        if self.records(call) {
            return Ok(Answer {
                status: 0,
                headers: HeaderMap::new(),
                json: T::default(),
            });
        }
        // It is never closed.
        let _turn = self.turns.acquire().await;
        let mut cut = 0;
        loop {
            let response = self.request(call).send().await;
            let response = response.map_err(|error| self.unanswered(&error))?;
            match read(response, &self.advice).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Call(error)) => return Err(error),
                // Whether the catalog has stored the request is not known.
                Err(Failure::Cut(_)) if cut < MAX_CUT_ANSWERS => cut += 1,
                Err(Failure::Cut(error)) => return Err(ended(error)),
            }
        }
    }

    /// Sends a request whose answer does not matter, as long as its status says success, and retries it as long as that is
    /// worthwhile. `of_each_try` computes headers for each try, such as a signature with the time.
    ///
    /// # Errors
    /// In all other cases; see [`CallError`].
    pub async fn post(
        &self,
        call: &Call,
        of_each_try: &(dyn Fn() -> HeaderMap + Sync),
    ) -> Result<(), CallError> {
        if self.records(call) {
            return Ok(());
        }
        let _turn = self.turns.acquire().await;
        let request = self.request(call).headers_of_each_try(of_each_try);
        let response = request.send().await.map_err(|error| unreached(&error))?;
        accepted(response, &self.advice).await
    }

    /// Sends a request once that only reads, and returns its status and the `Location`, whatever they are.
    ///
    /// # Errors
    /// If no response comes.
    pub async fn probe(&self, call: &Call) -> Result<(u16, Option<String>), CallError> {
        let once = self.retry.with_max_tries(1);
        let response = self.request(call).retry(once).send().await.map_err(ended)?;
        let location = response.header("location");
        let location = location.map(|to| response.context().redactor().redact_line(to));
        Ok((response.status(), location))
    }

    /// What it means that no response came.
    fn unanswered(&self, error: &Error) -> CallError {
        if self.is_recording() {
            self.unreached.get_or_init(|| with_causes(error));
        }
        unreached(error)
    }

    /// Records a request that writes, if this is a dry run.
    fn records(&self, call: &Call) -> bool {
        match &self.plan {
            Some(plan) if call.effect == Effect::Writes => {
                let url = self.base.join(&call.path);
                let url = url.unwrap_or_else(|_| self.base.clone());
                plan.add(call.planned(self.client.redactor().redact(url.as_str())));
                true
            }
            _ => false,
        }
    }

    fn request(&self, call: &Call) -> RequestBuilder<'_> {
        let request = self.client.request(call.method.clone(), &call.path);
        let mut request = request.repeat(Repeat::Safe).retry(self.retry);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        match &call.body {
            Some(body) => request.body(body.clone()),
            None => request,
        }
    }
}
