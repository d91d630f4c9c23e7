//! From process start to the first call and from the last answer to the exit: go-plugin's half of the protocol.
//!
//! Reading order: [`serve`] is the whole life of the process; [`handshake`] and `listener` get it going,
//! `tls` and `incoming` decide who may call, `answers` and [`in_flight`] know what is under way,
//! `lifecycle` ends it without losing an answer.

mod answers;
mod connection;
mod controller;
pub mod environment;
pub mod handshake;
mod health;
pub mod in_flight;
mod incoming;
mod lifecycle;
mod listener;
mod parent;
pub mod reattach;
pub mod serve;
mod server;
mod signals;
mod streams;
mod tls;
