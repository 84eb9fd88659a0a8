//! The warnings about all sheets of a scan, and why its result may be incomplete.

use catalog_model::{Diagnostic, ScanSink, counted};

use super::Sheets;
use crate::items::{apps::HINT_FOR_HIDDEN_APPS, lower::Surroundings};

impl Sheets<'_> {
    /// Sends the warnings about all sheets, and adds the reasons why the result may be incomplete.
    pub(crate) fn close(&self, sink: &mut dyn ScanSink, hidden: &mut Vec<String>) {
        if self.without_id > 0 {
            hidden.push(format!(
                "{} of the sheets could not be read, not even their ids",
                self.without_id
            ));
        }
        // One unreadable record affects only itself. If all records are unreadable, the format of the site has probably
        // changed, so nothing is certain.
        if self.items == 0 && self.unreadable > self.without_id {
            hidden.push(match self.unreadable {
                1 => "the only sheet could not be read".to_owned(),
                sheets => format!("none of the {} could be read", counted(sheets, "sheet")),
            });
        }
        // An export without a store must not become empty because rights were removed.
        if self.undecided > 0 && self.stayed == 0 {
            hidden.push(format!(
                "no sheet is known to be kept, because the filters cannot decide about {}",
                counted(self.undecided, "sheet")
            ));
        }
        if self.no_sheets > 0 {
            sink.warn(Diagnostic::warning(
                format!(
                    "{} skipped, because they are not sheets, although only sheets were requested",
                    counted(self.no_sheets, "object")
                ),
                "check whether a gateway between the scanner and the site removes the filter"
                    .to_owned(),
            ));
        }
        self.warn_of_contacts(sink);
        if let Some(filter) = &self.filter {
            match self.is_part {
                true => filter.close_part(sink),
                false => filter.close(self.surroundings.apps, sink),
            }
        }
        if let Some(warning) = self.dates.warning() {
            sink.warn(warning);
        }
    }

    /// Warns about unknown contacts, grouped by what to do.
    fn warn_of_contacts(&self, sink: &mut dyn ScanSink) {
        let Surroundings { apps, owners, .. } = &self.surroundings;
        let users = format!(
            "their owners{} are not visible to the account",
            apps.whose_owners_matter()
        );
        let hidden_apps =
            "their apps, whose owners are also contacts, are not visible to the account";
        let unreadable_apps = "their apps, whose owners are also contacts, could not be read";
        for (count, why, hint) in [
            (self.hidden_owners, &*users, Some(owners.hint_for_hidden())),
            (
                self.of_hidden_apps,
                hidden_apps,
                Some(HINT_FOR_HIDDEN_APPS.to_owned()),
            ),
            (self.of_unreadable_apps, unreadable_apps, None),
        ] {
            if count > 0 {
                sink.warn(Diagnostic::warning(
                    format!(
                        "the contacts of {} were left unchanged: {why}",
                        counted(count, "sheet")
                    ),
                    hint,
                ));
            }
        }
        self.warn_of_types(sink);
    }

    /// Warns about attributes that may contain the addresses of owners without one.
    fn warn_of_types(&self, sink: &mut dyn ScanSink) {
        let (asked, others) = self
            .surroundings
            .owners
            .named_types(self.types_of_unreached);
        for (names, what, hint) in [
            (
                others,
                "contain an `@` and are not read",
                "if one of them holds the addresses, add it to `connection.contacts.email_attributes`",
            ),
            (
                asked,
                "contain an `@`, but not one e-mail address alone",
                "correct them in the user directory, or set the addresses in `connection.contacts.mapping`",
            ),
        ] {
            if !names.is_empty() {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                sink.warn(Diagnostic::warning(
                    format!(
                        "owners without an e-mail address have attributes that {what}: {}",
                        names.join(", ")
                    ),
                    hint.to_owned(),
                ));
            }
        }
    }
}
