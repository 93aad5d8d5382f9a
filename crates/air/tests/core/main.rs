//! The air's core: mounts, their switch, automation and the fan-out, without the front door.

mod automation;
mod failover;
mod fan_out;
mod house;
mod planner;
mod sound;
mod switching;
mod titles;
