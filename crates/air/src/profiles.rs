//! What programmes may sound like before that counts as dead air. Who runs the station may change it while it is on the air.

use std::sync::{PoisonError, RwLock};

use station::ProgrammeId;

use crate::ear::Profile;
use crate::settings::DeadAir;

/// The profiles that hold now.
#[derive(Debug)]
pub(crate) struct Profiles {
    usual: Profile,
    own: RwLock<Vec<(ProgrammeId, Profile)>>,
}

impl Profiles {
    /// Those of the settings.
    pub fn of_settings(dead_air: &DeadAir) -> Self {
        Self { usual: dead_air.profile, own: RwLock::new(dead_air.profiles.clone()) }
    }

    /// What a programme may sound like; `None` is what the schedule has no name for.
    pub fn of(&self, programme: Option<ProgrammeId>) -> Profile {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        let found = own.iter().find(|(known, _)| Some(*known) == programme);
        found.map_or(self.usual, |(_, profile)| *profile)
    }

    /// The programmes that have one of their own have these.
    pub fn replace(&self, own: Vec<(ProgrammeId, Profile)>) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = own;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programme_without_a_profile_is_as_usual_and_so_is_none() {
        let quiet = Profile { silence_lufs: -60.0, ..Profile::default() };
        let profiles = Profiles::of_settings(&DeadAir::default());
        profiles.replace(vec![(ProgrammeId(7), quiet)]);
        assert_eq!(profiles.of(Some(ProgrammeId(7))), quiet);
        assert_eq!([profiles.of(Some(ProgrammeId(8))), profiles.of(None)], [Profile::default(); 2]);
    }
}
