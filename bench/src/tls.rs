//! The client's side of TLS: a full handshake for each connection, whatever certificate is shown.
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::Resumption;
use rustls::crypto::{ring, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use std::io::{Read, Write};
use std::sync::Arc;

/// What every connection is made with.
pub struct Tls(Arc<ClientConfig>);

/// One connection's session.
pub struct Session(ClientConnection);

impl Tls {
    pub fn new() -> Tls {
        let provider = ring::default_provider();
        let anybody = Arc::new(Anybody(provider.signature_verification_algorithms));
        let builder = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Tls(Arc::new(config))
    }

    /// A session whose first words are `request`.
    pub fn session(&self, request: &[u8]) -> Session {
        let name = ServerName::try_from("localhost").unwrap();
        let mut session = ClientConnection::new(self.0.clone(), name).unwrap();
        session.writer().write_all(request).unwrap();
        Session(session)
    }
}

impl Default for Tls {
    fn default() -> Self {
        Tls::new()
    }
}

impl Session {
    /// What is to be sent now.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut bytes).unwrap();
        }
        bytes
    }

    /// What was received, opened.
    pub fn open(&mut self, mut received: &[u8], opened: &mut Vec<u8>) -> Result<(), Error> {
        while !received.is_empty() {
            let _ = self.0.read_tls(&mut received);
            self.0.process_new_packets()?;
            // There is no more for now, or nothing will come any more: the socket says which.
            let _ = self.0.reader().read_to_end(opened);
        }
        Ok(())
    }
}

/// Measuring tools speak to this machine only.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(&self, _: &CertificateDer, _: &[CertificateDer], _: &ServerName, _: &[u8], _: UnixTime) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(&self, message: &[u8], cert: &CertificateDer, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0)
    }
    fn verify_tls13_signature(&self, message: &[u8], cert: &CertificateDer, dss: &DigitallySignedStruct) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
