//! Is the certificate good, for how long, and for the right name?

use std::{
    os::unix::fs::PermissionsExt as _,
    time::{Duration, SystemTime},
};

use sotto_http::{Certificate, TlsFiles};
use x509_cert::{
    Certificate as X509,
    der::Decode as _,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use super::Finding;
use crate::settings::{PublicUrl, Settings};

const CHECK: &str = "certificate";
/// Time before the end in which a renewal should have happened.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Everything about the certificate, when there is one.
pub(super) fn examine(settings: &Settings, now: SystemTime) -> Option<Finding> {
    let (certificate, key) = (settings.tls_cert.clone()?, settings.tls_key.clone()?);
    let readable_by_others =
        std::fs::metadata(&key).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0);
    if readable_by_others {
        let key = key.display();
        return Some(Finding::wrong(
            CHECK,
            format_args!("everybody can read {key}"),
            format_args!("chmod o= {key}"),
        ));
    }
    Some(match Certificate::load(TlsFiles { certificate, key }) {
        Ok(loaded) => match loaded.leaf().map(|leaf| X509::from_der(&leaf)) {
            Some(Ok(leaf)) => judge(&leaf, settings.public_url.as_ref(), now),
            Some(Err(_)) | None => {
                Finding::warning(CHECK, "its dates cannot be read", "look at it with openssl x509")
            }
        },
        Err(error) => Finding::wrong(CHECK, error, "name a matching pair with --tls-cert and --tls-key"),
    })
}

fn judge(leaf: &X509, url: Option<&PublicUrl>, now: SystemTime) -> Finding {
    let validity = &leaf.tbs_certificate.validity;
    let (from, to) = (validity.not_before.to_system_time(), validity.not_after.to_system_time());
    if now < from {
        return Finding::wrong(CHECK, "it is not valid yet", "look at the clock, or wait");
    }
    let Ok(left) = to.duration_since(now) else {
        return Finding::wrong(
            CHECK,
            "it has expired",
            "renew it, then: systemctl reload sottod (or send SIGHUP)",
        );
    };
    if let Some(host) = url.map(PublicUrl::host).filter(|host| !names(leaf, host)) {
        let advice = format_args!("get one that names {host}, or change --public-url").to_string();
        return Finding::wrong(CHECK, format_args!("it does not name {host}"), advice);
    }
    let days = left.as_secs() / 86_400;
    if left < SOON {
        return Finding::warning(
            CHECK,
            format_args!("it expires in {days} days"),
            "renew it, then send SIGHUP",
        );
    }
    Finding::fine(CHECK, format_args!("valid for {days} more days"))
}

/// Whether the certificate is for this host: exactly, or by a wildcard for its first label.
fn names(leaf: &X509, host: &str) -> bool {
    let Ok(Some((_, SubjectAltName(names)))) = leaf.tbs_certificate.get::<SubjectAltName>() else {
        return false;
    };
    names.iter().any(|name| match name {
        GeneralName::DnsName(name) => {
            let name = name.as_str();
            let rest = host.split_once('.').map(|(_, rest)| rest);
            name.eq_ignore_ascii_case(host)
                || name
                    .strip_prefix("*.")
                    .is_some_and(|suffix| rest.is_some_and(|rest| suffix.eq_ignore_ascii_case(rest)))
        }
        GeneralName::IpAddress(bytes) => {
            let literal = host.trim_start_matches('[').trim_end_matches(']');
            match literal.parse() {
                Ok(std::net::IpAddr::V4(ip)) => bytes.as_bytes() == ip.octets(),
                Ok(std::net::IpAddr::V6(ip)) => bytes.as_bytes() == ip.octets(),
                Err(_) => false,
            }
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::settings::Value as _;

    /// Valid through 2030.
    fn leaf() -> X509 {
        let mut parameters = rcgen::CertificateParams::new(vec![
            "chat.example.org".to_owned(),
            "*.example.net".to_owned(),
            "192.0.2.1".to_owned(),
        ])
        .unwrap();
        parameters.not_before = rcgen::date_time_ymd(2030, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2031, 1, 1);
        let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        X509::from_der(certificate.der()).unwrap()
    }

    fn at(year: i32, month: u8, day: u8) -> SystemTime {
        rcgen::date_time_ymd(year, month, day).into()
    }

    #[test]
    fn the_end_of_a_certificate_is_seen_coming() {
        let leaf = leaf();
        let state = |now| judge(&leaf, None, now).state;
        assert_eq!(state(at(2029, 12, 31)), State::Wrong);
        assert_eq!(state(at(2030, 6, 1)), State::Fine);
        assert_eq!(state(at(2030, 12, 25)), State::Warning);
        assert_eq!(state(at(2031, 1, 2)), State::Wrong);
    }

    #[test]
    fn a_certificate_for_another_name_is_reported() {
        let leaf = leaf();
        let state = |url| judge(&leaf, Some(&PublicUrl::read(url).unwrap()), at(2030, 6, 1)).state;
        assert_eq!(state("https://chat.example.org"), State::Fine);
        assert_eq!(state("https://a.example.net:8443"), State::Fine);
        assert_eq!(state("https://192.0.2.1"), State::Fine);
        assert_eq!(state("https://example.net"), State::Wrong);
        assert_eq!(state("https://a.b.example.net"), State::Wrong);
        assert_eq!(state("https://192.0.2.2"), State::Wrong);
    }
}
