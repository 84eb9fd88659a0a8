//! The statements of a dry run, collected until their transaction ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use catalog_model::follower::{Plan, Planned};

use postgresql_client::quoted;

/// Adds statements to a plan, a transaction at a time. All texts together are a script that `psql` can run.
pub(super) struct Recording {
    plan: Plan,
    /// What the statements run in.
    begin: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What a person should know before they read the statements, as a comment.
    note: Option<String>,
    transaction: Vec<Statement>,
}

/// A statement that a delivery would run.
struct Statement {
    target: String,
    text: String,
    rows: u64,
}

impl Recording {
    pub(super) fn new(plan: Plan, schema: &str) -> Self {
        Self {
            plan,
            begin: format!("BEGIN;\nSET LOCAL search_path = {};\n", quoted(schema)),
            state: Mutex::default(),
        }
    }

    /// Sets what the first statement says before it begins.
    pub(super) fn set_note(&self, note: &str) {
        let lines: Vec<_> = note.lines().map(|line| format!("-- {line}\n")).collect();
        self.state().note = Some(lines.concat());
    }

    /// Adds a statement that is not part of a transaction.
    pub(super) fn add_alone(&self, target: impl Into<String>, text: &str) {
        let statement = Statement {
            target: target.into(),
            text: format!("{text};"),
            rows: 0,
        };
        let mut state = self.state();
        self.plan(&mut state, statement);
    }

    /// Adds a statement to the transaction.
    pub(super) fn add(&self, target: impl Into<String>, text: &str, rows: u64) {
        let text = text.trim_end().trim_end_matches(';');
        self.state().transaction.push(Statement {
            target: target.into(),
            text: format!("{text};"),
            rows,
        });
    }

    /// Ends the transaction.
    pub(super) fn commit(&self) {
        let mut state = self.state();
        let mut statements = std::mem::take(&mut state.transaction);
        if let Some(first) = statements.first_mut() {
            first.text.insert_str(0, &self.begin);
        }
        if let Some(last) = statements.last_mut() {
            last.text.push_str("\nCOMMIT;");
        }
        for statement in statements {
            self.plan(&mut state, statement);
        }
    }

    /// Forgets the statements of the transaction.
    pub(super) fn roll_back(&self) {
        self.state().transaction.clear();
    }

    /// Ends the plan.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        if state.note.is_some() {
            let nothing = Statement {
                target: "note".to_owned(),
                text: String::new(),
                rows: 0,
            };
            self.plan(&mut state, nothing);
        }
    }

    fn plan(&self, state: &mut State, statement: Statement) {
        let note = state.note.take().unwrap_or_default();
        self.plan.add(Planned::Statement {
            target: statement.target,
            text: format!("{note}{}", statement.text).trim_end().to_owned(),
            rows: statement.rows,
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
