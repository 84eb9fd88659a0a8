//! The client against sites that answer, fall silent and break off, and the fake site against raw requests.
#![cfg(test)]

mod blocking;
mod ended_sessions;
/// They are built with cargo, which does not run under Wine.
#[cfg(not(windows))]
mod examples;
mod failures;
mod fake_site;
mod fixtures;
mod floods;
mod foreign_clients;
mod lending;
mod lists;
mod logins;
mod odd_answers;
mod proxies;
/// tinyproxy and squid are programs of Unix.
#[cfg(unix)]
mod real_proxies;
mod request_options;
mod requests;
mod retries;
mod sample_site;
mod scripted;
mod secrets;
mod selections;
mod sessions;
mod started_lists;
mod statuses;
mod time_limits;
mod trust;
mod trust_as_java;
#[cfg(target_os = "linux")]
mod trust_of_openssl;
mod trust_stores;
mod writing;
mod writing_to_fake_site;
