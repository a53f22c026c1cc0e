//! Somebody who opens an account over a real socket.

use std::net::TcpStream;

use ed25519_dalek::{Signer as _, SigningKey};
use rand_core::OsRng;
use sotto_identity::{Device, DeviceKind, Genesis, ListBody, SignedList};
use sotto_wire::{
    account::{AccountCall, AccountFrame, AccountRequest, AccountResponse, Register},
    digest::{device_list_to_sign, register_to_sign},
    frames::{Hello, Refusal},
    ids::{Day, DeviceId, Handle, Invite},
};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use super::Serving;

/// What the server says to somebody new, with one device and this invitation, who wants this handle.
pub(crate) fn register(
    serving: &Serving,
    handle: &str,
    invite: Option<&str>,
) -> Result<AccountResponse, Refusal> {
    let stream = TcpStream::connect(serving.address()).unwrap();
    let (mut socket, _) = client(format!("ws://{}/v1/account", serving.address()), stream).unwrap();
    let AccountFrame::Hello(hello) = frame(&mut socket) else { panic!("no hello") };
    let request = AccountRequest::Register(registration(&hello, handle, invite));
    socket.send(Message::Binary(AccountCall { id: 1, request }.encode())).unwrap();
    match frame(&mut socket) {
        AccountFrame::Response { id: 1, outcome } => outcome,
        other => panic!("{other:?}"),
    }
}

fn frame(socket: &mut WebSocket<TcpStream>) -> AccountFrame {
    match socket.read().unwrap() {
        Message::Binary(bytes) => AccountFrame::parse(&bytes).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn registration(hello: &Hello, handle: &str, invite: Option<&str>) -> Register {
    let [aik, rk, key] = [(); 3].map(|()| SigningKey::generate(&mut OsRng));
    let [aik_public, rk_public, key_public] = [&aik, &rk, &key].map(|key| key.verifying_key().into());
    let genesis = Genesis { aik: aik_public, rk: rk_public, nonce: [4; 32] };
    let device = Device {
        id: DeviceId::new([1; 16]),
        key: key_public,
        kind: DeviceKind::Native,
        manages_devices: true,
        added: Day(20_000),
    };
    let list = ListBody::genesis(genesis, vec![device], aik_public, rk_public).encode();
    let handle = Handle::parse(handle).unwrap();
    let signed = register_to_sign(hello.nonce, hello.host.as_str(), genesis.account(), device.id, &handle);
    Register {
        handle,
        genesis_list: SignedList { signature: aik.sign(&device_list_to_sign(&list)).into(), list },
        invite: invite.map(|code| Invite::parse(code).unwrap()),
        work_answer: 0,
        signature: key.sign(&signed).into(),
    }
}
