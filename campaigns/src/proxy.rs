//! What stands before several nodes: each connection goes to the next node in turn, or to another one if that does not take it.
//!
//! Not here: health checks, HTTP. A node that dies takes its connections with it, as behind any balancer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A running proxy; it ends with its value.
pub struct Proxy {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Before the nodes on these ports of this machine.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(nodes: Vec<u16>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (nodes, turn) = (Arc::new(nodes), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (nodes, turn) = (nodes.clone(), turn.clone());
                tokio::spawn(async move {
                    let first = turn.fetch_add(1, Ordering::Relaxed);
                    for more in 0..nodes.len() {
                        let to = nodes[(first + more) % nodes.len()];
                        if let Ok(mut node) = TcpStream::connect(("127.0.0.1", to)).await {
                            // A reset on either side ends both.
                            drop(tokio::io::copy_bidirectional(&mut client, &mut node).await);
                            return;
                        }
                    }
                });
            }
        });
        Ok(Self { port, task })
    }
}
