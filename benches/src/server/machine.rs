//! What the machine does by itself: syncs of a file, TLS handshakes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

use crate::bench::Context;
use crate::load::Wrapping;
use crate::section::{Measurement, Section, Unit};
use crate::server::bare::{self, Place};

const ABOUT: &str = "What later figures stand on. A *sync* is `fdatasync` after 4 KiB written to a file on the disk that \
everything else is measured on: at its end, where the file's new length is written too, or over what was there, as a write-ahead log does. A *handshake* is a full TLS 1.3 handshake of rustls (ring, ECDSA P-256), both sides, in memory and \
on one core.";

/// Runs the bench.
///
/// # Errors
/// When disk or TLS fail.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("machine", "The machine by itself", ABOUT);
    let folder = context.folder()?;
    let during = context.pace().choose(Duration::from_secs(3), Duration::from_secs(1));
    let (mut growing, mut in_place, mut handshakes) = (Vec::new(), Vec::new(), Vec::new());
    let handshake = Handshake::prepare()?;
    for _ in 0..context.pace().rounds() {
        growing.push(bare::syncs_per_second(folder.path(), Place::AtTheEnd, during)?);
        in_place.push(bare::syncs_per_second(folder.path(), Place::InPlace, during)?);
        handshakes.push(handshake.per_second(during)?);
    }
    section.add(Measurement::of_runs("syncs, in place", Unit::PerSecond, &in_place));
    section.add(Measurement::of_runs("syncs, at the end", Unit::PerSecond, &growing));
    section.add(Measurement::of_runs("TLS handshakes, both sides", Unit::PerSecond, &handshakes));
    Ok(section)
}

/// Both sides of a handshake.
struct Handshake {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Handshake {
    fn prepare() -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
        let Wrapping::Tls(client) = Wrapping::trusting(made.cert.der().clone())? else {
            anyhow::bail!("trusting a certificate is TLS")
        };
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .map_err(|problem| anyhow::anyhow!("the key made for the run: {problem}"))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        Ok(Self { client, server: Arc::new(server) })
    }

    fn per_second(&self, during: Duration) -> anyhow::Result<f64> {
        let (begun, mut done) = (Instant::now(), 0_u32);
        while begun.elapsed() < during {
            self.once()?;
            done += 1;
        }
        Ok(f64::from(done) / begun.elapsed().as_secs_f64())
    }

    fn once(&self) -> anyhow::Result<()> {
        let mut client = ClientConnection::new(self.client.clone(), ServerName::try_from("127.0.0.1")?)?;
        let mut server = ServerConnection::new(self.server.clone())?;
        let mut wire = Vec::new();
        for _ in 0..4 {
            client.write_tls(&mut wire)?;
            server.read_tls(&mut &*wire)?;
            server.process_new_packets()?;
            wire.clear();
            server.write_tls(&mut wire)?;
            let mut left = &*wire;
            while !left.is_empty() {
                client.read_tls(&mut left)?;
                client.process_new_packets()?;
            }
            wire.clear();
            if !client.is_handshaking() && !server.is_handshaking() {
                return Ok(());
            }
        }
        ensure!(!client.is_handshaking(), "the handshake does not end");
        server.alpn_protocol().map(drop).context("the handshake does not end at the server")
    }
}
