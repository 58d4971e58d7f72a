//! The allocator of this crate: large blocks lie on huge pages and are kept for reuse, because fresh pages cost as much as a transform.
//!
//! What is kept and what is in use together never exceed the most that has been in use at once.
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;

/// Smaller blocks are left to the system's allocator.
const LARGE: usize = 256 << 10;
const HUGE: usize = 2 << 20;

/// Large blocks come in a few sizes only, so that they fit again: four steps between powers of two.
fn block_size(bytes: usize) -> usize {
    bytes.next_multiple_of(bytes.next_power_of_two() / 8)
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

struct Block {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: a kept block belongs to the store alone.
unsafe impl Send for Block {}

struct Store {
    kept: Vec<Block>,
    kept_bytes: usize,
    used_bytes: usize,
    most_bytes: usize,
}

impl Store {
    fn take(&mut self, bytes: usize) -> Option<Block> {
        self.used_bytes += bytes;
        self.most_bytes = self.most_bytes.max(self.used_bytes);
        let found = self.kept.iter().rposition(|block| block.bytes == bytes).map(|index| self.kept.remove(index));
        self.kept_bytes -= found.as_ref().map_or(0, |block| block.bytes);
        while self.used_bytes + self.kept_bytes > self.most_bytes && !self.kept.is_empty() {
            let oldest = self.kept.remove(0);
            self.kept_bytes -= oldest.bytes;
            // SAFETY: a whole mapping that nobody refers to.
            unsafe { libc::munmap(oldest.start.cast(), oldest.bytes) };
        }
        found
    }

    fn give(&mut self, block: Block) {
        self.used_bytes -= block.bytes;
        self.kept_bytes += block.bytes;
        self.kept.push(block);
    }
}

static STORE: Mutex<Store> = Mutex::new(Store { kept: Vec::new(), kept_bytes: 0, used_bytes: 0, most_bytes: 0 });

fn store() -> std::sync::MutexGuard<'static, Store> {
    STORE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub struct Allocator;

// SAFETY: large blocks are mappings of at least the asked size, on page boundaries; the list of kept blocks is small and so never comes
// back here while it is locked.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE {
            return unsafe { System.alloc(layout) };
        }
        let bytes = block_size(layout.size());
        let kept = store().take(bytes);
        kept.map_or_else(|| map(bytes), |block| block.start)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE {
            return unsafe { System.alloc_zeroed(layout) };
        }
        let bytes = block_size(layout.size());
        let Some(block) = store().take(bytes) else { return map(bytes) };
        unsafe { block.start.write_bytes(0, layout.size()) };
        block.start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if layout.size() < LARGE {
            return unsafe { System.dealloc(start, layout) };
        }
        store().give(Block { start, bytes: block_size(layout.size()) });
    }
}

/// A vector whose contents are unspecified until they are written.
pub fn unwritten<T: Copy>(length: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(length);
    // SAFETY: used for field elements only, for which every bit pattern is a value, and written before it is read.
    #[allow(clippy::uninit_vec)]
    unsafe {
        values.set_len(length)
    };
    values
}
