//! Who may listen: a place on the mount, a place in the house, the mount's terms, and its gate.
//!
//! Whoever is let in holds an [`Admission`], which counts until it is dropped. A mount that is full may send its
//! listeners to another one; the gate is asked last, when there is a place.
//!
//! Start at [`admit`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use station::event::Input;

use crate::gate::Shut;
use crate::icecast::Refusal;
use crate::visit::{Request, Visit};
use crate::{Air, Mount};

/// How often somebody is sent on from a full mount to another.
const FALLBACKS_MAX: usize = 10;

/// Somebody was let in to a mount, and is counted there until this is dropped.
#[derive(Debug)]
pub struct Admission {
    mount: Arc<Mount>,
    id: u64,
    /// When it must leave, by the clock that measures durations.
    until: Option<Duration>,
    visit: Option<Box<Visit>>,
}

impl Admission {
    /// Lets somebody in on no terms.
    pub fn free(mount: &Arc<Mount>) -> Self {
        mount.audience().enter();
        Self::counted(mount)
    }

    /// The mount that is heard.
    pub fn mount(&self) -> &Arc<Mount> {
        &self.mount
    }

    /// The number that no other connection has while the program runs.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// It goes on with another mount, whatever the terms of that.
    pub(crate) fn move_to(&mut self, mount: &Arc<Mount>) {
        mount.audience().enter();
        self.mount.audience().exit();
        self.mount = Arc::clone(mount);
    }

    /// When it must leave, by the clock that measures durations; `None`: when it likes.
    pub fn until(&self) -> Option<Duration> {
        self.until
    }

    /// It was sent so many bytes more.
    pub fn sent(&mut self, bytes: u64) {
        if let Some(visit) = &mut self.visit {
            visit.sent(bytes);
        }
    }

    /// A place on the mount, if there is one by its terms.
    fn try_to_enter(mount: &Arc<Mount>) -> Option<Self> {
        let most = mount.terms().listeners_max.unwrap_or(u64::MAX);
        let is_in = mount.audience().enter_if_below(most);
        is_in.then(|| Self::counted(mount))
    }

    fn counted(mount: &Arc<Mount>) -> Self {
        Self { mount: Arc::clone(mount), id: mount.reception().next_id(), until: None, visit: None }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.mount.audience().exit();
    }
}

/// Lets somebody in to hear a mount, or the one that stands in for it while it is full.
pub(crate) async fn admit(
    air: &Air,
    mount: &Arc<Mount>,
    request: &dyn Request,
    peer: IpAddr,
) -> Result<Admission, Refusal> {
    let admitted = try_to_admit(air, mount, request, peer).await;
    if let Err(refusal) = &admitted {
        metrics::counter!("groundwave_listeners_refused_total", "reason" => refusal.reason()).increment(1);
    }
    admitted
}

async fn try_to_admit(
    air: &Air,
    mount: &Arc<Mount>,
    request: &dyn Request,
    peer: IpAddr,
) -> Result<Admission, Refusal> {
    if air.listeners_connected() >= air.settings().listeners_max {
        return Err(Refusal::TooManyListeners);
    }
    let mut admission = find_a_place(air, mount).ok_or(Refusal::MountFull)?;
    let mount = Arc::clone(admission.mount());
    if is_mute(&mount) {
        return Err(Refusal::NothingOn);
    }
    let (time_max, visit) = air.office().admit(mount.terms(), request, peer, admission.id).await?;
    let time_max = [time_max, mount.terms().listener_time_max].into_iter().flatten().min();
    admission.until = time_max.map(|time_max| air.clock().elapsed() + time_max);
    admission.visit = visit;
    Ok(admission)
}

fn find_a_place(air: &Air, mount: &Arc<Mount>) -> Option<Admission> {
    let mut mount = Arc::clone(mount);
    for _ in 0..FALLBACKS_MAX {
        if let Some(admission) = Admission::try_to_enter(&mount) {
            return Some(admission);
        }
        let next = mount.terms().fallback_when_full.clone()?;
        mount = air.mount_at(mount.identity().station, &next)?;
    }
    None
}

/// A mount that nothing feeds goes on in silence, if there is silence in its codec; one that is relayed on demand
/// gets its sound because somebody comes.
fn is_mute(mount: &Mount) -> bool {
    let has_silence = !mount.identity().mount.codec.is_ogg();
    !has_silence && !mount.is_on_demand() && mount.snapshot().input == Input::Nothing
}

impl From<Shut> for Refusal {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Denied | Shut::Unreachable => Refusal::Unauthorised,
            Shut::Busy => Refusal::TooManyConnections,
        }
    }
}
