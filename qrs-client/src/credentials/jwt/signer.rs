//! Signs JSON web tokens, so that none has to be issued elsewhere.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outbound_http::{PrivateKey, SignatureAlgorithm};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::credentials::TokenProvider;
use crate::error::Error;

/// How long a token is valid, unless another time is set.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How long before its issue a token says that it was issued, in seconds: clocks differ.
const BACKDATED: i64 = 60;

/// Signs JSON web tokens for a virtual proxy with JWT authentication, with the private key of its certificate.
///
/// A token has the claims `userId` and `userDirectory`, `iat` and `exp`, and those that were added. It says that it was issued a
/// minute ago, so that small differences between the clocks do not matter.
///
/// ```
/// # #[cfg(feature = "trust-stores")] {
/// use qrs_client::{Error, JwtAlgorithm, JwtCredentials, JwtSigner, PrivateKey, QrsClient, SiteUrl};
///
/// fn client(key_file: &[u8]) -> Result<QrsClient, Error> {
///     let key = PrivateKey::read(key_file, None)?;
///     let signer = JwtSigner::new(key, JwtAlgorithm::Rs256, "scanner", "ACME")?;
///     let credentials = JwtCredentials::from_provider(signer);
///     let site = SiteUrl::parse("https://qlik.example/jwt")?;
///     QrsClient::builder(site, credentials).build()
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct JwtSigner {
    key: PrivateKey,
    algorithm: JwtAlgorithm,
    user_id: String,
    user_directory: String,
    names: (String, String),
    claims: Map<String, Value>,
    lifetime: Duration,
    clock: Clock,
    account: String,
}

/// How a token is signed, by its name in the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// `RS256`: RSA with SHA-256, which all versions of Qlik Sense support.
    #[default]
    Rs256,
    /// `RS384`: RSA with SHA-384.
    Rs384,
    /// `RS512`: RSA with SHA-512.
    Rs512,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
}

impl JwtSigner {
    /// Creates a signer of tokens for one user.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the key is not one for the algorithm, or the user's id
    /// or directory is empty.
    pub fn new(
        key: PrivateKey,
        algorithm: JwtAlgorithm,
        user_id: &str,
        user_directory: &str,
    ) -> Result<Self, Error> {
        if user_id.trim().is_empty() || user_directory.trim().is_empty() {
            return Err(Error::configuration(
                "a token needs the id and the directory of its user",
            ));
        }
        // Finds out whether the key is one for the algorithm.
        key.sign(algorithm.signature(), b"")?;
        Ok(Self {
            key,
            algorithm,
            user_id: user_id.to_owned(),
            user_directory: user_directory.to_owned(),
            names: ("userId".to_owned(), "userDirectory".to_owned()),
            claims: Map::new(),
            lifetime: DEFAULT_LIFETIME,
            clock: Clock::default(),
            account: format!(r"{user_directory}\{user_id}"),
        })
    }

    /// Sets the names of the claims for the user's id and directory, as the virtual proxy names them: `userId` and
    /// `userDirectory` by default.
    #[must_use]
    pub fn claim_names(mut self, user_id: &str, user_directory: &str) -> Self {
        self.names = (user_id.to_owned(), user_directory.to_owned());
        self
    }

    /// Adds a claim, such as an attribute of the user that security rules use. The claims that the signer sets itself cannot be
    /// replaced.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Sets how long a token is valid: 5 minutes by default. A shorter time than 30 s means a new token for each request.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the clock: by default the operating system's.
    #[must_use]
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(now);
        self
    }

    fn sign(&self) -> Result<SecretString, Error> {
        let now = self.clock.now();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let mut claims = self.claims.clone();
        let (user_id, user_directory) = &self.names;
        claims.insert(user_id.clone(), json!(self.user_id));
        claims.insert(user_directory.clone(), json!(self.user_directory));
        claims.insert("iat".to_owned(), json!(now.saturating_sub(BACKDATED)));
        claims.insert("exp".to_owned(), json!(now.saturating_add(lifetime)));
        let header = json!({"alg": self.algorithm.name(), "typ": "JWT"});
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(&Value::Object(claims)));
        let signature = self
            .key
            .sign(self.algorithm.signature(), message.as_bytes())?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(SecretString::from(format!("{message}.{signature}")))
    }
}

#[async_trait]
impl TokenProvider for JwtSigner {
    fn account(&self) -> &str {
        &self.account
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        Ok(self.sign()?)
    }
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtSigner")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl JwtAlgorithm {
    /// The name in the token: `RS256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
        }
    }

    fn signature(self) -> SignatureAlgorithm {
        match self {
            Self::Rs256 => SignatureAlgorithm::RsaSha256,
            Self::Rs384 => SignatureAlgorithm::RsaSha384,
            Self::Rs512 => SignatureAlgorithm::RsaSha512,
            Self::Es256 => SignatureAlgorithm::EcdsaP256Sha256,
        }
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for JwtAlgorithm {
    type Err = Error;

    /// Reads the name of an algorithm, in any case.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it is not one of the supported ones.
    fn from_str(name: &str) -> Result<Self, Error> {
        let all = [Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256];
        let found = all
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let name = name.escape_debug();
            Error::configuration(format!("tokens cannot be signed with `{name}`"))
                .with_hint("use `RS256`, `RS384`, `RS512` or `ES256`")
        })
    }
}
