//! The steps of a trace are dealt to the chips of their instructions.

pub struct Dealt {
    /// For each chip its steps, in order.
    pub rows: Vec<Vec<i64>>,
    /// For each count how much all steps before each step have of it, one count after the other.
    pub before: Vec<u32>,
    /// How often each instruction is fetched.
    pub fetched: Vec<i64>,
}

/// `chip` and `counts` are of the instructions. None if one is fetched that does not exist or has no chip.
pub fn deal(fetched: &[u32], chip: &[u8], counts: &[&[u32]], chips: usize) -> Option<Dealt> {
    let mut times = vec![0i64; chip.len()];
    for &pc in fetched {
        *times.get_mut(pc as usize)? += 1;
    }
    let mut sizes = vec![0usize; chips];
    for (&chip, &times) in chip.iter().zip(&times).filter(|&(_, &times)| times > 0) {
        *sizes.get_mut(chip as usize)? += times as usize;
    }
    let mut rows: Vec<Vec<i64>> = sizes.iter().map(|&size| Vec::with_capacity(size)).collect();
    for (row, &pc) in fetched.iter().enumerate() {
        rows[chip[pc as usize] as usize].push(row as i64);
    }
    let mut before = Vec::with_capacity(counts.len() * fetched.len());
    for count in counts {
        let mut sum = 0u32;
        before.extend(fetched.iter().map(|&pc| {
            let so_far = sum;
            sum = sum.wrapping_add(count[pc as usize]);
            so_far
        }));
    }
    Some(Dealt { rows, before, fetched: times })
}
