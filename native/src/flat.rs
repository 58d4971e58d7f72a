//! The three-address code of a chip, prepared and run on blocks of rows.
//!
//! The code is brought into single-assignment form, so that each requirement is weighed as soon as it is known and its slot is free again.
use std::collections::HashMap;

use p3_field::PrimeCharacteristicRing;

use crate::field::*;

pub const BLOCK: usize = 16;
pub const ROWS: usize = BLOCK * LANES;

/// Kinds of operands.
pub const SLOT: usize = 0;
pub const CONSTANT: usize = 1;
pub const FIXED: usize = 2;
pub const FIXED_NEXT: usize = 3;
pub const MAIN: usize = 4;
pub const MAIN_NEXT: usize = 5;
pub const PUBLIC: usize = 6;
pub const SELECTOR: usize = 7;
/// Kinds of columns that no operand names: LogUp columns, for the LogUp constraints.
pub const LOGUP: usize = 8;
pub const LOGUP_NEXT: usize = 9;

pub struct Flat<'a> {
    pub code: &'a [[u32; 4]],
    pub slots: usize,
    pub constants: &'a [u32],
    pub requirements: &'a [u32],
    pub messages: &'a [(u32, u32, Vec<u32>)],
}

/// How many columns and values the operands may refer to.
pub struct Limits<'a> {
    pub fixed: usize,
    pub main: usize,
    pub public: &'a [u32],
}

#[derive(Clone, Copy)]
enum Operation {
    Add,
    Sub,
    Mul,
    Require,
}

#[derive(Clone, Copy)]
struct Step {
    operation: Operation,
    left: u32,
    right: u32,
    target: u32,
}

pub struct Message {
    pub bus: F,
    pub multiplicity: usize,
    pub parts: Vec<usize>,
}

/// Places are numbered: scalars, then columns, then slots.
pub struct Program {
    steps: Vec<Step>,
    pub messages: Vec<Message>,
    scalars: Vec<F>,
    /// Kind and index of each column that is read.
    pub columns: Vec<(usize, usize)>,
    slots: usize,
    pub requirements: usize,
    /// Places of what the LogUp constraints read: the three selectors, the LogUp columns, the running sum on the next row.
    pub logup: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Operand {
    Node(usize),
    Leaf(usize, usize),
}

struct Nodes {
    nodes: Vec<(Operation, Operand, Operand)>,
    slots: Vec<Option<usize>>,
    limits: [usize; 8],
}

impl Nodes {
    fn operand(&self, word: u32) -> Result<Operand, String> {
        let (index, kind) = (word as usize >> 3, word as usize & 7);
        if index >= self.limits[kind] {
            return Err(format!("operand {index} of kind {kind} does not exist"));
        }
        if kind != SLOT {
            return Ok(Operand::Leaf(kind, index));
        }
        self.slots[index].map(Operand::Node).ok_or_else(|| format!("slot {index} is read before it is written"))
    }
}

impl Program {
    /// Without constraints, only what the messages need is computed.
    pub fn new(flat: &Flat, limits: &Limits, with_constraints: bool) -> Result<Self, String> {
        let limits_by_kind =
            [flat.slots, flat.constants.len(), limits.fixed, limits.fixed, limits.main, limits.main, limits.public.len(), 3];
        let mut nodes = Nodes { nodes: Vec::new(), slots: vec![None; flat.slots], limits: limits_by_kind };
        for &[operation, left, right, target] in flat.code {
            let operation = match operation {
                0 => Operation::Add,
                1 => Operation::Sub,
                2 => Operation::Mul,
                _ => return Err(format!("operation {operation} does not exist")),
            };
            let node = (operation, nodes.operand(left)?, nodes.operand(right)?);
            let slot = nodes.slots.get_mut(target as usize).ok_or_else(|| format!("slot {target} does not exist"))?;
            *slot = Some(nodes.nodes.len());
            nodes.nodes.push(node);
        }
        let requirements = flat.requirements.iter().map(|&word| nodes.operand(word)).collect::<Result<Vec<_>, _>>()?;
        let messages = flat.messages.iter().map(|(bus, multiplicity, parts)| {
            let parts = parts.iter().map(|&word| nodes.operand(word)).collect::<Result<Vec<_>, _>>()?;
            Ok((F::from_u32(*bus), nodes.operand(*multiplicity)?, parts))
        });
        let messages = messages.collect::<Result<Vec<_>, String>>()?;
        let (requirements, logup) = if with_constraints { (requirements, logup_operands(messages.len())) } else { Default::default() };
        Ok(Builder::new(flat, limits, nodes.nodes).build(&requirements, &messages, &logup))
    }
}

/// The number of columns that the LogUp of so many messages has.
pub fn logup_columns(messages: usize) -> usize {
    if messages == 0 { 0 } else { messages / 2 + 1 }
}

fn logup_operands(messages: usize) -> Vec<Operand> {
    let columns = logup_columns(messages);
    if columns == 0 {
        return Vec::new();
    }
    let selectors = (0..3).map(|index| Operand::Leaf(SELECTOR, index));
    let here = (0..5 * columns).map(|index| Operand::Leaf(LOGUP, index));
    let next = (5 * (columns - 1)..5 * columns).map(|index| Operand::Leaf(LOGUP_NEXT, index));
    selectors.chain(here).chain(next).collect()
}

struct Builder<'a> {
    flat: &'a Flat<'a>,
    limits: &'a Limits<'a>,
    nodes: Vec<(Operation, Operand, Operand)>,
    scalars: HashMap<(usize, usize), usize>,
    columns: HashMap<(usize, usize), usize>,
    /// For each node its last reader, or None if nobody reads it.
    last: Vec<Option<usize>>,
}

const FOREVER: usize = usize::MAX;

impl<'a> Builder<'a> {
    fn new(flat: &'a Flat, limits: &'a Limits, nodes: Vec<(Operation, Operand, Operand)>) -> Self {
        let last = vec![None; nodes.len()];
        Self { flat, limits, nodes, scalars: HashMap::new(), columns: HashMap::new(), last }
    }

    fn read(&mut self, operand: Operand, reader: usize) {
        match operand {
            Operand::Node(node) => self.last[node] = self.last[node].max(Some(reader)),
            Operand::Leaf(kind @ (CONSTANT | PUBLIC), index) => {
                let next = self.scalars.len();
                self.scalars.entry((kind, index)).or_insert(next);
            }
            Operand::Leaf(kind, index) => {
                let next = self.columns.len();
                self.columns.entry((kind, index)).or_insert(next);
            }
        }
    }

    fn build(mut self, requirements: &[Operand], messages: &[(F, Operand, Vec<Operand>)], logup: &[Operand]) -> Program {
        logup.iter().for_each(|&operand| self.read(operand, FOREVER));
        for (_, multiplicity, parts) in messages {
            [*multiplicity].iter().chain(parts).for_each(|&operand| self.read(operand, FOREVER));
        }
        for &operand in requirements {
            self.read(operand, if let Operand::Node(node) = operand { node } else { 0 });
        }
        for node in (0..self.nodes.len()).rev() {
            if self.last[node].is_some() {
                let (_, left, right) = self.nodes[node];
                self.read(left, node);
                self.read(right, node);
            }
        }
        let first_slot = self.scalars.len() + self.columns.len();
        let mut slot_of = vec![0; self.nodes.len()];
        let (mut free, mut slots, mut steps) = (Vec::new(), 0, Vec::new());
        let place = |operand: Operand, slot_of: &[usize], this: &Self| match operand {
            Operand::Node(node) => first_slot + slot_of[node],
            Operand::Leaf(kind @ (CONSTANT | PUBLIC), index) => this.scalars[&(kind, index)],
            Operand::Leaf(kind, index) => this.scalars.len() + this.columns[&(kind, index)],
        };
        let mut required: HashMap<Operand, Vec<usize>> = HashMap::new();
        for (k, &operand) in requirements.iter().enumerate() {
            required.entry(operand).or_default().push(k);
        }
        let require = |place: usize, k: usize| Step { operation: Operation::Require, left: place as u32, right: 0, target: k as u32 };
        for (k, &operand) in requirements.iter().enumerate() {
            if let Operand::Leaf(..) = operand {
                steps.push(require(place(operand, &slot_of, &self), k));
            }
        }
        for node in 0..self.nodes.len() {
            let Some(last) = self.last[node] else { continue };
            let (operation, left, right) = self.nodes[node];
            let places = [left, right].map(|operand| place(operand, &slot_of, &self) as u32);
            let mut dead: Vec<usize> = [left, right].iter().filter_map(|&o| if let Operand::Node(n) = o { Some(n) } else { None }).collect();
            dead.dedup();
            free.extend(dead.into_iter().filter(|&n| self.last[n] == Some(node)).map(|n| slot_of[n]));
            let slot = free.pop().unwrap_or_else(|| {
                slots += 1;
                slots - 1
            });
            slot_of[node] = slot;
            steps.push(Step { operation, left: places[0], right: places[1], target: (first_slot + slot) as u32 });
            for &k in required.get(&Operand::Node(node)).into_iter().flatten() {
                steps.push(require(first_slot + slot, k));
            }
            if last == node {
                free.push(slot);
            }
        }
        let messages = messages.iter().map(|(bus, multiplicity, parts)| Message {
            bus: *bus,
            multiplicity: place(*multiplicity, &slot_of, &self),
            parts: parts.iter().map(|&part| place(part, &slot_of, &self)).collect(),
        });
        let messages = messages.collect();
        let logup = logup.iter().map(|&operand| place(operand, &slot_of, &self)).collect();
        let mut scalars = vec![F::ZERO; self.scalars.len()];
        for (&(kind, index), &at) in &self.scalars {
            scalars[at] = F::new(if kind == CONSTANT { self.flat.constants[index] } else { self.limits.public[index] });
        }
        let mut columns = vec![(0, 0); self.columns.len()];
        self.columns.iter().for_each(|(&column, &at)| columns[at] = column);
        Program { steps, messages, scalars, columns, slots, requirements: requirements.len(), logup }
    }
}

pub type Vectors = [V; BLOCK];

/// The values of one block of rows, one thread's own.
pub struct Frame<'p> {
    program: &'p Program,
    /// Scalars spread out, column copies, slots.
    own: Vec<Vectors>,
    /// Where the values of each place are: in `own` or in a column itself.
    places: Vec<*const Vectors>,
}

impl<'p> Frame<'p> {
    pub fn new(program: &'p Program) -> Self {
        let mut own: Vec<Vectors> = program.scalars.iter().map(|&scalar| [V::from(scalar); BLOCK]).collect();
        own.resize(program.scalars.len() + program.columns.len() + program.slots, [V::ZERO; BLOCK]);
        let places = own.iter().map(|vectors| vectors as *const Vectors).collect();
        Self { program, own, places }
    }

    /// Reads a column in place; `words` must outlive the next `run`.
    ///
    /// # Safety
    /// `words` holds at least ROWS elements and stays alive and unchanged until the frame's values have been used.
    pub unsafe fn refer(&mut self, column: usize, words: &[F]) {
        debug_assert!(words.len() >= ROWS);
        self.places[self.program.scalars.len() + column] = words.as_ptr().cast();
    }

    /// Room for a copy of a column's rows.
    pub fn copy(&mut self, column: usize) -> &mut Vectors {
        let place = self.program.scalars.len() + column;
        let start = self.own.as_ptr();
        // SAFETY: the place is inside `own`, which is never resized.
        self.places[place] = unsafe { start.add(place) };
        &mut self.own[place]
    }

    /// Runs the code; adds weight * value of every requirement to the sums.
    pub fn run(&mut self, weights: &[Ext<V>], sums: &mut [Vectors; 5]) {
        let own = self.own.as_mut_ptr();
        let first_own_slot = self.program.scalars.len() + self.program.columns.len();
        debug_assert!(first_own_slot + self.program.slots <= self.own.len() + 1);
        for step in &self.program.steps {
            // SAFETY: `Builder` gives only places below the length of `places`; targets are slots, distinct from what columns refer to,
            // and each vector is read before it is written.
            unsafe {
                let left = *self.places.get_unchecked(step.left as usize);
                if let Operation::Require = step.operation {
                    let weight = &weights[step.target as usize];
                    for k in 0..5 {
                        for t in 0..BLOCK {
                            sums[k][t] += weight[k] * (*left)[t];
                        }
                    }
                    continue;
                }
                let right = *self.places.get_unchecked(step.right as usize);
                let target = own.add(step.target as usize);
                for t in 0..BLOCK {
                    let (a, b) = ((*left)[t], (*right)[t]);
                    (*target)[t] = match step.operation {
                        Operation::Add => a + b,
                        Operation::Sub => a - b,
                        _ => a * b,
                    };
                }
            }
        }
    }

    pub fn value(&self, place: usize, vector: usize) -> V {
        // SAFETY: see `run` and `refer`.
        unsafe { (*self.places[place])[vector] }
    }
}

/// gamma + bus + beta*(p0 + beta*(p1 + ...)) for each message.
pub struct Denominators {
    start: Vec<Ext<V>>,
    powers: Vec<Ext<V>>,
}

impl Denominators {
    pub fn new(program: &Program, gamma: &Ext<F>, beta: &Ext<F>) -> Self {
        let start = program.messages.iter().map(|message| {
            let mut start = *gamma;
            start[0] += message.bus;
            broadcast(&start)
        });
        let longest = program.messages.iter().map(|message| message.parts.len()).max().unwrap_or(0);
        let powers = std::iter::successors(Some(*beta), |power| Some(ext_mul(power, beta))).take(longest);
        Self { start: start.collect(), powers: powers.map(|power| broadcast(&power)).collect() }
    }

    pub fn value(&self, frame: &Frame, message: usize, vector: usize) -> Ext<V> {
        let mut value = self.start[message];
        for (&part, power) in frame.program.messages[message].parts.iter().zip(&self.powers) {
            value = ext_add(&value, &ext_scale(power, frame.value(part, vector)));
        }
        value
    }
}
