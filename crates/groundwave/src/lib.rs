//! The program: its settings, its commands, and how the rooms are wired together.
