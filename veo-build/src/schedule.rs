//! Runs as many jobs in parallel as Cargo's jobserver allows.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::sync::mpsc;

use jobserver::{Acquired, Client};

/// A unit of work that may wait for other jobs.
pub(crate) struct BuildJob<'a, T> {
    /// The indices of the jobs that must succeed first.
    pub(crate) after: Vec<usize>,
    /// Returns `None` on failure.
    pub(crate) work: Box<dyn FnOnce() -> Option<T> + Send + 'a>,
}

enum JobState<'a, T> {
    Waiting(BuildJob<'a, T>),
    Running,
    Done(Option<T>),
}

enum JobEvent<T> {
    Token(std::io::Result<Acquired>),
    Done(usize, Option<T>),
}

/// Runs the jobs, at most `parallel` at a time, and returns their results by index. The result is `None` if the job failed,
/// or did not run because an earlier job failed or `stop` returned true.
///
/// Cargo counts the build script as one job, so the first job needs no token.
pub(crate) fn run<T: Send + 'static>(
    jobs: Vec<BuildJob<'_, T>>,
    parallel: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Vec<Option<T>> {
    let mut jobs: Vec<_> = jobs.into_iter().map(JobState::Waiting).collect();
    let (sender, events) = mpsc::channel();
    let helper = (jobs.len() > 1 && parallel > 1)
        .then(client)
        .flatten()
        .and_then(|client| {
            let sender = sender.clone();
            let send = move |token| drop(sender.send(JobEvent::Token(token)));
            client.into_helper_thread(send).ok()
        });
    let mut tokens = Vec::new();
    let mut asked = 0;
    let mut running = 0;

    std::thread::scope(|scope| {
        loop {
            cancel(&mut jobs, stop);
            // Without a jobserver, as outside of Cargo, `parallel` is the only limit.
            let allowed = if helper.is_some() {
                1 + tokens.len()
            } else {
                parallel
            };
            while running < allowed.min(parallel.max(1)) {
                let Some(index) = jobs.iter().position(|job| is_ready(&jobs, job)) else {
                    break;
                };
                let JobState::Waiting(job) = std::mem::replace(&mut jobs[index], JobState::Running)
                else {
                    break;
                };
                let sender = sender.clone();
                running += 1;
                scope.spawn(move || {
                    let result = catch_unwind(AssertUnwindSafe(job.work));
                    let (result, panic) = match result {
                        Ok(result) => (result, None),
                        Err(panic) => (None, Some(panic)),
                    };
                    drop(sender.send(JobEvent::Done(index, result)));
                    if let Some(panic) = panic {
                        resume_unwind(panic);
                    }
                });
            }
            let ready = jobs.iter().filter(|job| is_ready(&jobs, job)).count();
            // An unused token goes back at once, because other compilers may wait for it.
            tokens.truncate((running + ready).saturating_sub(1));
            if running == 0 {
                break;
            }
            if let Some(helper) = &helper {
                while asked < ready.min(parallel - running.min(parallel)) {
                    helper.request_token();
                    asked += 1;
                }
            }
            match events.recv() {
                Ok(JobEvent::Token(token)) => {
                    asked = asked.saturating_sub(1);
                    tokens.extend(token.ok());
                }
                Ok(JobEvent::Done(index, result)) => {
                    running -= 1;
                    jobs[index] = JobState::Done(result);
                }
                Err(_) => break,
            }
        }
    });
    let done = |job| match job {
        JobState::Done(result) => result,
        JobState::Waiting(_) | JobState::Running => None,
    };
    jobs.into_iter().map(done).collect()
}

fn is_ready<T>(jobs: &[JobState<'_, T>], job: &JobState<'_, T>) -> bool {
    let JobState::Waiting(job) = job else {
        return false;
    };
    job.after
        .iter()
        .all(|&before| matches!(jobs[before], JobState::Done(Some(_))))
}

/// Cancels the jobs that can no longer succeed.
fn cancel<T>(jobs: &mut [JobState<'_, T>], stop: &dyn Fn() -> bool) {
    let stopped = stop();
    loop {
        let hopeless = jobs.iter().position(|job| match job {
            JobState::Waiting(job) => {
                stopped
                    || job
                        .after
                        .iter()
                        .any(|&before| matches!(jobs[before], JobState::Done(None)))
            }
            _ => false,
        });
        match hopeless {
            Some(index) => jobs[index] = JobState::Done(None),
            None => return,
        }
    }
}

/// Cargo's jobserver, if there is one.
fn client() -> Option<Client> {
    static CLIENT: OnceLock<Option<Client>> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        // SAFETY: the descriptors in the variable must be open, and nothing else may own them. Cargo sets the variable and passes
        // these descriptors to the build script for this purpose. This crate opens no descriptor that it keeps before this line.
        // The requested check makes sure that each descriptor is a pipe or a FIFO.
        unsafe { Client::from_env_ext(true).client.ok() }
    });
    client.clone()
}

#[cfg(test)]
mod tests {
    use super::{BuildJob, run};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn job<'a>(
        after: &[usize],
        work: impl FnOnce() -> Option<usize> + Send + 'a,
    ) -> BuildJob<'a, usize> {
        BuildJob {
            after: after.to_vec(),
            work: Box::new(work),
        }
    }

    #[test]
    fn order_and_failure() {
        let clock = AtomicUsize::new(0);
        let tick = || Some(clock.fetch_add(1, Ordering::SeqCst));
        // 0 waits for 2, which waits for 1; 3 fails, 4 and 5 wait for it.
        let jobs = vec![
            job(&[2], tick),
            job(&[], tick),
            job(&[1], tick),
            job(&[], || None),
            job(&[3, 1], tick),
            job(&[4], tick),
        ];
        let results = run(jobs, 3, &|| false);
        let (first, second, third) = (
            results[1].unwrap(),
            results[2].unwrap(),
            results[0].unwrap(),
        );
        assert!(first < second && second < third);
        assert_eq!(results[3..], [None, None, None]);
    }

    #[test]
    fn never_more_than_allowed() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(5));
            now.fetch_sub(1, Ordering::SeqCst);
            Some(0)
        };
        let results = run((0..12).map(|_| job(&[], work)).collect(), 3, &|| false);
        assert!(results.iter().all(Option::is_some));
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn stops_when_told() {
        let ran = AtomicUsize::new(0);
        let work = || Some(ran.fetch_add(1, Ordering::SeqCst));
        let results = run((0..8).map(|_| job(&[], work)).collect(), 1, &|| {
            ran.load(Ordering::SeqCst) == 2
        });
        assert_eq!(results.iter().flatten().count(), 2);
    }
}
