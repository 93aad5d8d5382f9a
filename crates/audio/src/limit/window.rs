//! The lowest and the mean of the newest values.

use std::collections::VecDeque;

/// The lowest of the newest values, at the cost of one comparison each.
#[derive(Debug)]
pub(super) struct Minimum {
    length: usize,
    /// Values that could still be the lowest, rising, each with when it came.
    candidates: VecDeque<(u64, f32)>,
    now: u64,
}

impl Minimum {
    pub(super) fn new(length: usize) -> Self {
        Self { length, candidates: VecDeque::new(), now: 0 }
    }

    /// Takes a value and gives the lowest of the newest.
    pub(super) fn push(&mut self, value: f32) -> f32 {
        while self.candidates.back().is_some_and(|&(_, other)| other >= value) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.now, value));
        while self.candidates.front().is_some_and(|&(came, _)| came + self.length as u64 <= self.now) {
            self.candidates.pop_front();
        }
        self.now += 1;
        self.candidates.front().map_or(value, |&(_, lowest)| lowest)
    }
}

/// The mean of the newest values. The sum is kept in double precision and begins at one.
#[derive(Debug)]
pub(super) struct Mean {
    values: Vec<f32>,
    at: usize,
    sum: f64,
}

impl Mean {
    pub(super) fn new(length: usize) -> Self {
        Self { values: vec![1.0; length], at: 0, sum: length as f64 }
    }

    /// Takes a value and gives the mean of the newest.
    pub(super) fn push(&mut self, value: f32) -> f32 {
        self.sum += f64::from(value) - f64::from(std::mem::replace(&mut self.values[self.at], value));
        self.at = (self.at + 1) % self.values.len();
        (self.sum / self.values.len() as f64) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_holds_as_long_as_it_is_among_the_newest() {
        let mut lowest = Minimum::new(3);
        let given = [5.0, 4.0, 6.0, 7.0, 8.0, 1.0, 9.0, 9.0, 9.0].map(|value| lowest.push(value));
        assert_eq!(given, [5.0, 4.0, 4.0, 4.0, 6.0, 1.0, 1.0, 1.0, 9.0]);
    }

    #[test]
    fn the_mean_moves_from_one_value_to_another_in_as_many_steps() {
        let mut mean = Mean::new(4);
        assert_eq!([0.0; 5].map(|value| mean.push(value)), [0.75, 0.5, 0.25, 0.0, 0.0]);
    }
}
