//! The allocator of this crate: large blocks lie on huge pages and are kept for reuse, because fresh pages cost as much as a transform.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::{Mutex, MutexGuard};

use crate::store::{Block, Store, block_size};

/// Smaller blocks are left to the system's allocator.
const LARGE: usize = 256 << 10;

static STORE: Mutex<Store> = Mutex::new(Store::new());

fn store() -> MutexGuard<'static, Store> {
    STORE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The store while this process is being doubled, so that no other thread holds it in the new one, where that thread does not exist.
struct Doubling(UnsafeCell<Option<MutexGuard<'static, Store>>>);

// SAFETY: used by the thread that forks alone, while it holds the store.
unsafe impl Sync for Doubling {}

static DOUBLING: Doubling = Doubling(UnsafeCell::new(None));

extern "C" fn hold() {
    let held = store();
    // SAFETY: whoever holds the store writes this alone.
    unsafe { *DOUBLING.0.get() = Some(held) };
}

extern "C" fn let_go() {
    // SAFETY: this thread has held the store since `hold`.
    let held = unsafe { (*DOUBLING.0.get()).take() };
    drop(held);
}

/// Once in a process.
pub fn survive_forks() {
    // SAFETY: the three do nothing but take and give back a lock.
    unsafe { libc::pthread_atfork(Some(hold), Some(let_go), Some(let_go)) };
}

pub struct Allocator;

// SAFETY: large blocks are mappings of at least the asked size, on page boundaries; the list of kept blocks is small (MOST_KEPT) and so
// never comes back here while it is locked.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE {
            return unsafe { System.alloc(layout) };
        }
        store().take(block_size(layout.size())).0
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE {
            return unsafe { System.alloc_zeroed(layout) };
        }
        let (start, written) = store().take(block_size(layout.size()));
        unsafe { start.write_bytes(0, written.min(layout.size())) };
        start
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

/// Nothing if the system does not give so much.
pub fn zeros(length: usize) -> Option<Vec<u32>> {
    let layout = Layout::array::<u32>(length).ok().filter(|layout| layout.size() > 0);
    let Some(layout) = layout else { return (length == 0).then(Vec::new) };
    // SAFETY: a block of this layout, whose words are all written.
    unsafe {
        let start: *mut u32 = std::alloc::alloc_zeroed(layout).cast();
        (!start.is_null()).then(|| Vec::from_raw_parts(start, length, length))
    }
}
