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

pub fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let started = Instant::now();
    let result = work();
    (started.elapsed().as_secs_f64(), result)
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
