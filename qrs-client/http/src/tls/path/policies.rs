//! Certificate policies, by section 6.1 of RFC 5280. Any policy is accepted, but an authority may require that the whole chain
//! has one in common.

use std::collections::HashSet;

use x509_parser::prelude::ParsedExtension;

use super::Link;
use crate::tls::chain_error::ChainError;

const ANY_POLICY: &str = "2.5.29.32.0";

/// The policies that the certificates so far have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Common {
    Any,
    These(HashSet<String>),
}

/// The state between two certificates. The numbers are the numbers of further certificates until a rule applies.
struct State {
    common: Common,
    explicit: usize,
    no_mapping: usize,
    no_any: usize,
}

/// Checks a path. Its first certificate is the server's.
pub(super) fn check(path: &[&Link<'_>]) -> Result<(), ChainError> {
    let never = path.len() + 1;
    let mut state = State {
        common: Common::Any,
        explicit: never,
        no_mapping: never,
        no_any: never,
    };
    for (below, link) in path.iter().enumerate().rev() {
        let is_own = below == 0;
        let is_self_issued = link.certificate.is_self_issued();
        state.apply_policies(link, state.no_any > 0 || (!is_own && is_self_issued));
        state.fail_if_none()?;
        if !is_own {
            state.map(link);
        }
        if is_own || !is_self_issued {
            state.count_down();
        }
        state.apply_constraints(link);
    }
    state.fail_if_none()
}

impl State {
    fn apply_policies(&mut self, link: &Link<'_>, any_counts: bool) {
        let mut policies: HashSet<String> = link
            .x509
            .iter_extensions()
            .filter_map(|extension| match extension.parsed_extension() {
                ParsedExtension::CertificatePolicies(policies) => Some(policies),
                _ => None,
            })
            .flatten()
            .map(|policy| policy.policy_id.to_id_string())
            .collect();
        let has_any = policies.remove(ANY_POLICY) && any_counts;
        match &mut self.common {
            _ if has_any => {}
            Common::Any => self.common = Common::These(policies),
            Common::These(common) => common.retain(|policy| policies.contains(policy)),
        }
    }

    fn map(&mut self, link: &Link<'_>) {
        let Common::These(common) = &mut self.common else {
            return;
        };
        for extension in link.x509.iter_extensions() {
            let ParsedExtension::PolicyMappings(mappings) = extension.parsed_extension() else {
                continue;
            };
            let before = common.clone();
            for mapping in &mappings.mappings {
                common.remove(&mapping.issuer_domain_policy.to_id_string());
            }
            for mapping in &mappings.mappings {
                let is_common = before.contains(&mapping.issuer_domain_policy.to_id_string());
                if is_common && self.no_mapping > 0 {
                    common.insert(mapping.subject_domain_policy.to_id_string());
                }
            }
        }
    }

    fn count_down(&mut self) {
        for count in [&mut self.explicit, &mut self.no_mapping, &mut self.no_any] {
            *count = count.saturating_sub(1);
        }
    }

    fn apply_constraints(&mut self, link: &Link<'_>) {
        let least = |count: &mut usize, certificates: u32| {
            *count = (*count).min(usize::try_from(certificates).unwrap_or(usize::MAX));
        };
        for extension in link.x509.iter_extensions() {
            match extension.parsed_extension() {
                ParsedExtension::PolicyConstraints(constraints) => {
                    if let Some(skipped) = constraints.require_explicit_policy {
                        least(&mut self.explicit, skipped);
                    }
                    if let Some(skipped) = constraints.inhibit_policy_mapping {
                        least(&mut self.no_mapping, skipped);
                    }
                }
                ParsedExtension::InhibitAnyPolicy(inhibit) => {
                    least(&mut self.no_any, inhibit.skip_certs);
                }
                _ => {}
            }
        }
    }

    fn fail_if_none(&self) -> Result<(), ChainError> {
        let is_none = matches!(&self.common, Common::These(common) if common.is_empty());
        if self.explicit == 0 && is_none {
            return Err(ChainError::NoPolicy);
        }
        Ok(())
    }
}
