//! Launches recorded once and repeated.
//!
//! For every launch the host looks the kernel up, takes a buffer from the pool, writes parameters and makes a
//! bind group: tens of microseconds, for hundreds of launches per step. A step differs from the one before
//! only in the numbers that it begins with. So its launches are recorded (cubecl's graphs) with the buffers
//! they were given; to repeat them, new numbers are copied into the inputs' buffers and each launch is
//! encoded as before.
//!
//! Guarantees:
//! - a repeated run gives the same bits as one that is computed anew;
//! - the buffers of a recording serve nothing else while it lasts, so it takes the memory of one computation,
//!   not more; [`Gpu::release_unused`](super::Gpu::release_unused) takes it away like all unused buffers, and
//!   the next run records anew;
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
    /// A copy in buffers of its own.
    #[must_use]
    fn copied(&self) -> Self;
}

impl<const D: usize> Outputs for Tensor<D> {
    fn copied(&self) -> Self {
        copy(self)
    }
}

/// A computation that is run again and again: with inputs of the same shapes, and the same in everything
/// that its kind doesn't tell apart. The second run is also recorded, so the third is the first that is
/// repeated. There is one recording at a time: a run of another kind begins anew.
pub struct Replay<O, Kind = ()> {
    device: Device,
    kind: Option<Kind>,
    /// The inputs, flat, in buffers of their own: the second run and its recording begin with them.
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

/// A recording that can be taken away; None once it was.
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

    /// Sets the kind of the next run; a recording of another kind is dropped.
    pub fn begin(&mut self, kind: Kind) {
        if self.kind.as_ref() != Some(&kind) {
            *self = Self { kind: Some(kind), ..Self::of_kinds(&self.device) };
        }
    }

    /// If the recording was taken away, has this run make it anew; but not once an input was handed in: then the
    /// next run notices.
    fn notice_loss(&mut self) {
        if self.handed_in > 0 {
            return;
        }
        if let State::Recorded { recording, submission } = &self.state
            && recording.borrow().is_none()
        {
            self.state = State::Tried { submission: *submission };
        }
    }

    /// Hands in the next input of a run and returns the tensor to compute with. The order of inputs is the
    /// same each time.
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

    /// Returns what `compute` makes of the inputs that were handed in, by repeating its recording if there
    /// is one.
    pub fn run(&mut self, compute: impl Fn() -> O) -> O {
        self.notice_loss();
        self.handed_in = 0;
        match &self.state {
            State::New => {
                let (outputs, submission) = submissions::largest_of(compute);
                let KernelProfile { records, submission_budget, .. } = KernelProfile::on(&self.device);
                // A recording is submitted in fixed numbers of launches, whatever their work, which may be
                // too much for a weak GPU. On such a GPU the host's part of a launch is small beside the
                // device's.
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

/// Runs `compute` without launching our kernels, so that afterwards the pools hold all buffers that its
/// recording will ask for beside those in use: recording may add none.
fn add_buffers<O>(compute: impl Fn() -> O) {
    Work::uncounted(|| Work::count_without_launching(|| drop(compute())));
}

/// Records the launches of `compute` without computing them. None if a part of it can't be recorded, such as
/// numbers brought from the host.
fn record<O>(client: Client, inputs: Vec<Tensor<1>>, compute: impl Fn() -> O) -> Option<Recording<O>> {
    client.graph_prepare().ok()?;
    let recorded = client.start_capture().ok().map(|()| Work::uncounted(compute));
    // Also closes a capture that was prepared but did not start.
    let graph = client.stop_capture().ok();
    let ((outputs, work), graph) = recorded.zip(graph)?;
    Some(Recording { graph, client, inputs, outputs, work })
}

impl<O: Outputs> Recording<O> {
    /// Repeats the launches; `submission`: the most work that one submission of them holds.
    fn repeat(&self, submission: u64) -> O {
        submissions::make_room(&self.client, submission);
        // SAFETY: the graph keeps the buffers it was recorded with from serving others, and all work is
        // asked for in order by one thread. If the device can't take work, the next read-back says so.
        let _ = unsafe { self.graph.replay() };
        Work::count_repeated(self.work);
        self.outputs.copied()
    }
}

/// A recording of any type, to be taken away.
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

/// Lists the recording among those that can be taken away.
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

/// The device's client; None for burn's CPU backend.
fn client_of(device: &Device) -> Option<Client> {
    match device.as_dispatch() {
        DispatchDevice::Cube(device) => Some(device.client()),
        #[allow(unreachable_patterns)] // the only other backend is native
        _ => None,
    }
}
