//! What flows between tasks, and how a task reads from several others at once.

use crate::Barrier;
use arrow::record_batch::RecordBatch;
use event::Watermark;
use std::future::poll_fn;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Messages a channel holds before its writer waits.
pub(super) const CHANNEL_MESSAGES: usize = 4;

#[derive(Clone, Debug)]
pub(super) enum Message {
    Rows(RecordBatch),
    Watermark(Watermark),
    /// The sender has no event time to offer until its next watermark.
    Idle,
    Barrier(Barrier),
    End,
}

/// What a task sees of all its inputs together.
#[derive(Debug)]
pub(super) enum Event {
    /// Of the edge of this number.
    Rows(usize, RecordBatch),
    /// The least watermark of the inputs that are not idle has risen.
    Watermark(Watermark),
    /// Every input is idle.
    Idle,
    /// Every input has passed this barrier.
    Barrier(Barrier),
    /// Every input has ended, or is gone.
    End,
}

struct Input {
    /// The number of its edge among those of its node.
    edge: usize,
    receiver: mpsc::Receiver<Message>,
    watermark: Watermark,
    idle: bool,
    /// Has passed the barrier that others have not: not read until they have (alignment).
    blocked: bool,
    ended: bool,
}

/// The receiving ends of a task's inputs, each with the number of its edge.
pub(super) type Receivers = Vec<(usize, mpsc::Receiver<Message>)>;

/// The inputs of one task.
pub(super) struct Inputs {
    inputs: Vec<Input>,
    barrier: Option<Barrier>,
    watermark: Watermark,
    idle: bool,
    /// Where the next look begins, so that no input starves.
    turn: usize,
}

impl Inputs {
    pub fn new(receivers: Receivers) -> Self {
        let input = |(edge, receiver)| Input {
            edge,
            receiver,
            watermark: Watermark::MIN,
            idle: false,
            blocked: false,
            ended: false,
        };
        let inputs = receivers.into_iter().map(input).collect();
        Self { inputs, barrier: None, watermark: Watermark::MIN, idle: false, turn: 0 }
    }

    /// The next event.
    ///
    /// # Cancel safety
    /// A dropped future loses nothing.
    pub async fn next(&mut self) -> Event {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            if let Some(event) = self.aligned() {
                return Poll::Ready(event);
            }
            let Some((from, message)) = self.poll_message(cx) else { return Poll::Pending };
            if let Some(event) = self.take_in(from, message) {
                return Poll::Ready(event);
            }
        }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Option<(usize, Message)> {
        let count = self.inputs.len();
        for step in 0..count {
            let at = (self.turn + step) % count;
            let input = &mut self.inputs[at];
            if input.blocked || input.ended {
                continue;
            }
            if let Poll::Ready(message) = input.receiver.poll_recv(cx) {
                self.turn = at + 1;
                // A closed channel is a task that is gone: the coordinator hears of it from that task.
                return Some((at, message.unwrap_or(Message::End)));
            }
        }
        None
    }

    fn take_in(&mut self, from: usize, message: Message) -> Option<Event> {
        let input = &mut self.inputs[from];
        match message {
            Message::Rows(batch) => return Some(Event::Rows(input.edge, batch)),
            Message::Watermark(watermark) => {
                input.watermark = input.watermark.max(watermark);
                input.idle = false;
            }
            Message::Idle => input.idle = true,
            Message::Barrier(barrier) => {
                input.blocked = true;
                self.barrier = Some(barrier);
                return None;
            }
            Message::End => {
                input.ended = true;
                return None;
            }
        }
        self.event_time()
    }

    fn event_time(&mut self) -> Option<Event> {
        let active = self.inputs.iter().filter(|input| !input.idle && !input.ended);
        match active.map(|input| input.watermark).min() {
            Some(watermark) if watermark > self.watermark => {
                self.watermark = watermark;
                self.idle = false;
                Some(Event::Watermark(watermark))
            }
            Some(_) if self.idle => {
                // Somebody woke up behind the others: time stands still until they have caught up.
                self.idle = false;
                Some(Event::Watermark(self.watermark))
            }
            Some(_) => None,
            None if self.idle => None,
            None => {
                self.idle = true;
                Some(Event::Idle)
            }
        }
    }

    /// All inputs have ended, or stand at the barrier.
    fn aligned(&mut self) -> Option<Event> {
        if self.inputs.iter().all(|input| input.ended) {
            return Some(Event::End);
        }
        if !self.inputs.iter().all(|input| input.blocked || input.ended) {
            return None;
        }
        let barrier = self.barrier.take()?;
        for input in &mut self.inputs {
            input.blocked = false;
        }
        Some(Event::Barrier(barrier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};
    use event::Epoch;
    use std::sync::Arc;

    fn row(value: i64) -> Message {
        let schema = Arc::new(Schema::new(vec![Field::new("v", DataType::Int64, false)]));
        Message::Rows(RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![value]))]).unwrap())
    }

    fn two() -> (mpsc::Sender<Message>, mpsc::Sender<Message>, Inputs) {
        let (a, left) = mpsc::channel(16);
        let (b, right) = mpsc::channel(16);
        (a, b, Inputs::new(vec![(0, left), (1, right)]))
    }

    #[tokio::test]
    async fn rows_behind_a_barrier_wait_for_the_other_input() {
        let (a, b, mut inputs) = two();
        let barrier = Barrier { epoch: Epoch(1), whole: false };
        a.try_send(Message::Barrier(barrier)).unwrap();
        a.try_send(row(2)).unwrap();
        b.try_send(row(1)).unwrap();
        b.try_send(Message::Barrier(barrier)).unwrap();
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(match inputs.next().await {
                Event::Rows(_, batch) => {
                    format!("{:?}", batch.column(0).to_data().buffers()[0].typed_data::<i64>())
                }
                Event::Barrier(barrier) => format!("end of {}", barrier.epoch),
                other => format!("{other:?}"),
            });
        }
        assert_eq!(seen, ["[1]", "end of 1", "[2]"]);
    }

    #[tokio::test]
    async fn event_time_is_the_least_of_the_inputs_that_are_not_idle() {
        let (a, b, mut inputs) = two();
        a.try_send(Message::Watermark(Watermark(10))).unwrap();
        a.try_send(Message::Watermark(Watermark(20))).unwrap();
        b.try_send(Message::Watermark(Watermark(5))).unwrap();
        b.try_send(Message::Idle).unwrap();
        drop((a, b));
        let mut seen = Vec::new();
        loop {
            match inputs.next().await {
                Event::Watermark(w) => seen.push(w.0),
                Event::End => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(seen.last(), Some(&20));
        assert!(seen.is_sorted(), "time went back: {seen:?}");
    }
}
