//! A bounded queue from asynchronous tasks to a thread. Sending waits for room without blocking the task's thread.
//!
//! A bounded channel is not enough: the message that ends a scan is also sent from `drop`, which cannot wait.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The sending side of a queue.
#[derive(Debug)]
pub(crate) struct BacklogSender<T> {
    messages: mpsc::UnboundedSender<Queued<T>>,
    room: Arc<Semaphore>,
}

/// The receiving side of a queue, for a thread that may block.
#[derive(Debug)]
pub(crate) struct BacklogReceiver<T> {
    messages: mpsc::UnboundedReceiver<Queued<T>>,
}

/// A message and the permit that it holds until it is received.
type Queued<T> = (T, Option<OwnedSemaphorePermit>);

/// The receiver has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReceiverEndedError;

/// Creates a queue in which at most `room` messages wait.
pub(crate) fn backlog<T>(room: usize) -> (BacklogSender<T>, BacklogReceiver<T>) {
    let (sender, messages) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(room));
    let sender = BacklogSender {
        messages: sender,
        room,
    };
    (sender, BacklogReceiver { messages })
}

// Not derived: messages need not be cloned.
impl<T> Clone for BacklogSender<T> {
    fn clone(&self) -> Self {
        Self {
            messages: self.messages.clone(),
            room: Arc::clone(&self.room),
        }
    }
}

impl<T> BacklogSender<T> {
    /// Sends a message once there is room for it.
    ///
    /// # Errors
    /// If the receiver has ended.
    pub(crate) async fn send(&self, message: T) -> Result<(), ReceiverEndedError> {
        // The semaphore is never closed. A receiver that ends drops the waiting messages and their permits.
        let room = Arc::clone(&self.room).acquire_owned().await;
        self.queue((message, room.ok()))
    }

    /// Sends a message at once, even if the queue is full. For the few messages that begin or end a scan.
    ///
    /// # Errors
    /// If the receiver has ended.
    pub(crate) fn send_now(&self, message: T) -> Result<(), ReceiverEndedError> {
        self.queue((message, None))
    }

    fn queue(&self, queued: Queued<T>) -> Result<(), ReceiverEndedError> {
        let sent = self.messages.send(queued);
        sent.map_err(|_message| ReceiverEndedError)
    }
}

impl<T> BacklogReceiver<T> {
    /// Returns the next message, and blocks until there is one. `None` once all senders have ended.
    pub(crate) fn receive(&mut self) -> Option<T> {
        self.messages
            .blocking_recv()
            .map(|(message, _room)| message)
    }

    /// Returns the next message, if one is waiting.
    pub(crate) fn try_receive(&mut self) -> Option<T> {
        let waiting = self.messages.try_recv().ok();
        waiting.map(|(message, _room)| message)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::ready, thread};

    use super::*;

    #[tokio::test]
    async fn send_waits_for_room_and_send_now_does_not() {
        let (sender, mut receiver) = backlog(1);
        sender.send(1).await.unwrap();
        tokio::select! {
            biased;
            _ = sender.send(2) => panic!("there is no room"),
            () = ready(()) => {}
        }
        sender.send_now(3).unwrap();
        assert_eq!(receiver.try_receive(), Some(1));
        sender.send(4).await.unwrap();
        let rest = thread::spawn(move || {
            let mut rest = Vec::new();
            while let Some(message) = receiver.receive() {
                rest.push(message);
            }
            rest
        });
        drop(sender);
        assert_eq!(rest.join().unwrap(), [3, 4]);
    }

    #[tokio::test]
    async fn a_waiting_sender_fails_when_the_receiver_ends() {
        let (sender, receiver) = backlog(1);
        sender.send(1).await.unwrap();
        let waiting = tokio::spawn({
            let sender = sender.clone();
            async move { sender.send(2).await }
        });
        tokio::task::yield_now().await;
        drop(receiver);
        assert_eq!(waiting.await.unwrap(), Err(ReceiverEndedError));
        assert_eq!(sender.send_now(3), Err(ReceiverEndedError));
    }
}
