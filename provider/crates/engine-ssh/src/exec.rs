//! One program on one connection: sent, heard, and ended when its time is over.

use std::sync::Arc;
use std::time::Duration;

use domain::machine_address::Become;
use engines::error::{EngineError, Kind};
use engines::limits::Limits;
use engines::machines::{Ending, Rights};
use engines::secret::{ExposeSecret as _, SecretString};
use engines::wait::{Pace, Seen, until};
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelWriteHalf};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::capture::{Capture, Part};
use crate::errors::{judge, said};
use crate::login::Connection;
use crate::machine::Door;
use crate::program::{Program, Way};
use crate::sudo;

/// How often one asks for room on a connection whose server has none left.
const ROOM: Pace = Pace { first: Duration::from_millis(50), most: Duration::from_secs(1) };

/// How often one asks for a step that somebody else is at.
const BUSY: Pace = Pace { first: Duration::from_millis(100), most: Duration::from_secs(2) };

/// How often a connection may be lost under one call. What ends its own connection each time would go on for ever.
const MOST_LOSSES: usize = 4;

/// What is sent to a step whose result has arrived.
const RECEIVED: &[u8] = b"received\n";
/// What is sent to whatever has to end.
const END: &[u8] = b"end\n";

/// What came of a program.
pub(crate) struct Heard {
    pub(crate) ending: Ending,
    pub(crate) stdout: Capture,
    pub(crate) stderr: Capture,
}

/// Why nothing came of it this time.
enum Stop {
    /// The connection was lost.
    Lost,
    /// Another step of its name is under way.
    Busy,
    Failed(EngineError),
}

/// Has a machine run a program, as often as it takes, and gives what came of it.
///
/// # Errors
///
/// As [`engines::machines::Machine::run`].
pub(crate) async fn converse(
    door: &Arc<Door>,
    doing: &'static str,
    program: Program,
    most_output: usize,
    limits: &Limits,
) -> Result<Heard, EngineError> {
    let target = door.commands.to.to_string();
    let program = Arc::new(program);
    let mut connection = door.commands.connection(limits).await?;
    let (mut losses, mut pause, mut was_busy) = (0, BUSY.first, false);
    let waited = || {
        let text = "it had to wait for another step of this name there";
        said(doing, target.as_str(), Kind::TimedOut, text)
    };
    loop {
        let guard = CancellationToken::new();
        let one = Exchange {
            door: Arc::clone(door),
            connection: Arc::clone(&connection),
            program: Arc::clone(&program),
            doing,
            target: target.clone(),
            most_output,
            dropped: guard.clone(),
        };
        // On a task of its own, which ends the program also when nobody waits for it any more.
        let _guard = guard.drop_guard();
        let heard = tokio::spawn({
            let limits = limits.clone();
            async move { one.hear(&limits).await }
        });
        match heard.await {
            Ok(Ok(heard)) => return Ok(heard),
            Ok(Err(Stop::Failed(error))) if error.kind == Kind::TimedOut && was_busy => return Err(waited()),
            Ok(Err(Stop::Failed(error))) => return Err(error),
            Ok(Err(Stop::Lost)) => {
                losses += 1;
                if losses > MOST_LOSSES {
                    let text = format!("the connection was lost {losses} times");
                    return Err(said(doing, target, Kind::Unreachable, text));
                }
                connection = door.commands.resumed(limits).await?;
            }
            Ok(Err(Stop::Busy)) => {
                let rest = tokio::time::sleep_until(Instant::now() + pause);
                was_busy = true;
                match limits.hold(doing, &target, rest).await {
                    Err(error) if error.kind == Kind::TimedOut => return Err(waited()),
                    other => other?,
                }
                pause = (pause * 2).min(BUSY.most);
            }
            Err(error) => return Err(said(doing, target, Kind::Rejected, error.to_string())),
        }
    }
}

/// One attempt.
struct Exchange {
    door: Arc<Door>,
    connection: Arc<Connection>,
    program: Arc<Program>,
    doing: &'static str,
    target: String,
    most_output: usize,
    /// Fires when nobody waits for the outcome any more.
    dropped: CancellationToken,
}

/// What is known of a program so far.
struct State {
    stdout: Capture,
    stderr: Capture,
    ending: Option<Ending>,
    /// Nothing more will come from it.
    is_over: bool,
    answered: usize,
}

impl Exchange {
    fn failed(&self, kind: Kind, text: impl Into<String>) -> Stop {
        Stop::Failed(said(self.doing, self.target.as_str(), kind, text))
    }

    fn way(&self) -> Way {
        let becomes = match self.program.rights {
            Rights::Root => self.door.commands.to.becomes,
            Rights::Login => Become::Nobody,
        };
        match (becomes, &self.door.credential.become_password) {
            (Become::Nobody, _) => Way::Straight,
            (Become::Sudo, None) => Way::Sudo,
            (Become::Sudo, Some(_)) => Way::SudoWithPassword,
        }
    }

    async fn hear(&self, limits: &Limits) -> Result<Heard, Stop> {
        let permit = limits.hold(self.doing, &self.target, self.connection.sessions.acquire()).await;
        let _permit = permit.map_err(Stop::Failed)?.map_err(|_| Stop::Lost)?;
        let channel = self.channel(limits).await?;
        let way = self.way();
        let (mut read, write) = channel.split();
        let mut state = State {
            stdout: Capture::new(&self.program.token, Part::Beginning, self.most_output),
            stderr: Capture::new(&self.program.token, Part::End, self.most_output),
            ending: None,
            is_over: false,
            answered: 0,
        };
        let line = self.program.line(way);
        if write.exec(true, line).await.is_err() {
            return Err(Stop::Lost);
        }
        // Without a question to wait for, all is sent at once: a round trip less.
        let mut sending =
            (way != Way::SudoWithPassword).then(|| Box::pin(write.data_bytes(self.program.input().to_vec())));
        let mut has_sent = sending.is_some();
        loop {
            tokio::select! {
                biased;
                () = limits.cancel.cancelled() => return Err(self.end(&mut read, &write, &mut state, Kind::Cancelled).await),
                () = self.dropped.cancelled() => return Err(self.end(&mut read, &write, &mut state, Kind::Cancelled).await),
                () = tokio::time::sleep_until(limits.deadline) => {
                    return Err(self.end(&mut read, &write, &mut state, Kind::TimedOut).await);
                }
                sent = async { match &mut sending { Some(sending) => sending.await, None => std::future::pending().await } } => {
                    sending = None;
                    // Refused input is explained by what the program says; a lost connection shows below.
                    if let Err(error) = sent {
                        tracing::debug!(%error, "a program took no input");
                    }
                }
                message = read.wait() => {
                    let Some(message) = message else { return self.lost_or_over(state) };
                    if matches!(message, ChannelMsg::Failure) {
                        write.close().await.ok();
                        return Err(self.failed(Kind::LoginRefused, "its SSH server runs no commands for this user"));
                    }
                    state.take(message);
                    self.answer(&write, way, &mut state).await?;
                    if !has_sent && state.stderr.has_begun() {
                        has_sent = true;
                        sending = Some(Box::pin(write.data_bytes(self.program.input().to_vec())));
                    }
                    if let Some(ending) = state.result(self.program.is_step)? {
                        if self.program.is_step {
                            write.data_bytes(RECEIVED).await.ok();
                        }
                        drop(sending);
                        write.close().await.ok();
                        return self.heard(ending, state);
                    }
                }
            }
        }
    }

    /// A channel for a program. A server that has no room for another is asked again.
    async fn channel(&self, limits: &Limits) -> Result<Channel<Msg>, Stop> {
        let bounded = limits.at_most(self.door.commands.patience.login);
        let look = || async {
            match self.connection.handle.channel_open_session().await {
                Ok(channel) => Ok(Seen::Ready(Some(channel))),
                Err(russh::Error::ChannelOpenFailure(failure)) => {
                    Ok(Seen::Pending(format!("its SSH server opens no further session: {failure:?}")))
                }
                Err(_) if self.connection.is_lost() => Ok(Seen::Ready(None)),
                Err(error) => {
                    let (kind, text) = judge(&error);
                    Err(said(self.doing, self.target.as_str(), kind, text))
                }
            }
        };
        let channel = until(self.doing, &self.target, ROOM, &bounded, look).await;
        channel.map_err(Stop::Failed)?.ok_or(Stop::Lost)
    }

    /// Answers `sudo` when it asks, once: a password that was wrong is not sent again.
    async fn answer(&self, write: &ChannelWriteHalf<Msg>, way: Way, state: &mut State) -> Result<(), Stop> {
        let questions = state.stderr.questions();
        if state.stderr.has_begun() || questions == state.answered {
            return Ok(());
        }
        if state.answered > 0 {
            write.close().await.ok();
            let (kind, text) = sudo::judge(way, questions, &state.stderr.preamble());
            return Err(self.failed(kind, text));
        }
        state.answered = questions;
        let password = self.door.credential.become_password.as_ref().map(SecretString::expose_secret);
        let line = format!("{}\n", password.unwrap_or_default());
        write.data_bytes(line.into_bytes()).await.map_err(|_| Stop::Lost)
    }

    /// The channel is closed, by the program's end or with the connection.
    fn lost_or_over(&self, state: State) -> Result<Heard, Stop> {
        match state.ending {
            // What is not over may have more to say, and it was not heard.
            _ if !state.is_over || self.connection.is_lost() => Err(Stop::Lost),
            // A step says itself when it is done. One that did not was killed with the shell around it.
            Some(ending) if !self.program.is_step || ending != Ending::Exited(0) => self.heard(ending, state),
            _ => self.heard(Ending::Killed, state),
        }
    }

    fn heard(&self, ending: Ending, state: State) -> Result<Heard, Stop> {
        let State { stdout, stderr, answered, .. } = state;
        if !stderr.has_begun() {
            let (kind, text) = sudo::judge(self.way(), answered, &stderr.preamble());
            return Err(self.failed(kind, text));
        }
        Ok(Heard { ending, stdout, stderr })
    }

    /// Tells the program to end, waits a little for that, and hangs up.
    async fn end(
        &self,
        read: &mut russh::ChannelReadHalf,
        write: &ChannelWriteHalf<Msg>,
        state: &mut State,
        kind: Kind,
    ) -> Stop {
        let ending = async {
            write.data_bytes(END).await.ok();
            while state.ending.is_none()
                && !state.stderr.last_word().is_some_and(|word| word.starts_with("done "))
            {
                match read.wait().await {
                    Some(message) => state.take(message),
                    None => break,
                }
            }
            write.close().await.ok();
        };
        let ended = tokio::time::timeout(self.door.commands.patience.end, ending).await;
        if ended.is_err() {
            write.close().await.ok();
        }
        match kind {
            Kind::TimedOut => {
                let complaint = state.stderr.preamble();
                let text = if state.stderr.has_begun() || complaint.is_empty() {
                    "it was ended there".to_owned()
                } else {
                    format!("it had not begun: {complaint}")
                };
                self.failed(kind, text)
            }
            _ => Stop::Failed(EngineError::new(self.doing, self.target.as_str(), kind)),
        }
    }
}

impl State {
    fn take(&mut self, message: ChannelMsg) {
        match message {
            ChannelMsg::Data { data } => self.stdout.push(&data),
            ChannelMsg::ExtendedData { data, ext: 1 } => self.stderr.push(&data),
            ChannelMsg::ExitStatus { exit_status } => self.ending = Some(Ending::Exited(exit_status)),
            ChannelMsg::ExitSignal { .. } => self.ending = Some(Ending::Killed),
            ChannelMsg::Close | ChannelMsg::Eof => self.is_over = true,
            _ => {}
        }
    }

    /// How it ended, once all that it said is here.
    fn result(&self, is_step: bool) -> Result<Option<Ending>, Stop> {
        if is_step && self.stderr.has_begun() {
            let mut words = self.stderr.last_word().unwrap_or_default().split(' ');
            return match (words.next(), words.next(), words.next()) {
                (Some("busy"), ..) => Err(Stop::Busy),
                (Some("done"), Some(status), Some(size)) => {
                    // The two outputs take ways of their own, and this word may be here before the rest of the other.
                    let is_all = size.parse() == Ok(self.stdout.total());
                    Ok(status.parse().ok().filter(|_| is_all).map(Ending::Exited))
                }
                _ => Ok(None),
            };
        }
        Ok(self.ending.filter(|_| self.is_over))
    }
}
