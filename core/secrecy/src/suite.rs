//! The one MLS configuration: suite, capabilities, lifetimes, ratchet tolerances (protocol §5).

use openmls::prelude::{
    Capabilities, Ciphersuite, CredentialType, ExtensionType, Lifetime, MlsGroupCreateConfig,
    MlsGroupJoinConfig, PURE_PLAINTEXT_WIRE_FORMAT_POLICY, ProtocolVersion, RequiredCapabilitiesExtension,
    SenderRatchetConfiguration,
};

/// X-Wing (ML-KEM-768 and X25519), AES-128-GCM, SHA-256, Ed25519: 0x004F.
pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519;

const _: () = assert!(SUITE as u16 == sotto_wire::limits::SUITE, "the wire names this suite");

/// GroupContext extension that holds the group state.
pub(crate) const STATE_EXTENSION: u16 = 0xF050;

/// Past epochs whose message keys are kept.
const PAST_EPOCHS_MAX: usize = 1;
/// Messages of one sender that may arrive before an earlier one. A sender has up to 16 under way; when the server refuses
/// the first of them and its answer is lost, the others stand before it in the log. Twice that, for retries in between.
const OUT_OF_ORDER_MAX: u32 = 32;
/// Generations a sender may skip: retries burn them.
const FORWARD_MAX: u32 = 1000;

/// Lifetimes are never used: every leaf says "always", the creator's included. What would depend on a clock could
/// be valid for one member and not for another. Expiry is our own signed field of the key package.
pub(crate) fn lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

/// What every leaf says it can do: this suite, the group state, the last-resort mark. Nothing else.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(&[ExtensionType::Unknown(STATE_EXTENSION), ExtensionType::LastResort]),
        Some(&[]),
        Some(&[CredentialType::Basic]),
    )
}

/// What a group asks of every leaf.
pub(crate) fn required() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(STATE_EXTENSION)],
        &[],
        &[CredentialType::Basic],
    )
}

/// Handshakes are PublicMessages (inside our envelope), in and out: an own commit is only recognisable that way, and
/// OpenMLS refuses handshakes in the other form. Application messages are always PrivateMessages. MLS adds no padding:
/// the envelope does.
pub(crate) fn joined() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .padding_size(0)
        .max_past_epochs(PAST_EPOCHS_MAX)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(ratchet())
        .build()
}

/// The same for a group this device creates.
pub(crate) fn created() -> openmls::group::MlsGroupCreateConfigBuilder {
    MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .lifetime(lifetime())
        .capabilities(capabilities())
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .padding_size(0)
        .max_past_epochs(PAST_EPOCHS_MAX)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(ratchet())
}

fn ratchet() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(OUT_OF_ORDER_MAX, FORWARD_MAX)
}
