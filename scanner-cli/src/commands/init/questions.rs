//! Questions on the terminal, and answers from options.

use std::{io::Read, path::PathBuf, pin::pin};

use catalog_model::printable;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::spawn_blocking;

use super::{
    super::signals::interrupted,
    answers::{Answers, CATALOG, Trust},
    trial::{Answered, problem},
};
use crate::{
    arguments::Init, encrypt_request::read_secret, exit::Exit, home::shown, program::Program,
};

/// Maximum number of bytes of an answer.
const MAX_ANSWER: usize = 10_000;

/// How answers are found that no option gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// A person is asked.
    Ask,
    /// The default is used; without one, the command fails.
    UseDefault,
}

/// A question: the option that answers it, its text and its default.
struct Question<'a> {
    option: &'static str,
    text: &'static str,
    default: Option<&'a str>,
}

const URL: Question<'_> = Question {
    option: "--url",
    text: "URL of the scanner's virtual proxy, such as https://qlik.example.com/scanner",
    default: None,
};
const HEADER: Question<'_> = Question {
    option: "--header",
    text: "Header name that is set in the virtual proxy",
    default: Some("X-Scanner-User"),
};
const LINK_URL: Question<'_> = Question {
    option: "--link-url",
    text: "URL under which people open the hub",
    default: None,
};
const CODE: Question<'_> = Question {
    option: "--code",
    text: "Code of the connection, the first part of the keys of its items; it cannot be changed later",
    default: Some("qlik"),
};
const NAME: Question<'_> = Question {
    option: "--name",
    text: "Name of the connection in reports",
    default: Some("Qlik Sense"),
};

/// Collects the answers of options, and asks for the others on a terminal.
///
/// # Errors
/// If an answer is missing or not valid, or the person interrupts. The error was reported; the exit code is returned.
pub(super) async fn answers(program: &mut Program, options: &Init) -> Result<Answers, Exit> {
    let missing = match (options.yes, program.environment.is_interactive) {
        (false, true) => Missing::Ask,
        (true, _) => Missing::UseDefault,
        (false, false) => {
            let message =
                "standard input is not a terminal: add `--yes`, and options instead of answers";
            return Err(program.report_usage(message));
        }
    };
    let mut asked = Asked { program, missing };
    let mut answered = Answered::default();
    let url = options.url.as_deref();
    asked
        .checked(URL, url, &mut answered, |a| &mut a.url)
        .await?;
    let header = options.header.as_deref();
    asked
        .checked(HEADER, header, &mut answered, |a| &mut a.header)
        .await?;
    let value = asked.value(options).await?;
    let trust = asked.trust(options, &answered).await?;
    // A site without a prefix is where people log in, too.
    let people = people(&answered.url);
    let link_url = options.link_url.as_deref();
    let has_links = link_url.is_some() || people.is_some();
    if has_links {
        let question = Question {
            default: people.as_deref(),
            ..LINK_URL
        };
        asked
            .checked(question, link_url, &mut answered, |a| &mut a.link_url)
            .await?;
    }
    let code = options.code.as_deref();
    asked
        .checked(CODE, code, &mut answered, |a| &mut a.code)
        .await?;
    let name = asked.text(&NAME, options.name.as_deref()).await?;
    let shows_catalog = asked.shows_catalog(options).await?;
    Ok(Answers {
        name,
        code: answered.code,
        url: answered.url,
        link_url: has_links.then_some(answered.link_url),
        header: answered.header,
        value,
        trust,
        shows_catalog,
    })
}

struct Asked<'a> {
    program: &'a mut Program,
    missing: Missing,
}

impl Asked<'_> {
    /// Sets an answer that the scanner accepts as a setting. A person is asked again; an option is an error.
    async fn checked(
        &mut self,
        question: Question<'_>,
        given: Option<&str>,
        answered: &mut Answered,
        field: fn(&mut Answered) -> &mut String,
    ) -> Result<(), Exit> {
        loop {
            let text = self.text(&question, given).await?;
            let mut trial = answered.clone();
            *field(&mut trial) = text;
            let Some(problem) = problem(&self.program.installation, &trial) else {
                *answered = trial;
                return Ok(());
            };
            self.program.report_problem(&problem);
            if given.is_some() || self.missing == Missing::UseDefault {
                return Err(Exit::Usage);
            }
        }
    }

    /// The answer of an option, else that of a person, else the default.
    async fn text(&mut self, question: &Question<'_>, given: Option<&str>) -> Result<String, Exit> {
        if let Some(given) = given {
            return Ok(given.trim().to_owned());
        }
        let Question {
            option,
            text,
            default,
        } = *question;
        if self.missing == Missing::UseDefault {
            return default.map(str::to_owned).ok_or_else(|| {
                self.program
                    .report_usage(&format!("`--yes` needs `{option}`"))
            });
        }
        let shown = default.map(|default| format!(" [{}]", printable(default)));
        let prompt = format!("{text}{}: ", shown.unwrap_or_default());
        loop {
            let answer = self.line(&prompt).await?;
            match (answer.trim(), default) {
                ("", Some(default)) => return Ok(default.to_owned()),
                ("", None) => {}
                (answer, _) => return Ok(answer.to_owned()),
            }
        }
    }

    /// One line from the terminal.
    async fn line(&mut self, prompt: &str) -> Result<String, Exit> {
        let mut interrupted = pin!(interrupted(self.program));
        self.program.report(prompt);
        let empty: Box<dyn Read + Send> = Box::new(std::io::empty());
        let mut input = std::mem::replace(&mut self.program.environment.input, empty);
        let read = spawn_blocking(move || {
            let line = read_line(&mut input);
            (line, input)
        });
        let read = tokio::select! {
            read = read => read,
            () = &mut interrupted => return Err(Exit::Interrupted),
        };
        // A panic has been reported by the panic hook.
        let (line, input) = read.map_err(|_panic| Exit::Failed)?;
        self.program.environment.input = input;
        line.ok_or_else(|| {
            self.program
                .report_usage("the input ended before all questions were answered")
        })
    }

    /// A text that the terminal does not show.
    async fn hidden(&mut self, prompt: &'static str) -> Result<SecretString, Exit> {
        let mut interrupted = pin!(interrupted(self.program));
        let answer = tokio::select! {
            answer = spawn_blocking(move || rpassword::prompt_password(prompt)) => answer,
            () = &mut interrupted => return Err(Exit::Interrupted),
        };
        match answer {
            Ok(Ok(text)) => Ok(text.into()),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
                Err(Exit::Interrupted)
            }
            Ok(Err(error)) => Err(self
                .program
                .report_usage(&format!("the answer cannot be read: {error}"))),
            Err(_) => Err(Exit::Failed),
        }
    }

    /// The value of the header: from a file, a variable, standard input or the terminal, never from an argument, which every
    /// user of the machine can see.
    async fn value(&mut self, options: &Init) -> Result<SecretString, Exit> {
        let value = if let Some(name) = &options.value_env {
            let value = self.program.environment.variables.get(name);
            let value = value.cloned().map(SecretString::from);
            value.ok_or_else(|| {
                self.program
                    .report_usage(&format!("the environment variable `{name}` is not set"))
            })?
        } else if let Some(path) = &options.value_file {
            self.value_from_file(path)?
        } else if self.missing == Missing::Ask {
            self.hidden("Value of the header, such as DIRECTORY\\user (not shown): ")
                .await?
        } else {
            let read = read_secret(&mut self.program.environment.input);
            read.map_err(|_invalid| {
                self.program
                    .report_usage("the value of the header cannot be read from standard input")
            })?
        };
        match value.expose_secret().trim().is_empty() {
            true => Err(self.program.report_usage(
                "the value of the header is missing: pass it on standard input, or name `--value-file` or `--value-env`",
            )),
            false => Ok(value),
        }
    }

    fn value_from_file(&mut self, path: &std::path::Path) -> Result<SecretString, Exit> {
        let read = self.program.installation.read_secret_file(path);
        read.map_err(|error| self.program.report_error(&error))
    }

    /// The certificates to trust.
    async fn trust(&mut self, options: &Init, answered: &Answered) -> Result<Option<Trust>, Exit> {
        let is_asked = options.truststore.is_none()
            && self.missing == Missing::Ask
            && answered.url.trim_start().starts_with("https");
        let path = match (&options.truststore, is_asked) {
            (Some(path), _) => path.clone(),
            (None, true) => {
                let prompt = "File with the CA certificates of the site, PEM, PKCS12 or JKS [those of the operating system]: ";
                let answer = self.line(prompt).await?;
                PathBuf::from(answer.trim())
            }
            (None, false) => PathBuf::new(),
        };
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        // A relative path in a settings file starts at the home.
        let path = std::path::absolute(&path).unwrap_or(path);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.unwrap_or_default().to_ascii_lowercase();
        let may_have_password = ["p12", "pfx", "jks"].contains(&&*extension);
        let password = match may_have_password && self.missing == Missing::Ask {
            true => Some(self.hidden("Password of this file (not shown): ").await?),
            false => None,
        };
        let password = password.filter(|text| !text.expose_secret().is_empty());
        if let Some(problem) = self.program.installation.unreadable(&path) {
            self.program
                .report_usage(&format!("`{}` cannot be read: {problem}", shown(&path)));
            return Err(Exit::Usage);
        }
        Ok(Some(Trust { path, password }))
    }

    async fn shows_catalog(&mut self, options: &Init) -> Result<bool, Exit> {
        if options.catalog || options.no_catalog || self.missing == Missing::UseDefault {
            return Ok(options.catalog);
        }
        let prompt = format!(
            "Show the catalog in a browser at http://{CATALOG}/ while the service runs? [Y/n] "
        );
        let answer = self.line(&prompt).await?;
        Ok(matches!(
            answer.trim().to_lowercase().as_str(),
            "" | "y" | "yes"
        ))
    }
}

/// Reads up to the next line break, byte by byte, so that nothing of the next line is lost. `None` at the end of the input.
fn read_line(input: &mut dyn Read) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < MAX_ANSWER && input.read(&mut byte).ok()? == 1 {
        if byte == *b"\n" {
            return Some(String::from_utf8_lossy(&line).into_owned());
        }
        line.extend(byte);
    }
    (!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned())
}

/// The URL without its prefix, if it has one: where people probably open the hub.
fn people(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let (host, prefix) = rest.split_once('/')?;
    (!prefix.trim_matches('/').is_empty()).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_do_not_use_the_prefix_of_the_scanner() {
        for (url, expected) in [
            ("https://q.example/scanner", Some("https://q.example")),
            ("https://q.example:8443/a/", Some("https://q.example:8443")),
            ("https://q.example/", None),
            ("https://q.example", None),
        ] {
            assert_eq!(people(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn lines_are_read_one_by_one() {
        let mut input: &[u8] = b"one\ntwo";
        assert_eq!(read_line(&mut input).as_deref(), Some("one"));
        assert_eq!(read_line(&mut input).as_deref(), Some("two"));
        assert_eq!(read_line(&mut input), None);
    }
}
