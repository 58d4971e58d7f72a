//! What accesses to cells find: each what the last one before it left.

/// log2 of the cells of a page.
const LOG_CELLS: u32 = 5;
pub const PAGE: usize = 1 << LOG_CELLS;
/// Numbers of pages are below 2 to this.
const LOG_PAGES: u32 = 28;
const LOG_LEAF: u32 = 12;
const NONE: u32 = u32::MAX;

/// A number for some of the pages, in two levels, of which few leaves exist.
struct Directory {
    leaves: Vec<Option<Box<[u32; 1 << LOG_LEAF]>>>,
}

impl Directory {
    fn new() -> Self {
        Self { leaves: (0..1 << (LOG_PAGES - LOG_LEAF)).map(|_| None).collect() }
    }

    fn put(&mut self, page: usize, number: u32) {
        let leaf = self.leaves[page >> LOG_LEAF].get_or_insert_with(|| Box::new([NONE; 1 << LOG_LEAF]));
        leaf[page & ((1 << LOG_LEAF) - 1)] = number;
    }

    fn get(&self, page: usize) -> Option<usize> {
        let leaf = self.leaves.get(page >> LOG_LEAF)?.as_ref()?;
        let number = leaf[page & ((1 << LOG_LEAF) - 1)];
        (number != NONE).then_some(number as usize)
    }
}

fn page_of(address: i64) -> Option<usize> {
    (0..1 << (LOG_PAGES + LOG_CELLS)).contains(&address).then_some((address >> LOG_CELLS) as usize)
}

/// The pages of these cells, in order; no address is below 0, which stands for no access. None if an address is too large.
pub fn pages(addresses: &[i64]) -> Option<Vec<i64>> {
    let mut directory = Directory::new();
    let mut before = usize::MAX;
    for &address in addresses.iter().filter(|&&address| address >= 0) {
        let page = page_of(address)?;
        if page != before {
            directory.put(page, 0);
            before = page;
        }
    }
    let leaves = directory.leaves.iter().enumerate().filter_map(|(k, leaf)| Some((k, leaf.as_ref()?)));
    let found = leaves.flat_map(|(k, leaf)| (0..leaf.len()).filter(|&i| leaf[i] != NONE).map(move |i| (k << LOG_LEAF | i) as i64));
    Some(found.collect())
}

/// Accesses in order of time, which is their place: for each since when the cell held what, zeros where there is no access; then cells and
/// times have become those at the end.
pub struct Found {
    pub then: Vec<u32>,
    pub cell: Vec<u64>,
}

/// `cells` and `times` are those of the pages at the beginning. None if an access is to none of them.
pub fn found(addresses: &[i64], left: &[u64], pages: &[i64], cells: &mut [u64], times: &mut [u32]) -> Option<Found> {
    let mut directory = Directory::new();
    for (number, &page) in pages.iter().enumerate() {
        directory.put((0..1 << LOG_PAGES).contains(&page).then_some(page as usize)?, number as u32);
    }
    let (mut then, mut cell) = (Vec::with_capacity(addresses.len()), Vec::with_capacity(addresses.len()));
    for (time, (&address, &left)) in addresses.iter().zip(left).enumerate() {
        if address < 0 {
            then.push(0);
            cell.push(0);
            continue;
        }
        let at = directory.get(page_of(address)?)? << LOG_CELLS | address as usize & ((1 << LOG_CELLS) - 1);
        then.push(std::mem::replace(&mut times[at], time as u32));
        cell.push(std::mem::replace(&mut cells[at], left));
    }
    Some(Found { then, cell })
}
