//! Columns from columns, by the code that `stark/recipes.py` makes of a function on arrays: a block of rows at a time.

/// Rows of a block: all that is computed of them stays in the nearest cache.
const ROWS: usize = 512;
const OPERANDS: usize = 4;

type Block = [i64; ROWS];

/// What a recipe reads in any order: place 2 k is that of words k, 2 k + 1 that of numbers k.
#[derive(Default)]
pub struct Tables<'a> {
    pub words: Vec<&'a [u32]>,
    pub numbers: Vec<&'a [i64]>,
}

impl Tables<'_> {
    fn has(&self, table: usize) -> bool {
        table >> 1 < if table & 1 == 0 { self.words.len() } else { self.numbers.len() }
    }
}

#[derive(Clone, Copy)]
enum Operand {
    Slot(usize),
    Constant(i64),
}

#[derive(Clone, Copy, PartialEq)]
enum Operation {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
    ShiftSigned,
    Equal,
    Less,
    Where,
    Take,
    Put,
    Access,
}

impl Operation {
    const ALL: [(Self, usize); 15] = [
        (Self::Add, 2),
        (Self::Sub, 2),
        (Self::Mul, 2),
        (Self::And, 2),
        (Self::Or, 2),
        (Self::Xor, 2),
        (Self::ShiftLeft, 2),
        (Self::ShiftRight, 2),
        (Self::ShiftSigned, 2),
        (Self::Equal, 2),
        (Self::Less, 2),
        (Self::Where, 3),
        (Self::Take, 1),
        (Self::Put, 1),
        (Self::Access, 4),
    ];
}

struct Step {
    operation: Operation,
    target: usize,
    operands: [Operand; OPERANDS],
    table: usize,
}

/// Where numbers go: words of columns, or what accesses leave in which cells, by their time.
pub enum Out<'a> {
    Columns(Vec<&'a mut [u32]>),
    Accesses { cells: &'a mut [i64], left: &'a mut [u64] },
}

pub struct Recipe {
    steps: Vec<Step>,
    slots: usize,
}

const MOST_SLOTS: usize = 1 << 16;

impl Recipe {
    /// None if an instruction names something that does not exist, or reads a slot before it is written.
    pub fn new(code: &[[i64; 6]], slots: usize, constants: &[i64], tables: &Tables, out: &Out) -> Option<Self> {
        (0 < slots && slots < MOST_SLOTS).then_some(())?;
        let mut written = vec![false; slots];
        written[0] = true;
        let steps = code.iter().map(|&[operation, target, first, second, third, fourth]| {
            let &(operation, count) = Operation::ALL.get(usize::try_from(operation).ok()?)?;
            let target = usize::try_from(target).ok()?;
            let table = if operation == Operation::Take { usize::try_from(second).ok().filter(|&table| tables.has(table))? } else { 0 };
            let mut operands = [Operand::Constant(0); OPERANDS];
            for (operand, word) in operands.iter_mut().zip([first, second, third, fourth]).take(count) {
                let index = usize::try_from(word >> 1).ok()?;
                *operand = match word & 1 {
                    0 => Operand::Slot(written.get(index).is_some_and(|&written| written).then_some(index)?),
                    _ => Operand::Constant(*constants.get(index)?),
                };
            }
            match (operation, out) {
                (Operation::Put, Out::Columns(columns)) => (target < columns.len()).then_some(())?,
                (Operation::Access, Out::Accesses { .. }) => (),
                (Operation::Put | Operation::Access, _) => return None,
                _ => *written.get_mut(target)? = true,
            }
            Some(Step { operation, target, operands, table })
        });
        Some(Self { steps: steps.collect::<Option<_>>()?, slots })
    }

    /// None if a table or a column is too short, or there is no such time.
    pub fn run(&self, rows: &[i64], tables: &Tables, out: &mut Out) -> Option<()> {
        let mut frame: Vec<Box<Block>> = (0..self.slots).map(|_| Box::new([0; ROWS])).collect();
        let mut spare = Box::new([0; ROWS]);
        for (block, rows) in rows.chunks(ROWS).enumerate() {
            frame[0][..rows.len()].copy_from_slice(rows);
            for step in &self.steps {
                let value = |k: usize| match step.operands[k] {
                    Operand::Slot(slot) => Value::Many(&frame[slot]),
                    Operand::Constant(value) => Value::One(value),
                };
                let (a, b, to) = (value(0), value(1), &mut *spare);
                match step.operation {
                    Operation::Add => combine(to, a, b, i64::wrapping_add),
                    Operation::Sub => combine(to, a, b, i64::wrapping_sub),
                    Operation::Mul => combine(to, a, b, i64::wrapping_mul),
                    Operation::And => combine(to, a, b, |a, b| a & b),
                    Operation::Or => combine(to, a, b, |a, b| a | b),
                    Operation::Xor => combine(to, a, b, |a, b| a ^ b),
                    Operation::ShiftLeft => combine(to, a, b, |a, b| if (b as u64) < 64 { a << b } else { 0 }),
                    Operation::ShiftRight => combine(to, a, b, |a, b| if (b as u64) < 64 { (a as u64 >> b) as i64 } else { 0 }),
                    Operation::ShiftSigned => combine(to, a, b, |a, b| a >> (b as u64).min(63)),
                    Operation::Equal => combine(to, a, b, |a, b| (a == b).into()),
                    Operation::Less => combine(to, a, b, |a, b| (a < b).into()),
                    Operation::Where => choose(to, a, b, value(2)),
                    Operation::Take => take(to, rows.len(), a, tables, step.table)?,
                    Operation::Put => put(out, step.target, block * ROWS, rows.len(), a)?,
                    Operation::Access => access(out, rows.len(), [a, b, value(2), value(3)])?,
                }
                if !matches!(step.operation, Operation::Put | Operation::Access) {
                    std::mem::swap(&mut frame[step.target], &mut spare);
                }
            }
        }
        Some(())
    }
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Many(&'a Block),
    One(i64),
}

impl Value<'_> {
    fn at(&self, row: usize) -> i64 {
        match self {
            Value::Many(block) => block[row],
            Value::One(value) => *value,
        }
    }
}

#[inline(always)]
fn combine(to: &mut Block, a: Value, b: Value, f: impl Fn(i64, i64) -> i64) {
    match (a, b) {
        (Value::Many(a), Value::Many(b)) => (0..ROWS).for_each(|i| to[i] = f(a[i], b[i])),
        (Value::Many(a), Value::One(b)) => (0..ROWS).for_each(|i| to[i] = f(a[i], b)),
        (Value::One(a), Value::Many(b)) => (0..ROWS).for_each(|i| to[i] = f(a, b[i])),
        (Value::One(a), Value::One(b)) => to.fill(f(a, b)),
    }
}

fn choose(to: &mut Block, condition: Value, yes: Value, no: Value) {
    match (condition, yes, no) {
        (Value::Many(condition), Value::Many(yes), Value::Many(no)) => {
            (0..ROWS).for_each(|i| to[i] = if condition[i] != 0 { yes[i] } else { no[i] });
        }
        _ => (0..ROWS).for_each(|i| to[i] = if condition.at(i) != 0 { yes.at(i) } else { no.at(i) }),
    }
}

fn take(to: &mut Block, rows: usize, index: Value, tables: &Tables, table: usize) -> Option<()> {
    match table & 1 {
        0 => read(to, rows, index, tables.words[table >> 1], |&word| word.into()),
        _ => read(to, rows, index, tables.numbers[table >> 1], |&number| number),
    }
}

#[inline(always)]
fn read<T>(to: &mut Block, rows: usize, index: Value, table: &[T], number: impl Fn(&T) -> i64) -> Option<()> {
    match index {
        Value::Many(index) => {
            let last = index[..rows].iter().fold(0, |last, &index| last.max(index as u64));
            (rows == 0 || last < table.len() as u64).then_some(())?;
            for (to, &index) in to.iter_mut().zip(&index[..rows]) {
                // SAFETY: no place is beyond the last one, which is in the table; a negative one would be far beyond.
                *to = number(unsafe { table.get_unchecked(index as usize) });
            }
        }
        Value::One(index) => to.fill(number(table.get(index as u64 as usize)?)),
    }
    Some(())
}

fn put(out: &mut Out, column: usize, first: usize, rows: usize, values: Value) -> Option<()> {
    let Out::Columns(columns) = out else { return None };
    let words = columns[column].get_mut(first..first + rows)?;
    let order = crate::field::ORDER;
    match values {
        Value::Many(values) => {
            let mut above = 0;
            for (word, &value) in words.iter_mut().zip(values) {
                above |= u64::from(value as u64 >= order);
                *word = value as u32;
            }
            if above != 0 {
                words.iter_mut().zip(values).for_each(|(word, &value)| *word = value.rem_euclid(order as i64) as u32);
            }
        }
        Value::One(value) => words.fill(value.rem_euclid(order as i64) as u32),
    }
    Some(())
}

fn access(out: &mut Out, rows: usize, values: [Value; 4]) -> Option<()> {
    let Out::Accesses { cells, left } = out else { return None };
    let mut known = [[0; ROWS]; 4];
    let mut many = known.iter_mut().zip(values).map(|(block, value)| match value {
        Value::Many(values) => values,
        Value::One(value) => {
            block.fill(value);
            &*block
        }
    });
    let [time, cell, word, takes_place] = std::array::from_fn(|_| many.next().expect("four values"));
    for row in 0..rows {
        if takes_place[row] != 0 {
            let time = time[row] as u64 as usize;
            *cells.get_mut(time)? = cell[row];
            *left.get_mut(time)? = word[row] as u64;
        }
    }
    Some(())
}
