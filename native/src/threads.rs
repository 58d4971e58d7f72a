//! Work shared among a fixed number of threads: each takes the next item until none is left.
use std::sync::Mutex;

pub fn share<I: Send>(threads: usize, items: impl Iterator<Item = I> + Send, work: impl Fn(I) + Sync) {
    if threads <= 1 {
        items.for_each(work);
        return;
    }
    let queue = Mutex::new(items);
    let next = || queue.lock().expect("no worker panics while it holds the queue").next();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(item) = next() {
                    work(item);
                }
            });
        }
    });
}
