//! Opens the provider of the secrets that a settings file uses, and checks whether the file may use them.

use std::path::Path;

use super::{
    Configures, FoundSecret, MANAGER, PROVIDER, SecretError, Secrets, folder::Folder,
    section::Section, text, too_many,
};
use crate::{
    encryption::{Binding, DecryptionError, Owner, is_encrypted},
    home::shown,
    problem::Problem,
    secret_places::secrets_file,
};

/// The provider of the secrets of a settings file.
pub(super) enum Provider {
    /// A section of a file.
    Section(Section),
    /// The files of a folder.
    Folder(Folder),
}

impl Provider {
    /// The file that contains all secrets, if there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::Section(section) => Some(&section.file),
            Self::Folder(_) => None,
        }
    }
}

impl Secrets<'_> {
    /// Returns the secret with this name from the secret manager.
    pub(super) fn answer(&self, name: &str) -> Result<String, SecretError> {
        if self.redactor.borrow().has_too_many() {
            return Err(too_many());
        }
        let provider = self.provider.get_or_init(|| self.open());
        let found = match provider.as_ref().map_err(Clone::clone)? {
            Provider::Section(section) => section.secret(name),
            Provider::Folder(folder) => folder.secret(name, self.files),
        }?;
        self.check_codes(name, &found)?;
        match is_encrypted(&found.text) {
            true => self.decrypt_found(name, found),
            false => {
                self.redactor.borrow_mut().add(&found.text);
                Ok(found.text)
            }
        }
    }

    /// Returns an environment variable, if this file may use it.
    pub(super) fn variable(&self, name: &str, text: &str) -> Result<String, SecretError> {
        let Some(codes) = self.files.restrictions().variable(name) else {
            return Err(SecretError::new(
                format!("the variable `{name}` is not one of those that connection files may use"),
                "add it to `config.variables` in `conf/application.conf`, or remove it here",
            ));
        };
        if !codes.is_limited() {
            return Ok(text.to_owned());
        }
        if !codes.contain(self.code()) {
            return Err(SecretError::new(
                format!("the variable `{name}` is not for this connection"),
                "add the connection's code to the variable's `codes` in `config.variables` of `conf/application.conf`, or \
                 remove it here",
            ));
        }
        self.redactor.borrow_mut().add(text);
        Ok(text.to_owned())
    }

    /// Opens the provider of the secrets of this file.
    fn open(&self) -> Result<Provider, SecretError> {
        if !self.own().is_enabled {
            return Err(SecretError::new(
                "this file does not use the secret manager",
                "write `secret_manager { enabled = true, key = \"…\" }` to use it, or use an environment variable",
            ));
        }
        let path = self.home.settings();
        let root = self.root_of(&path)?;
        let mut provider = self.settings(&path, root.clone());
        let kind = text(&mut provider, "secret-manager.provider");
        match kind.as_deref().map(str::trim) {
            Some("file") => self.section(&mut provider).map(Provider::Section),
            Some("files") => self.folder(&root, &mut provider).map(Provider::Folder),
            None if secrets_file(&mut provider, self.home).is_none() => Err(SecretError::new(
                format!("`{}` does not set where secrets are", shown(&path)),
                "write `secret-manager { key = \"…\", provider = \"file\", configuration { file-path = \"…\" } }` there",
            )),
            kind => Err(SecretError::new(
                format!(
                    "`{PROVIDER}.provider` of `{}` is `{}`, which is not a known provider",
                    shown(&path),
                    kind.unwrap_or_default()
                ),
                "the providers are `file` and `files`",
            )),
        }
    }

    fn check_codes(&self, name: &str, found: &FoundSecret) -> Result<(), SecretError> {
        // `conf/application.conf` names the file of the secrets, so the lists of codes in that file do not apply to it.
        if self.configures == Configures::Followers {
            return Ok(());
        }
        let limits = || found.codes.iter().filter(|codes| codes.is_limited());
        if limits().next().is_some() && !limits().all(|codes| codes.contain(self.code())) {
            return Err(SecretError::new(
                format!("the secret `{name}` is not for this connection"),
                "add the connection's code to the secret's `codes`, or name another secret",
            ));
        }
        Ok(())
    }

    /// Decrypts a secret of the secret manager. If it is bound to another setting, that may be the setting that uses
    /// it, which decrypts it later.
    fn decrypt_found(&self, name: &str, found: FoundSecret) -> Result<String, SecretError> {
        let FoundSecret {
            text,
            place,
            section,
            ..
        } = found;
        let setting = format!("{MANAGER}.{name}");
        let binding = Binding {
            owner: Owner::Connection(&section),
            setting: &setting,
        };
        let cannot = |missing: SecretError| SecretError {
            message: format!(
                "the secret `{name}` at {place} cannot be decrypted: {}",
                missing.message
            ),
            ..missing
        };
        let key = self.decryption_key().map_err(cannot)?;
        let decrypted = match key.decrypt(&text, binding) {
            Err(DecryptionError::OtherOwner | DecryptionError::OtherSetting) => return Ok(text),
            Err(why) => return Err(cannot(self.not_decrypted(why, binding))),
            Ok(decrypted) => decrypted,
        };
        if !decrypted.is_bound {
            let message = format!("the encrypted secret `{name}` at {place} is not bound");
            let hint = encrypt_again(binding);
            if self.files.restrictions().is_restricted() {
                let message = format!("{message}, which `config.restrict` requires");
                return Err(SecretError { message, hint });
            }
            let message =
                format!("{message}: anyone who reads it can use it in any connection file");
            self.warn(Problem::warning(message, hint));
        }
        Ok(self.give(&decrypted.secret))
    }
}

/// The hint to encrypt a secret again, bound to its setting.
pub(super) fn encrypt_again(Binding { owner, setting }: Binding<'_>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let owner = match owner {
        Owner::Connection("") => "CODE".to_owned(),
        owner => owner.to_string(),
    };
    let owner = match owner.chars().all(is_plain) {
        true => owner,
        false => format!("\"{owner}\""),
    };
    let setting = match setting.starts_with(MANAGER) && owner == "CODE" {
        true => "SETTING",
        false => setting,
    };
    format!("encrypt the secret again: `scanner-cli encrypt --for {owner} {setting}`")
}
