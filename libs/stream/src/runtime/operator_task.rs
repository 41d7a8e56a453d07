//! The loop around one operator.

use super::channel::{Event, Inputs, Message};
use super::coordinator::{Report, Reporter};
use super::outputs::{Outputs, Stop};
use crate::{Operator, Output};
use event::Watermark;

pub(super) struct OperatorTask {
    pub operator: Box<dyn Operator>,
    pub inputs: Inputs,
    pub outputs: Outputs,
    pub reporter: Reporter,
}

impl OperatorTask {
    pub async fn run(mut self) {
        match self.work().await {
            Ok(()) | Err(Stop::Closed) => {}
            Err(Stop::Failed(error)) => self.reporter.send(Report::Failed(error)).await,
        }
    }

    async fn work(&mut self) -> Result<(), Stop> {
        let mut out = Output::default();
        let mut risen = Watermark::MIN;
        loop {
            match self.inputs.next().await {
                Event::Rows(edge, batch) => {
                    self.outputs.meter.received(batch.num_rows() as u64);
                    let now = resilience::clock::now_ms();
                    self.operator.on_clock(now);
                    self.operator.on_input(edge, batch, &mut out)?;
                    out.dead.iter_mut().for_each(|letter| letter.time_ms = now);
                    self.outputs.send(&mut out).await?;
                }
                Event::Watermark(watermark) => {
                    // An input that wakes up repeats the time it had.
                    if watermark > risen {
                        risen = watermark;
                        self.operator.on_watermark(watermark, &mut out)?;
                        self.outputs.send(&mut out).await?;
                    }
                    self.outputs.broadcast(Message::Watermark(watermark)).await?;
                }
                Event::Idle => self.outputs.broadcast(Message::Idle).await?,
                Event::Barrier(barrier) => {
                    self.operator.on_clock(resilience::clock::now_ms());
                    self.operator.on_barrier(barrier, &mut out)?;
                    self.outputs.send(&mut out).await?;
                    let state = self.operator.snapshot()?;
                    self.outputs.meter.holds(&state, self.operator.state_rows());
                    self.reporter.state(barrier.epoch, state, Default::default()).await;
                    self.outputs.broadcast(Message::Barrier(barrier)).await?;
                }
                Event::End => {
                    self.outputs.broadcast(Message::End).await?;
                    return Ok(());
                }
            }
        }
    }
}
