//! TLS from certificate files, which may be replaced while the server runs.
//!
//! TLS 1.3 only, and no session is ever resumed: a ticket used on both planes would tie an account to a topic,
//! protocol §3.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};
use tokio_rustls::TlsAcceptor;

/// Where certificate chain and private key lie, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why there is no TLS. Each says which file to look at.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {cause}")]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// A file is not PEM, or lacks what it is for.
    #[error("{file} holds no {wanted} in PEM form")]
    NotPem {
        /// Which one.
        file: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// Key and certificate do not belong together, or are of no use to rustls.
    #[error("{certificate} and {key} cannot be used together: {cause}")]
    Unusable {
        /// The chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
        /// What rustls says.
        cause: rustls::Error,
    },
}

/// The certificate in use.
pub struct Certificate {
    files: TlsFiles,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads the files and checks that they fit.
    ///
    /// # Errors
    /// When they cannot be read or do not fit.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(certified_key(&files)?));
        Ok(Arc::new(Self { files, current }))
    }

    /// Reads the files again; connections from now on get what they hold.
    ///
    /// # Errors
    /// When they cannot be read or do not fit: the certificate in use stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let fresh = Arc::new(certified_key(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// The server's own certificate, DER, for whoever checks its dates.
    pub fn leaf(&self) -> Option<CertificateDer<'static>> {
        self.current().cert.first().cloned().map(CertificateDer::into_owned)
    }

    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn current(&self) -> Arc<CertifiedKey> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn certified_key(TlsFiles { certificate, key }: &TlsFiles) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| pem_error(certificate, "certificate", error))?;
    if chain.is_empty() {
        return Err(TlsError::NotPem { file: certificate.clone(), wanted: "certificate" });
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| pem_error(key, "private key", error))?;
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|cause| TlsError::Unusable {
        certificate: certificate.clone(),
        key: key.clone(),
        cause,
    })
}

fn pem_error(file: &Path, wanted: &'static str, error: pem::Error) -> TlsError {
    match error {
        pem::Error::Io(cause) => TlsError::Unreadable { file: file.to_owned(), cause },
        _ => TlsError::NotPem { file: file.to_owned(), wanted },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertifiedKey as Generated, generate_simple_self_signed};

    fn files(dir: &Path) -> TlsFiles {
        TlsFiles { certificate: dir.join("cert.pem"), key: dir.join("key.pem") }
    }

    fn write(files: &TlsFiles) -> Generated<rcgen::KeyPair> {
        let generated = generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(&files.certificate, generated.cert.pem()).unwrap();
        std::fs::write(&files.key, generated.signing_key.serialize_pem()).unwrap();
        generated
    }

    #[test]
    fn a_reload_takes_the_new_certificate_and_a_broken_one_leaves_the_old() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        write(&files);
        let certificate = Certificate::load(files.clone()).unwrap();
        let second = write(&files);
        certificate.reload().unwrap();
        assert_eq!(certificate.leaf().as_ref(), Some(second.cert.der()));

        std::fs::write(&files.key, "not a key").unwrap();
        assert!(matches!(certificate.reload(), Err(TlsError::NotPem { wanted: "private key", .. })));
        assert_eq!(certificate.leaf().as_ref(), Some(second.cert.der()));
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        let error = Certificate::load(files.clone()).unwrap_err();
        assert!(error.to_string().contains("cert.pem"), "{error}");

        let first = write(&files);
        write(&TlsFiles { certificate: dir.path().join("other.pem"), key: files.key.clone() });
        assert!(matches!(Certificate::load(files.clone()), Err(TlsError::Unusable { .. })));

        std::fs::write(&files.certificate, first.signing_key.serialize_pem()).unwrap();
        let error = Certificate::load(files).unwrap_err();
        assert!(error.to_string().ends_with("cert.pem holds no certificate in PEM form"), "{error}");
    }
}
