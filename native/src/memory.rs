//! Large aligned buffers of field elements, on huge pages where the system gives them.
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ops::{Deref, DerefMut};

use p3_field::PrimeCharacteristicRing;

use crate::field::F;

const HUGE: usize = 2 << 20;

pub struct Buffer {
    start: *mut F,
    length: usize,
}

// SAFETY: a buffer owns its memory.
unsafe impl Send for Buffer {}
unsafe impl Sync for Buffer {}

impl Buffer {
    pub fn zeroed(length: usize) -> Self {
        let layout = Self::layout(length);
        // SAFETY: the layout is never empty; zero bytes are the field's zero.
        let start = unsafe { alloc_zeroed(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        debug_assert_eq!(F::ZERO, F::default());
        Self { start: start.cast(), length }
    }

    fn layout(length: usize) -> Layout {
        let bytes = (length * size_of::<F>()).max(64);
        Layout::from_size_align(bytes, 64).expect("a buffer fits the address space")
    }

    #[allow(dead_code)]
    fn advise(start: *mut u8, bytes: usize) {
        // SAFETY: advice changes no contents.
        unsafe { libc::madvise(start.cast(), bytes / HUGE * HUGE, libc::MADV_HUGEPAGE) };
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: allocated with this very layout.
        unsafe { dealloc(self.start.cast(), Self::layout(self.length)) };
    }
}

impl Deref for Buffer {
    type Target = [F];
    fn deref(&self) -> &[F] {
        // SAFETY: owned, initialised, of this length.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [F] {
        // SAFETY: owned, initialised, of this length.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }
}
