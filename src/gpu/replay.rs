//! Launches recorded once and repeated.
//!
//! For every launch the host looks the kernel up, takes a buffer from the pool, writes parameters and makes a
//! bind group: tens of microseconds, for hundreds of launches a step. A step differs from the one before
//! only in the numbers that it begins with. So its launches are recorded (cubecl's graphs) with the buffers
//! they were given; to repeat them, new numbers are copied into the first buffers and each launch is encoded
//! as it was.
//!
//! Guarantees:
//! - what is repeated gives the same bits as what is computed anew;
//! - buffers of a recording serve nothing else while it lasts, so it takes the memory of one computation, not
//!   more; [`Gpu::release_unused`](super::Gpu::release_unused) takes it away like all that nobody uses, and the
//!   next run records anew;
//! - where recording is impossible or wouldn't pay, everything is computed anew, silently.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

use burn::{
    backend::DispatchDevice,
    tensor::{Device, Tensor},
};
use cubecl::{
    client::{Client, Graph},
    dry_run::dry_run,
};

use super::{
    KernelProfile, Work,
    copy::{copy, copy_into},
    submissions,
};

/// What a computation returns.
pub trait Outputs: Clone {
    /// The same in buffers of its own.
    #[must_use]
    fn copied(&self) -> Self;
}

impl<const D: usize> Outputs for Tensor<D> {
    fn copied(&self) -> Self {
        copy(self)
    }
}

/// A computation that is asked for again and again: with tensors of the same shapes as inputs, and the same
/// in everything else that is no part of its kind. The second time it is recorded besides, so the third one is the
/// first that is repeated. There is one recording at a time: another kind begins anew.
pub struct Replay<O, Kind = ()> {
    device: Device,
    kind: Option<Kind>,
    /// The buffers, flat, that the second run computes with and its recording begins with.
    inputs: Vec<Tensor<1>>,
    /// Inputs handed in since the last run.
    handed_in: usize,
    state: State<O>,
}

enum State<O> {
    New,
    /// Computed once.
    Tried {
        /// The most work that one submission of a recording would hold.
        submission: u64,
    },
    Recorded {
        recording: Takeable<O>,
        submission: u64,
    },
    /// Computed anew each time.
    Plain,
}

/// None once it was taken away.
type Takeable<O> = Rc<RefCell<Option<Recording<O>>>>;

/// Launches with their buffers.
struct Recording<O> {
    graph: Graph,
    client: Client,
    inputs: Vec<Tensor<1>>,
    outputs: O,
    work: Work,
}

impl<O: Outputs + 'static> Replay<O> {
    /// For computations of one kind on `device`.
    pub fn new(device: &Device) -> Self {
        Self::of_kinds(device)
    }
}

impl<O: Outputs + 'static, Kind: PartialEq> Replay<O, Kind> {
    /// For computations of several kinds on `device`, which [`begin`](Self::begin) tells apart.
    pub fn of_kinds(device: &Device) -> Self {
        let device = device.clone().inner();
        Self { device, kind: None, inputs: Vec::new(), handed_in: 0, state: State::New }
    }

    /// The next run is of this kind.
    pub fn begin(&mut self, kind: Kind) {
        if self.kind.as_ref() != Some(&kind) {
            *self = Self { kind: Some(kind), ..Self::of_kinds(&self.device) };
        }
    }

    /// Whether the recording was taken away: it is to be made anew.
    fn notice_loss(&mut self) {
        if let State::Recorded { recording, submission } = &self.state
            && recording.borrow().is_none()
        {
            self.state = State::Tried { submission: *submission };
        }
    }

    /// Hands in the next input of a run; what it returns is to be computed with. The order is the same each
    /// time.
    pub fn input<const D: usize>(&mut self, tensor: Tensor<D>) -> Tensor<D> {
        self.notice_loss();
        let shape = tensor.shape();
        let flat = tensor.clone().reshape([shape.num_elements()]);
        let own = match &self.state {
            State::New | State::Plain => return tensor,
            State::Tried { .. } => {
                let own = copy(&flat);
                self.inputs.push(own.clone());
                own
            }
            State::Recorded { recording, .. } => {
                let Some(Recording { inputs, .. }) = &*recording.borrow() else { return tensor };
                copy_into(&flat, &inputs[self.handed_in]);
                inputs[self.handed_in].clone()
            }
        };
        self.handed_in += 1;
        own.reshape(shape)
    }

    /// What `compute` makes of the inputs that were handed in.
    pub fn run(&mut self, compute: impl Fn() -> O) -> O {
        self.notice_loss();
        self.handed_in = 0;
        match &self.state {
            State::New => {
                let (outputs, submission) = submissions::largest_of(compute);
                let KernelProfile { records, submission_budget, .. } = KernelProfile::on(&self.device);
                // A recording is submitted by counts of launches, not by their work, which may be too much
                // for a weak GPU. There the host's part of a launch is small beside the device's.
                let pays = records && submission <= submission_budget;
                self.state = if pays { State::Tried { submission } } else { State::Plain };
                outputs
            }
            &State::Tried { submission } => {
                let outputs = compute().copied();
                if dry_run() || Work::is_only_counted() {
                    // Nothing is launched, so there is nothing to record.
                    self.inputs.clear();
                    return outputs;
                }
                add_buffers(&compute);
                let inputs = std::mem::take(&mut self.inputs);
                let client = client_of(&self.device);
                self.state = match client.and_then(|client| record(client, inputs, compute)) {
                    Some(recording) => State::Recorded { recording: takeable(recording), submission },
                    None => State::Plain,
                };
                outputs
            }
            State::Recorded { recording, submission } => match &*recording.borrow() {
                Some(recording) => recording.repeat(*submission),
                None => compute(),
            },
            State::Plain => compute(),
        }
    }
}

/// Goes through `compute` without launching our kernels, which leaves the pools with all the buffers that its
/// recording asks for beside what is alive: it may add none.
fn add_buffers<O>(compute: impl Fn() -> O) {
    Work::uncounted(|| Work::count_without_launching(|| drop(compute())));
}

/// Records what `compute` launches, without computing it. None where something of it can't be recorded, as
/// numbers brought from the host can't.
fn record<O>(client: Client, inputs: Vec<Tensor<1>>, compute: impl Fn() -> O) -> Option<Recording<O>> {
    client.graph_prepare().ok()?;
    let recorded = client.start_capture().ok().map(|()| Work::uncounted(compute));
    // Closes what was only prepared, too.
    let graph = client.stop_capture().ok();
    let ((outputs, work), graph) = recorded.zip(graph)?;
    Some(Recording { graph, client, inputs, outputs, work })
}

impl<O: Outputs> Recording<O> {
    /// `submission`: the work that one submission of it holds at most.
    fn repeat(&self, submission: u64) -> O {
        submissions::make_room(&self.client, submission);
        // SAFETY: the graph keeps the buffers it was recorded with from serving others, and all of it is
        // asked for in the order of one thread. That a device can't take work is the next read-back's to say.
        let _ = unsafe { self.graph.replay() };
        Work::count_repeated(self.work);
        self.outputs.copied()
    }
}

/// What can be taken away.
trait Held {
    fn take_away(&self);
}

impl<O> Held for RefCell<Option<Recording<O>>> {
    fn take_away(&self) {
        self.take();
    }
}

thread_local! {
    /// All recordings there are.
    static RECORDINGS: RefCell<Vec<Weak<dyn Held>>> = const { RefCell::new(Vec::new()) };
}

/// Notes it among all that can be taken away.
fn takeable<O: 'static>(recording: Recording<O>) -> Takeable<O> {
    let recording = Rc::new(RefCell::new(Some(recording)));
    RECORDINGS.with_borrow_mut(|recordings| {
        recordings.retain(|other| other.strong_count() > 0);
        let held: Rc<dyn Held> = recording.clone();
        recordings.push(Rc::downgrade(&held));
    });
    recording
}

/// Takes all recordings away, so that their buffers serve others.
pub(super) fn take_recordings_away() {
    for recording in RECORDINGS.take().iter().filter_map(Weak::upgrade) {
        recording.take_away();
    }
}

/// None of burn's CPU backend.
fn client_of(device: &Device) -> Option<Client> {
    match device.as_dispatch() {
        DispatchDevice::Cube(device) => Some(device.client()),
        #[allow(unreachable_patterns)] // the only other backend is native
        _ => None,
    }
}
