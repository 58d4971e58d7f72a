//! Adds up bookings, one in each line as `account amount words…` with an amount like -12.50, and prints every account with its
//! balance in the order of names, then the sum. A line that is no booking is named, and the exit code is 1.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

/// The amount in hundredths, unless it is written in another way or too large.
fn hundredths(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "00"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(rest) || rest.len() != 2 {
        return None;
    }
    let amount = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(rest.parse().ok()?)?;
    Some(if negative { -amount } else { amount })
}

fn written(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", amount.unsigned_abs() / 100, amount.unsigned_abs() % 100)
}

fn booking(line: &str) -> Option<(String, i64)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.to_string(), hundredths(words.next()?)?))
}

fn main() -> ExitCode {
    let mut balances: BTreeMap<String, i64> = BTreeMap::new();
    let mut sum = 0i64;
    for (number, line) in io::stdin().lock().lines().enumerate() {
        let text = line.as_deref().ok();
        if text.is_some_and(|text| text.trim().is_empty()) {
            continue;
        }
        let Some((account, amount)) = text.and_then(booking) else {
            println!("line {}: no booking", number + 1);
            return ExitCode::FAILURE;
        };
        let balance = balances.entry(account).or_insert(0);
        let (Some(new), Some(total)) = (balance.checked_add(amount), sum.checked_add(amount)) else {
            println!("line {}: too large", number + 1);
            return ExitCode::FAILURE;
        };
        (*balance, sum) = (new, total);
    }
    let mut out = io::stdout().lock();
    for (account, balance) in &balances {
        let _ = writeln!(out, "{account:<12} {:>12}", written(*balance));
    }
    let _ = writeln!(out, "{:<12} {:>12}", "sum", written(sum));
    ExitCode::SUCCESS
}
