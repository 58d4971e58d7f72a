//! Work shared among a fixed number of threads: each takes the next item until none is left.
use std::marker::PhantomData;
use std::sync::Mutex;

/// A slice that threads write to at disjoint places.
pub struct Shared<'a, T> {
    start: *mut T,
    length: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: `write` demands disjoint places.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T: Copy> Shared<'a, T> {
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len(), slice: PhantomData }
    }

    /// # Safety
    /// No two threads write the same place.
    pub unsafe fn write(&self, first: usize, values: &[T]) {
        assert!(first + values.len() <= self.length);
        unsafe { self.start.add(first).copy_from_nonoverlapping(values.as_ptr(), values.len()) };
    }
}

/// The calling thread is one of them; there are no more than items.
pub fn share<I: Send>(threads: usize, items: impl Iterator<Item = I> + Send, work: impl Fn(I) + Sync) {
    let threads = items.size_hint().1.map_or(threads, |most| threads.min(most));
    if threads <= 1 {
        items.for_each(work);
        return;
    }
    let queue = Mutex::new(items);
    let next = || queue.lock().expect("no worker panics while it holds the queue").next();
    let take = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| {
            scope.spawn(take);
        });
        take();
    });
}
