//! The holder's side: attaches each connection to the worker as a client.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::{Hello, SocketPath, is_same_user, lines};
use crate::exchange::{Failed, Numbered, Outward};
use crate::limits::{CLIENTS_MAX, REQUEST_LINE_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX};
use crate::profile::Profile;
use crate::worker::{CLIENT_QUEUE, ClientId, Job};

/// Makes the socket. The caller holds the profile's lock, so a socket that is there already is nobody's.
pub(crate) fn bind(profile: &Profile) -> io::Result<UnixListener> {
    match fs::remove_file(profile.socket()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&SocketPath::of(profile)?.path)?;
    fs::set_permissions(profile.socket(), fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves until the worker ends, then lets every client hear what is left for it.
pub(crate) async fn serve(listener: UnixListener, jobs: mpsc::Sender<Job>, hello: Hello) {
    let mut clients = JoinSet::new();
    // 0 is this process's own session.
    for number in 1.. {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Too many open files, say: what is connected goes on.
                Err(_) => { tokio::time::sleep(std::time::Duration::from_millis(100)).await; continue }
            },
            () = jobs.closed() => break,
        };
        while clients.try_join_next().is_some() {}
        if clients.len() < CLIENTS_MAX && is_same_user(&stream) {
            clients.spawn(attend(stream, ClientId(number), jobs.clone(), hello.clone()));
        }
    }
    drop(listener);
    while clients.join_next().await.is_some() {}
}

async fn attend(stream: UnixStream, client: ClientId, jobs: mpsc::Sender<Job>, hello: Hello) {
    let (incoming, mut outgoing) = stream.into_split();
    let (queue, queued) = mpsc::channel(CLIENT_QUEUE);
    if jobs.send(Job::Attach(client, queue.clone())).await.is_err() {
        return;
    }
    if lines::write(&mut outgoing, &hello).await.is_ok() {
        let free = Arc::new(Semaphore::new(REQUESTS_IN_FLIGHT_MAX));
        let reading = read(incoming, client, jobs.clone(), queue, free.clone());
        let writing = write(outgoing, queued, free);
        // Reading ends with the worker or the client; what is queued is still written.
        tokio::join!(
            async {
                reading.await;
                let _ = jobs.send(Job::Detach(client)).await;
            },
            writing
        );
    }
}

async fn read(
    incoming: OwnedReadHalf,
    client: ClientId,
    jobs: mpsc::Sender<Job>,
    queue: mpsc::Sender<Outward>,
    free: Arc<Semaphore>,
) {
    let mut incoming = BufReader::new(incoming);
    loop {
        // A permit goes with each request and comes back with its answer.
        let Ok(permit) = free.acquire().await else { return };
        permit.forget();
        let asked: Numbered = tokio::select! {
            line = lines::read(&mut incoming, REQUEST_LINE_BYTES_MAX) => match line {
                Ok(Some(asked)) => asked,
                Ok(None) | Err(_) => return,
            },
            () = jobs.closed() => return,
        };
        let id = asked.id;
        if jobs.send(Job::Ask(client, asked)).await.is_err() {
            let _ = queue.send(Outward::Answer { id, result: Err(Failed::NotStarted) }).await;
            return;
        }
    }
}

async fn write(mut outgoing: OwnedWriteHalf, mut queued: mpsc::Receiver<Outward>, free: Arc<Semaphore>) {
    while let Some(outward) = queued.recv().await {
        if matches!(outward, Outward::Answer { .. }) {
            free.add_permits(1);
        }
        if lines::write(&mut outgoing, &outward).await.is_err() {
            // Lets the reader end, too.
            free.close();
            return;
        }
    }
}
