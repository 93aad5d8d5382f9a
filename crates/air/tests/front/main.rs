//! The front door, as the programs that knock at it see it: real encoders and real players over real sockets.

mod encoders;
mod gate;
mod listeners;
mod protocol;
mod sound;
mod stub;
mod studio;
mod terms;
mod titles;
