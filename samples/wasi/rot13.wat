;; A filter as a C program would be compiled: reads standard input with fd_read, writes standard output with fd_write, ends with proc_exit.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $turned (param $byte i32) (result i32) (local $letter i32)
    (local.set $letter (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)))
    (if (i32.ge_u (local.get $letter) (i32.const 26)) (then (return (local.get $byte))))
    (i32.add (local.get $byte)
      (select (i32.const 13) (i32.const -13) (i32.lt_u (local.get $letter) (i32.const 13)))))
  (func (export "_start") (local $place i32) (local $end i32)
    (loop $again
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 60))
      (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 1))))
      (if (i32.load (i32.const 8)) (then
        (local.set $place (i32.const 1024))
        (local.set $end (i32.add (local.get $place) (i32.load (i32.const 8))))
        (loop $next
          (i32.store8 (local.get $place) (call $turned (i32.load8_u (local.get $place))))
          (br_if $next (i32.lt_u (local.tee $place (i32.add (local.get $place) (i32.const 1))) (local.get $end))))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 2))))
        (br $again))))
    (call $exit (i32.const 7))))
