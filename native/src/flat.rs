//! The three-address code of a chip, prepared for running on blocks of rows.
//!
//! The code is brought into single-assignment form, so that each requirement is weighed as soon as it is known and its slot is free again.
use std::collections::HashMap;

use p3_field::PrimeCharacteristicRing;

use crate::field::*;

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
pub enum Operation {
    Add,
    Sub,
    Mul,
}

#[derive(Clone, Copy)]
pub enum Step {
    Compute {
        operation: Operation,
        left: u32,
        right: u32,
        target: u32,
    },
    /// Weighs some requirements together: their number and their places.
    Require {
        group: usize,
    },
}

/// Requirements that are weighed together, because a sum of products is cheaper than products.
pub const TOGETHER: usize = 4;

/// A requirement and where its value is; where there is none, its weight is zero.
#[derive(Clone, Copy, Default)]
pub struct Weighed {
    requirement: Option<usize>,
    pub place: usize,
}

pub struct Message {
    pub bus: F,
    pub multiplicity: usize,
    pub parts: Vec<usize>,
}

const MOST_SLOTS: usize = 1 << 24;

/// Places are numbered: scalars, then columns, then slots.
pub struct Program {
    pub steps: Vec<Step>,
    pub messages: Vec<Message>,
    pub scalars: Vec<F>,
    /// Kind and index of each column that is read.
    pub columns: Vec<(usize, usize)>,
    pub slots: usize,
    pub groups: Vec<[Weighed; TOGETHER]>,
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
        if flat.slots > MOST_SLOTS {
            return Err(format!("{} slots are more than {MOST_SLOTS}", flat.slots));
        }
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

/// Weights of requirements that are weighed together, coordinate by coordinate.
pub type Weights = [[F; TOGETHER]; 5];

impl Program {
    pub fn arrange(&self, weights: &[Ext<F>]) -> Vec<Weights> {
        let weight = |weighed: &Weighed, k: usize| weighed.requirement.map_or(F::ZERO, |index| weights[index][k]);
        self.groups.iter().map(|group| std::array::from_fn(|k| group.map(|weighed| weight(&weighed, k)))).collect()
    }
}

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
        let mut waiting = Waiting::default();
        for (k, &operand) in requirements.iter().enumerate() {
            match operand {
                Operand::Leaf(..) => waiting.push(k, place(operand, &slot_of, &self), &mut steps, &mut free),
                Operand::Node(_) => required.entry(operand).or_default().push(k),
            }
        }
        for node in 0..self.nodes.len() {
            let Some(last) = self.last[node] else { continue };
            let (operation, left, right) = self.nodes[node];
            let places = [left, right].map(|operand| place(operand, &slot_of, &self) as u32);
            let mut dead: Vec<usize> =
                [left, right].iter().filter_map(|&o| if let Operand::Node(n) = o { Some(n) } else { None }).collect();
            dead.dedup();
            dead.retain(|&n| self.last[n] == Some(node));
            for n in dead {
                waiting.release(slot_of[n], first_slot + slot_of[n], &mut free);
            }
            let slot = free.pop().unwrap_or_else(|| {
                slots += 1;
                slots - 1
            });
            slot_of[node] = slot;
            steps.push(Step::Compute { operation, left: places[0], right: places[1], target: (first_slot + slot) as u32 });
            let mine = required.get(&Operand::Node(node)).map_or(&[][..], |list| list);
            for &k in mine {
                waiting.push(k, first_slot + slot, &mut steps, &mut free);
            }
            if last == node {
                waiting.release(slot, first_slot + slot, &mut free);
            }
        }
        waiting.weigh(&mut steps, &mut free);
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
        Program { steps, messages, scalars, columns, slots, groups: waiting.groups, requirements: requirements.len(), logup }
    }
}

/// Requirements whose values are known but not yet weighed, and slots that are free once they are.
#[derive(Default)]
struct Waiting {
    values: Vec<Weighed>,
    slots: Vec<usize>,
    groups: Vec<[Weighed; TOGETHER]>,
}

impl Waiting {
    fn push(&mut self, requirement: usize, place: usize, steps: &mut Vec<Step>, free: &mut Vec<usize>) {
        self.values.push(Weighed { requirement: Some(requirement), place });
        if self.values.len() == TOGETHER {
            self.weigh(steps, free);
        }
    }

    fn release(&mut self, slot: usize, place: usize, free: &mut Vec<usize>) {
        let waits = self.values.iter().any(|value| value.place == place);
        if waits { &mut self.slots } else { free }.push(slot);
    }

    fn weigh(&mut self, steps: &mut Vec<Step>, free: &mut Vec<usize>) {
        if let Some(&first) = self.values.first() {
            self.values.resize(TOGETHER, Weighed { requirement: None, place: first.place });
            steps.push(Step::Require { group: self.groups.len() });
            self.groups.push(self.values[..].try_into().expect("as many as are weighed together"));
        }
        self.values.clear();
        free.append(&mut self.slots);
    }
}
