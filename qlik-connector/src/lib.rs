#![doc = include_str!("../README.md")]

mod check;
mod connection;
mod connector;
mod credentials;
mod declared;
mod filters;
mod find;
mod items;
mod people;
mod records;
mod scan;
mod schema;
mod site;

pub use connector::QlikSense;
