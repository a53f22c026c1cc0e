//! TLS: rustls with the platform's judgement of certificates, and extra roots for private servers.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{ConnectTrouble, ServerAddress, Stream};
use crate::limits::CA_FILE_BYTES_MAX;

/// Why a certificate file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum CaFileError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// There is no PEM certificate in it.
    #[error("it has no certificate in PEM form")]
    NoCertificate,
}

pub(super) fn read_ca_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, CaFileError> {
    let mut pem = Vec::new();
    File::open(path)?.take(CA_FILE_BYTES_MAX).read_to_end(&mut pem)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.ok().filter(|certificates| !certificates.is_empty()).ok_or(CaFileError::NoCertificate)
}

pub(super) async fn wrap(
    stream: Box<dyn Stream>,
    server: &ServerAddress,
    extra_roots: &[CertificateDer<'static>],
    proxied: bool,
) -> Result<TlsStream<Box<dyn Stream>>, ConnectTrouble> {
    let config = config(extra_roots, proxied).map_err(|error| trouble(&error))?;
    let name = ServerName::try_from(server.host().to_owned()).map_err(|_| ConnectTrouble::ServerAddress)?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    connected.map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => trouble(inner),
        None => ConnectTrouble::Lost,
    })
}

fn config(extra_roots: &[CertificateDer<'static>], proxied: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = if proxied {
        builder.with_root_certificates(roots(extra_roots)?)
    } else {
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(
            rustls_platform_verifier::Verifier::new_with_extra_roots(extra_roots.iter().cloned(), provider)?,
        );
        builder.dangerous().with_custom_certificate_verifier(verifier)
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The platform's roots, judged by ourselves: a platform's own verifier may fetch revocation lists around the proxy.
fn roots(extra_roots: &[CertificateDer<'static>]) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for root in extra_roots {
        store.add(root.clone())?;
    }
    Ok(store)
}

fn trouble(error: &rustls::Error) -> ConnectTrouble {
    ConnectTrouble::Tls { reason: error.to_string() }
}
