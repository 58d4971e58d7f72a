//! The machine and the parameters of benchmarks/machines.py, written for Plonky3, and the way its programs are driven.
pub mod machine;
pub mod setup;

use std::io::{BufRead, Write};
use std::time::Instant;

/// Numbers given on the command line, in this order.
pub fn arguments<const N: usize>(usage: &str) -> [usize; N] {
    let numbers: Option<Vec<usize>> = std::env::args().skip(1).map(|word| word.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).unwrap_or_else(|| panic!("usage: {usage}"))
}

/// The processor's seconds of this program.
fn spent() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and `time` is ours to write to.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "the clock of the process can be read");
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// On one thread the processor's time, which does not count waiting for others on a shared machine; on more the time on the wall.
pub fn seconds<T>(threads: usize, work: impl FnOnce() -> T) -> (f64, T) {
    let (wall, processor) = (Instant::now(), spent());
    let result = work();
    (if threads == 1 { spent() - processor } else { wall.elapsed().as_secs_f64() }, result)
}

/// Answers every line on standard input with the line that `work` makes of it, so that the driver decides what runs when.
pub fn serve(mut work: impl FnMut(&str) -> String) {
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let answer = work(line.expect("standard input is readable").trim());
        println!("{answer}");
        std::io::stdout().flush().expect("standard output is writable");
    }
}
