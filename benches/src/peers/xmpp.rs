//! As much of XMPP as a load generator speaks: register, authenticate, bind, be present, send.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use data_encoding::BASE64;

use crate::load::{Letter, Link, Wrapping};

/// The host both servers serve.
const HOST: &str = "localhost";
const PASSWORD: &str = "bench";
/// How every refusal looks.
const REFUSALS: [&str; 5] =
    ["<failure", "type='error'", "type=\"error\"", "<stream:error", "</stream:stream>"];

/// Whether the account is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Made on this connection.
    New,
    /// Made before.
    Known,
}

/// Whether contacts and messages find the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Available.
    Sent,
    /// Bound, no more.
    Silent,
}

/// An authenticated session of account number `account`.
///
/// # Errors
/// When the server refuses a step.
pub fn session(
    server: SocketAddr,
    account: usize,
    resource: usize,
    whether: Account,
    presence: Presence,
) -> anyhow::Result<Link> {
    let mut link = Link::connect(server, &Wrapping::Plain)?;
    open_stream(&mut link)?;
    if whether == Account::New {
        let register = format!(
            "<iq type='set' id='r1'><query xmlns='jabber:iq:register'><username>u{account}</username>\
             <password>{PASSWORD}</password></query></iq>"
        );
        step(&mut link, &register, |said| said.contains("<iq") && said.ends_with('>'))?;
    }
    let secret = BASE64.encode(format!("\0u{account}\0{PASSWORD}").as_bytes());
    let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>");
    step(&mut link, &auth, |said| said.contains("<success") && said.ends_with('>'))?;
    open_stream(&mut link)?;
    let bind = format!(
        "<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r{resource}</resource>\
         </bind></iq>"
    );
    step(&mut link, &bind, |said| said.ends_with("</iq>"))?;
    if presence == Presence::Sent {
        step(&mut link, "<presence/>", |said| said.contains("<presence") && said.ends_with('>'))?;
    }
    Ok(link)
}

/// A message to the session `resource` of an account, with a body of so many characters.
pub fn letter(account: usize, resource: usize, body_chars: usize) -> Letter {
    let body = "m".repeat(body_chars);
    let stanza =
        format!("<message to='u{account}@{HOST}/r{resource}' type='chat'><body>{body}</body></message>");
    Letter::new(stanza.into_bytes())
}

fn open_stream(link: &mut Link) -> anyhow::Result<()> {
    let open = format!(
        "<?xml version='1.0'?><stream:stream to='{HOST}' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
    );
    step(link, &open, |said| said.ends_with("</stream:features>"))
}

/// Says something and waits for what ends the answer.
fn step(link: &mut Link, say: &str, is_answer: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    link.queue(say.as_bytes());
    link.wait_for(|link| {
        let said = std::str::from_utf8(link.inbox().bytes()).context("the server speaks no UTF-8")?;
        if let Some(refusal) = REFUSALS.iter().find(|refusal| said.contains(*refusal)) {
            bail!("the server refuses ({refusal}) a step of the session");
        }
        if !is_answer(said) {
            return Ok(None);
        }
        let length = said.len();
        link.inbox().take(length);
        Ok(Some(()))
    })
}
