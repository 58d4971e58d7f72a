//! Chips of products and one table of small values: the constraints and look-ups of benchmarks/machines.py.
use p3_air::{Air, AirBuilder, BaseAir, WindowAccess};
use p3_field::{PrimeCharacteristicRing, PrimeField32};
use p3_koala_bear::KoalaBear;
use p3_lookup::{Count, InteractionBuilder, LookupBus};
use p3_matrix::dense::RowMajorMatrix;

pub const LOG_TABLE: usize = 10;
const RANGE: LookupBus<'static> = LookupBus::new("range");

#[derive(Clone, Copy, Debug)]
pub enum Chip {
    /// A selector, and this many times (a, b, c): c is a times b, b sums up the a's, every second a is looked up.
    Products(usize),
    /// All values below 2^LOG_TABLE, and how often each is looked up.
    SmallValues,
}

impl BaseAir<KoalaBear> for Chip {
    fn width(&self) -> usize {
        match self {
            Self::Products(triples) => 1 + 3 * triples,
            Self::SmallValues => 1,
        }
    }

    fn preprocessed_width(&self) -> usize {
        usize::from(matches!(self, Self::SmallValues))
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<KoalaBear>> {
        let values = || (0..1 << LOG_TABLE).map(KoalaBear::from_u32).collect();
        matches!(self, Self::SmallValues).then(|| RowMajorMatrix::new(values(), 1))
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        match self {
            Self::Products(triples) => (0..*triples).map(|k| 2 + 3 * k).collect(),
            Self::SmallValues => Vec::new(),
        }
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }
}

impl<Builder: InteractionBuilder<F = KoalaBear>> Air<Builder> for Chip {
    fn eval(&self, builder: &mut Builder) {
        let main = builder.main();
        let (row, next) = (main.current_slice(), main.next_slice());
        match self {
            Self::Products(triples) => {
                let on = row[0];
                builder.assert_bool(on);
                for k in 0..*triples {
                    let [a, b, c] = [row[1 + 3 * k], row[2 + 3 * k], row[3 + 3 * k]];
                    builder.when(on).assert_zero(a * b - c);
                    builder.when_transition().assert_zero(next[2 + 3 * k] - a - b);
                    if k % 2 == 0 {
                        RANGE.lookup_key(builder, [a], Count::bounded(on.into(), 1));
                    }
                }
            }
            Self::SmallValues => {
                let value = builder.preprocessed().current_slice()[0];
                RANGE.table_entry(builder, [value], row[0]);
            }
        }
    }
}

/// The chips with their filled tables: heights 2^log_rows, half and a quarter of it in turn, and the table of small values.
pub fn machine(log_rows: usize, chips: usize, triples: usize) -> (Vec<Chip>, Vec<RowMajorMatrix<KoalaBear>>) {
    let mut times = vec![0u32; 1 << LOG_TABLE];
    let mut random = 1u64;
    let mut draw = || {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (random >> (64 - LOG_TABLE)) as usize
    };
    let (mut airs, mut tables) = (Vec::new(), Vec::new());
    for number in 0..chips {
        let width = 1 + 3 * triples;
        let mut sums = vec![KoalaBear::ZERO; triples];
        let mut cells = Vec::with_capacity(width << (log_rows - number % 3));
        for _ in 0..1usize << (log_rows - number % 3) {
            cells.push(KoalaBear::ONE);
            for (k, sum) in sums.iter_mut().enumerate() {
                let value = draw();
                let a = KoalaBear::from_usize(value);
                cells.extend([a, *sum, a * *sum]);
                *sum += a;
                times[value] += u32::from(k % 2 == 0);
            }
        }
        airs.push(Chip::Products(triples));
        tables.push(RowMajorMatrix::new(cells, width));
    }
    assert!(times.iter().all(|&count| count < KoalaBear::ORDER_U32));
    airs.push(Chip::SmallValues);
    tables.push(RowMajorMatrix::new(times.into_iter().map(KoalaBear::from_u32).collect(), 1));
    (airs, tables)
}
