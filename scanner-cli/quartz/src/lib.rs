#![doc = include_str!("../README.md")]

mod day_fields;
mod days;
mod element;
mod error;
mod expression;
mod field;
mod ignored;
mod list;
mod next;
mod parse;
mod part;
mod suggestion;
mod term;
#[cfg(test)]
mod tests;
mod years;

pub use self::{error::QuartzError, expression::Expression, ignored::Ignored};
