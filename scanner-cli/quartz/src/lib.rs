#![doc = include_str!("../README.md")]

mod days;
mod error;
mod expression;
mod field;
mod ignored;
mod next;
mod parse;
mod part;
mod term;
#[cfg(test)]
mod tests;
mod years;

pub use self::{error::QuartzError, expression::Expression, ignored::Ignored};
