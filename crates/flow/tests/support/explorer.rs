//! Runs invocations in every order in which their calls can be carried out.
//!
//! A call does not take effect when it is made but when the explorer lets it. Where nothing can go on by
//! itself, it chooses: which call is carried out next; whether its answer is lost, or it fails; whether
//! an invocation dies; whether time passes. Every choice is made, one schedule after the other
//! (stateless model checking, depth first).
//!
//! **Not every order is another one.** Two calls of different invocations that touch different things
//! have the same effect either way round. So *sleep sets* (Godefroid, 1996) leave out orders that differ
//! in nothing else: at least one order of every class is run.
//!
//! **What is in flight when an invocation dies, or gives up waiting, may still be carried out**, at any
//! time or never: a service does not hear that nobody waits any more.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use signin_aws::fault::Fault;

/// An invocation's place among those of a scenario.
pub type Task = usize;

/// What a call touches: a bit for each thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    reads: u64,
    writes: u64,
}

thread_local! {
    /// The things that have a bit. A scenario has a handful.
    static THINGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn bit(thing: &str) -> u64 {
    THINGS.with_borrow_mut(|things| {
        let known = things.iter().position(|known| known == thing);
        let place = known.unwrap_or_else(|| {
            things.push(thing.to_owned());
            things.len() - 1
        });
        assert!(place < 64, "more things than bits: {things:?}");
        1 << place
    })
}

impl Access {
    pub fn reading(mut self, thing: &str) -> Self {
        self.reads |= bit(thing);
        self
    }

    pub fn writing(mut self, thing: &str) -> Self {
        self.writes |= bit(thing);
        self
    }

    const fn conflicts(self, other: Self) -> bool {
        self.writes & (other.writes | other.reads) != 0 || other.writes & self.reads != 0
    }
}

/// A call: the how manieth of which invocation.
type InvocationId = (Task, usize);

/// What a caller waits for.
type Slot<T> = Rc<RefCell<Option<Result<T, Fault>>>>;

struct Pending {
    what: &'static str,
    access: Access,
    /// Carries it out; the answer goes to whoever still waits for it.
    carry_out: Box<dyn FnOnce()>,
    /// Has it fail.
    fail: Box<dyn FnOnce()>,
    /// Nobody waits for it any more.
    abandoned: bool,
}

/// The calls of all invocations that wait to be carried out.
#[derive(Clone, Default)]
pub struct Calls(
    Rc<RefCell<BTreeMap<InvocationId, Pending>>>,
    Rc<RefCell<BTreeMap<Task, usize>>>,
);

impl Calls {
    /// Makes a call, and waits until it is carried out.
    pub async fn call<T: 'static>(
        &self,
        task: Task,
        what: &'static str,
        access: Access,
        effect: impl FnOnce() -> Result<T, Fault> + 'static,
    ) -> Result<T, Fault> {
        let number = {
            let mut numbers = self.1.borrow_mut();
            let number = numbers.entry(task).or_default();
            *number += 1;
            *number
        };
        let slot: Slot<T> = Rc::default();
        let (answered, failed) = (Rc::clone(&slot), Rc::clone(&slot));
        let pending = Pending {
            what,
            access,
            carry_out: Box::new(move || *answered.borrow_mut() = Some(effect())),
            fail: Box::new(move || *failed.borrow_mut() = Some(Err(Fault::new(what, "broken")))),
            abandoned: false,
        };
        let id = (task, number);
        self.0.borrow_mut().insert(id, pending);
        let guard = Waiting {
            calls: self.clone(),
            id,
        };
        let answer = std::future::poll_fn(|_| match slot.borrow_mut().take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await;
        drop(guard);
        answer
    }
}

impl Calls {
    /// Carries out every call that was made. False where there is none.
    pub fn carry_out_all(&self) -> bool {
        let pending = std::mem::take(&mut *self.0.borrow_mut());
        let some = !pending.is_empty();
        for call in pending.into_values() {
            (call.carry_out)();
        }
        some
    }
}

impl Calls {
    /// Carries out the call that was made first. False where there is none.
    pub fn carry_out_one(&self) -> bool {
        let first = self.0.borrow_mut().pop_first();
        first.map(|(_, call)| (call.carry_out)()).is_some()
    }

    /// Whether somebody waits for a call.
    pub fn some_wait(&self) -> bool {
        self.0.borrow().values().any(|call| !call.abandoned)
    }

    /// Carries out nothing of what was made.
    pub fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Notes that nobody waits for a call any more.
struct Waiting {
    calls: Calls,
    id: InvocationId,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(pending) = self.calls.0.borrow_mut().get_mut(&self.id) {
            pending.abandoned = true;
        }
    }
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    /// A call is carried out.
    CarryOut(InvocationId),
    /// A call is carried out, and its answer is lost.
    Lose(InvocationId),
    /// A call is not carried out and fails.
    Fail(InvocationId),
    /// An invocation dies.
    Die(Task),
    /// A little time passes: who looks again, looks again.
    Wait,
    /// So much time passes that whoever has not answered is late, and every lease is over.
    Jump,
    /// Whatever is still in flight is never carried out.
    End,
}

/// How often what is not a service's ordinary work may happen in one schedule.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Calls that fail, answers that are lost, invocations that die.
    pub faults: usize,
    /// Times that time passes while something could go on.
    pub waits: usize,
    /// Times that so much passes that leases are over.
    pub jumps: usize,
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            faults,
            waits,
            jumps,
        } = self;
        write!(
            f,
            "at most {faults} faults, {waits} waits and {jumps} jumps"
        )
    }
}

/// How long "a little" is: as long as the code waits until it looks again.
const A_LITTLE: Duration = Duration::from_millis(250);

/// How long a jump is: longer than every lease of an answer, and than a trigger may take.
pub const A_JUMP: Duration = Duration::from_secs(7);

/// The most that can happen in one schedule; beyond it something goes round in circles.
const LONGEST: usize = 2_000;

struct Frame {
    choices: Vec<Choice>,
    /// Which of them is made now.
    now: usize,
    /// What need not be chosen here, with what it touches.
    asleep: Vec<(Choice, Access)>,
    /// What each of the choices touches.
    access: Vec<Access>,
}

/// What came of exploring a scenario.
#[derive(Debug, Default)]
pub struct Explored {
    /// Schedules that were run to their end.
    pub schedules: usize,
    /// Schedules that were left, since all that could happen next differs in nothing from what was run.
    pub left: usize,
    /// The most choices in one schedule.
    pub longest: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            schedules,
            left,
            longest,
        } = self;
        write!(
            f,
            "{schedules} schedules, {left} left as repetitions, up to {longest} choices each"
        )
    }
}

/// An invocation of a scenario.
pub type Running = Pin<Box<dyn Future<Output = &'static str>>>;

/// Says what is wrong in the end, if something is.
pub type Check = Box<dyn FnOnce(&Ended) -> Result<(), String>>;

/// A scenario, made anew for each schedule.
pub struct Scenario {
    /// The calls that it makes.
    pub calls: Calls,
    /// Its invocations.
    pub tasks: Vec<Running>,
    /// What must hold in the end.
    pub check: Check,
}

/// How a schedule has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What came of each invocation; none where it died.
    pub results: Vec<Option<&'static str>>,
    /// How long each took, jumps left out.
    pub took: Vec<Duration>,
    /// Whose calls failed, or lost their answers.
    pub faulty: BTreeSet<Task>,
    /// Jumps.
    pub jumps: usize,
}

/// What time passes in: only when it is told to.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Runs all schedules of a scenario; panics at the first that ends wrongly, and says which it is.
pub fn explore(bounds: Bounds, scenario: impl Fn() -> Scenario) -> Explored {
    let runtime = runtime();
    let mut explored = Explored::default();
    let mut frames: Vec<Frame> = Vec::new();
    loop {
        let run = async { Run::new(bounds, scenario()).along(&mut frames).await };
        let ended = runtime.block_on(run);
        explored.longest = explored.longest.max(frames.len());
        match ended {
            Along::Whole(Ok(())) => explored.schedules += 1,
            Along::Whole(Err(problem)) => {
                let schedule: Vec<String> = frames
                    .iter()
                    .map(|frame| format!("{:?}", frame.choices[frame.now]))
                    .collect();
                panic!(
                    "after {} schedules: {problem}\nschedule: {}",
                    explored.schedules,
                    schedule.join(", ")
                );
            }
            Along::Repeats => explored.left += 1,
        }
        // The next choice at the last place where one is left.
        loop {
            let Some(last) = frames.last_mut() else {
                return explored;
            };
            let made = (last.choices[last.now], last.access[last.now]);
            last.asleep.push(made);
            last.now += 1;
            if last.now < last.choices.len() {
                break;
            }
            frames.pop();
        }
    }
}

enum Along {
    Whole(Result<(), String>),
    /// Nothing can happen that was not run in another order.
    Repeats,
}

/// Something that happened: by whom, what, and how.
struct Happened(Option<Task>, &'static str, &'static str);

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(task, what, how) = self;
        match task {
            Some(task) => write!(f, "{task} {what}{how}"),
            None => write!(f, "{what}{how}"),
        }
    }
}

struct Run {
    bounds: Bounds,
    scenario: Scenario,
    results: Vec<Option<&'static str>>,
    dead: BTreeSet<Task>,
    took: Vec<Duration>,
    waited: Duration,
    faults: usize,
    faulty: BTreeSet<Task>,
    waits: usize,
    jumps: usize,
    trace: Vec<Happened>,
}

impl Run {
    fn new(bounds: Bounds, scenario: Scenario) -> Self {
        let tasks = scenario.tasks.len();
        Self {
            bounds,
            scenario,
            results: vec![None; tasks],
            dead: BTreeSet::new(),
            took: vec![Duration::ZERO; tasks],
            waited: Duration::ZERO,
            faults: 0,
            faulty: BTreeSet::new(),
            waits: 0,
            jumps: 0,
            trace: Vec::new(),
        }
    }

    /// Goes along the choices that are made already, and makes the first one of each further choice.
    async fn along(mut self, frames: &mut Vec<Frame>) -> Along {
        let mut depth = 0;
        let mut asleep: Vec<(Choice, Access)> = Vec::new();
        loop {
            self.poll();
            let choices = self.choices();
            if choices.is_empty() {
                break;
            }
            let forced = choices.len() == 1;
            let (choice, access) = if forced {
                let only = choices.into_iter().next().unwrap();
                if asleep.iter().any(|(slept, _)| *slept == only.0) {
                    return Along::Repeats;
                }
                only
            } else {
                if depth == frames.len() {
                    let awake: Vec<_> = choices
                        .into_iter()
                        .filter(|(choice, _)| !asleep.iter().any(|(slept, _)| slept == choice))
                        .collect();
                    if awake.is_empty() {
                        return Along::Repeats;
                    }
                    let (choices, access) = awake.into_iter().unzip();
                    frames.push(Frame {
                        choices,
                        now: 0,
                        asleep: asleep.clone(),
                        access,
                    });
                }
                let frame = &frames[depth];
                depth += 1;
                asleep.clone_from(&frame.asleep);
                (frame.choices[frame.now], frame.access[frame.now])
            };
            // What touches nothing that this one touches still need not be chosen after it.
            asleep.retain(|(slept, touched)| independent((*slept, touched), (choice, &access)));
            if choice == Choice::End {
                self.scenario.calls.forget();
                break;
            }
            self.happen(choice, forced).await;
            assert!(
                self.trace.len() < LONGEST,
                "goes round in circles: {}",
                self.trace.last().expect("something happened")
            );
        }
        let trace = std::mem::take(&mut self.trace);
        let check = self.scenario.check;
        let ended = Ended {
            results: self.results,
            took: self.took,
            faulty: self.faulty,
            jumps: self.jumps,
        };
        Along::Whole(check(&ended).map_err(|problem| {
            let trace: Vec<String> = trace.iter().map(ToString::to_string).collect();
            format!("{problem}\n{ended:?}\nwhat happened: {}", trace.join("; "))
        }))
    }

    /// Lets every invocation go on as far as it can by itself.
    fn poll(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        for (task, running) in self.scenario.tasks.iter_mut().enumerate() {
            if self.results[task].is_some() || self.dead.contains(&task) {
                continue;
            }
            if let Poll::Ready(result) = running.as_mut().poll(&mut context) {
                self.trace.push(Happened(Some(task), "ends", ""));
                self.results[task] = Some(result);
                self.took[task] = self.waited;
            }
        }
    }

    /// What can happen next, and what it touches.
    fn choices(&self) -> Vec<(Choice, Access)> {
        let calls = self.scenario.calls.0.borrow();
        let mut choices = Vec::new();
        for (id, pending) in calls.iter() {
            choices.push((Choice::CarryOut(*id), pending.access));
        }
        let alive: Vec<Task> = (0..self.results.len())
            .filter(|task| self.results[*task].is_none() && !self.dead.contains(task))
            .collect();
        let waits_for_a_call = |task: &Task| {
            calls
                .iter()
                .any(|((of, _), call)| of == task && !call.abandoned)
        };
        let waits_for_time = alive.iter().any(|task| !waits_for_a_call(task));
        if alive.is_empty() {
            if !calls.is_empty() {
                choices.push((Choice::End, Access::default()));
            }
            return choices;
        }
        if calls.values().all(|call| call.abandoned) {
            // Nobody can go on but by time.
            choices.push((Choice::Wait, Access::default()));
        } else if waits_for_time && self.waits < self.bounds.waits {
            choices.push((Choice::Wait, Access::default()));
        }
        if self.jumps < self.bounds.jumps {
            choices.push((Choice::Jump, Access::default()));
        }
        if self.faults < self.bounds.faults {
            for (id, pending) in calls.iter().filter(|(_, call)| !call.abandoned) {
                choices.push((Choice::Lose(*id), pending.access));
                choices.push((Choice::Fail(*id), Access::default()));
            }
            for task in alive.iter().filter(|task| waits_for_a_call(task)) {
                choices.push((Choice::Die(*task), Access::default()));
            }
        }
        choices
    }

    async fn happen(&mut self, choice: Choice, forced: bool) {
        let take = |id| self.scenario.calls.0.borrow_mut().remove(&id).unwrap();
        match choice {
            Choice::CarryOut(id) => {
                let call = take(id);
                let late = if call.abandoned { ", late" } else { "" };
                self.trace.push(Happened(Some(id.0), call.what, late));
                (call.carry_out)();
            }
            Choice::Lose(id) => {
                let call = take(id);
                self.trace
                    .push(Happened(Some(id.0), call.what, ", its answer lost"));
                (call.carry_out)();
                (call.fail)();
                self.faults += 1;
                self.faulty.insert(id.0);
            }
            Choice::Fail(id) => {
                let call = take(id);
                self.trace.push(Happened(Some(id.0), call.what, " fails"));
                (call.fail)();
                self.faults += 1;
                self.faulty.insert(id.0);
            }
            Choice::Die(task) => {
                self.trace.push(Happened(Some(task), "dies", ""));
                self.dead.insert(task);
                self.faults += 1;
                self.scenario.tasks[task] = Box::pin(std::future::pending());
            }
            Choice::Wait => {
                self.trace.push(Happened(None, "a little time", ""));
                self.waits += usize::from(!forced);
                self.waited += A_LITTLE;
                tokio::time::advance(A_LITTLE).await;
            }
            Choice::Jump => {
                self.trace.push(Happened(None, "much time", ""));
                self.jumps += 1;
                tokio::time::advance(A_JUMP).await;
            }
            Choice::End => {}
        }
    }
}

/// Whether two things that can happen have the same effect either way round.
fn independent(a: (Choice, &Access), b: (Choice, &Access)) -> bool {
    let fault = |choice| matches!(choice, Choice::Lose(_) | Choice::Fail(_) | Choice::Die(_));
    match (task(a.0), task(b.0)) {
        (Some(one), Some(other)) if one != other => {
            // One fault may use the bound up for another.
            !(a.1.conflicts(*b.1) || fault(a.0) && fault(b.0))
        }
        _ => false,
    }
}

/// Whose it is; none of what concerns all.
fn task(choice: Choice) -> Option<Task> {
    match choice {
        Choice::CarryOut((task, _))
        | Choice::Lose((task, _))
        | Choice::Fail((task, _))
        | Choice::Die(task) => Some(task),
        Choice::Wait | Choice::Jump | Choice::End => None,
    }
}
