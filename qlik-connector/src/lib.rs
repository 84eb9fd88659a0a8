#![doc = include_str!("../README.md")]

mod addresses;
mod apps;
mod asked_app;
mod asked_sheet;
mod attempt;
mod attribute_types;
mod check;
mod connection;
mod connector;
mod containers;
mod counting;
mod criteria;
mod dates;
mod failure;
mod filtering;
mod find;
mod hint;
mod link;
mod list;
mod lower;
mod mapping;
mod odd_fields;
mod owners;
mod properties;
mod records;
mod retries;
mod sheets;
mod status;
mod stored_sheet;
mod template;
mod texts;
mod trust;
mod version;

pub use connector::QlikSense;
