//! Blocks of memory that are kept for reuse, and their pages.
//!
//! What is kept and what is in use together never exceed the most that has been in use at once. A block of a new size is made of the
//! pages of kept ones, which Linux can move to where it lies; elsewhere they go back to the system.

const HUGE: usize = 2 << 20;
/// So many blocks are kept: their list stays a small block itself, and is searched quickly.
const MOST_KEPT: usize = 4096;

/// Whole huge pages, or one of a few sizes, so that a block fits again: four steps between powers of two.
pub fn block_size(bytes: usize) -> usize {
    bytes.next_multiple_of(if bytes > HUGE { HUGE } else { bytes.next_power_of_two() / 8 })
}

/// Zeroed pages from the system, from a boundary of huge pages on if they are that large.
fn map(bytes: usize) -> *mut u8 {
    let slack = if bytes >= HUGE { HUGE } else { 0 };
    // SAFETY: a private anonymous mapping; what is cut off lies inside of it.
    unsafe {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let mapped = libc::mmap(std::ptr::null_mut(), bytes + slack, access, kind, -1, 0);
        if mapped == libc::MAP_FAILED {
            return std::ptr::null_mut();
        }
        if slack == 0 {
            return mapped.cast();
        }
        let before = mapped.align_offset(HUGE);
        let start = mapped.add(before);
        if before > 0 {
            libc::munmap(mapped, before);
        }
        libc::munmap(start.add(bytes), slack - before);
        #[cfg(target_os = "linux")]
        libc::madvise(start, bytes, libc::MADV_HUGEPAGE);
        start.cast()
    }
}

/// Moves a huge page to where another one lies, which goes. Whether the system could do this; if not, zeros lie there.
#[cfg(target_os = "linux")]
fn move_page(from: *mut u8, to: *mut u8) -> bool {
    // SAFETY: both pages are mapped and belong to the caller alone, who does not use the first any more.
    unsafe {
        let moved = libc::mremap(from.cast(), HUGE, HUGE, libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED, to);
        if moved == libc::MAP_FAILED {
            let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED);
            libc::mmap(to.cast(), HUGE, access, kind, -1, 0);
        }
        moved != libc::MAP_FAILED
    }
}

#[cfg(not(target_os = "linux"))]
fn move_page(_from: *mut u8, _to: *mut u8) -> bool {
    false
}

pub struct Block {
    pub start: *mut u8,
    pub bytes: usize,
}

// SAFETY: a kept block belongs to the store alone.
unsafe impl Send for Block {}

pub struct Store {
    kept: Vec<Block>,
    kept_bytes: usize,
    used_bytes: usize,
    most_bytes: usize,
}

impl Store {
    pub const fn new() -> Self {
        Self { kept: Vec::new(), kept_bytes: 0, used_bytes: 0, most_bytes: 0 }
    }

    /// A block, and how many of its first bytes may be anything; the others are zeros.
    pub fn take(&mut self, bytes: usize) -> (*mut u8, usize) {
        let most_bytes = self.most_bytes;
        self.used_bytes += bytes;
        self.most_bytes = most_bytes.max(self.used_bytes);
        if let Some(index) = self.kept.iter().rposition(|block| block.bytes == bytes) {
            self.kept_bytes -= bytes;
            return (self.kept.remove(index).start, bytes);
        }
        let mut start = map(bytes);
        while start.is_null() && !self.kept.is_empty() {
            self.forget(usize::MAX); // this process may have no more addresses
            start = map(bytes);
        }
        if start.is_null() {
            self.used_bytes -= bytes;
            self.most_bytes = most_bytes;
            return (start, 0);
        }
        let moved = if bytes >= HUGE { self.move_kept(start, bytes) } else { 0 };
        while self.used_bytes + self.kept_bytes > self.most_bytes && !self.kept.is_empty() {
            self.forget(self.used_bytes + self.kept_bytes - self.most_bytes);
        }
        (start, moved)
    }

    /// Gives the oldest kept block back to the system, or of a large one no more pages than hold so many bytes.
    fn forget(&mut self, bytes: usize) {
        let oldest = &mut self.kept[0];
        let gone = if oldest.bytes > HUGE { oldest.bytes.min(bytes.div_ceil(HUGE).saturating_mul(HUGE)) } else { oldest.bytes };
        oldest.bytes -= gone;
        self.kept_bytes -= gone;
        // SAFETY: a kept block or its end, which nobody refers to.
        unsafe { libc::munmap(oldest.start.add(oldest.bytes).cast(), gone) };
        if oldest.bytes == 0 {
            self.kept.remove(0);
        }
    }

    /// Fills a new block with the last pages of kept ones, the oldest first. How many bytes of it. The pages of a block stay in their order:
    /// then they are one mapping again, of which a process has a limited number.
    fn move_kept(&mut self, start: *mut u8, bytes: usize) -> usize {
        let (mut moved, mut gone) = (0, 0);
        'blocks: for block in self.kept.iter_mut().filter(|block| block.bytes >= HUGE) {
            let taken = block.bytes.min(bytes - moved);
            let (rest, end) = (block.bytes - taken, block.bytes);
            for at in (rest..end).step_by(HUGE) {
                // SAFETY: the next page of a kept block, and a page of the new block that nobody has written to.
                if unsafe { move_page(block.start.add(at), start.add(moved)) } {
                    (moved, block.bytes) = (moved + HUGE, rest);
                    continue;
                }
                if at > rest {
                    // SAFETY: the end of a block, behind pages that have moved.
                    unsafe { libc::munmap(block.start.add(at).cast(), end - at) };
                    gone += end - at;
                }
                break 'blocks;
            }
        }
        self.kept.retain(|block| block.bytes > 0);
        self.kept_bytes -= moved + gone;
        moved
    }

    pub fn give(&mut self, block: Block) {
        if self.kept.len() == MOST_KEPT {
            self.forget(usize::MAX);
        }
        self.used_bytes -= block.bytes;
        self.kept_bytes += block.bytes;
        self.kept.push(block);
    }
}
