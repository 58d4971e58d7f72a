;; The sieve of Eratosthenes below n (the first four bytes of the input, at most a million): writes the number of primes as a word.
(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (memory (export "memory") 17)
  (global $base i32 (i32.const 1024))

  (func $strike (param $prime i32) (param $end i32) (local $at i32)
    (local.set $at (i32.mul (local.get $prime) (local.get $prime)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (i32.store8 (i32.add (global.get $base) (local.get $at)) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (local.get $prime)))
        (br $next))))

  (func (export "_start") (local $end i32) (local $number i32) (local $count i32)
    (drop (call $read (i32.const 0) (i32.const 4)))
    (local.set $end (i32.load (i32.const 0)))
    (if (i32.gt_u (local.get $end) (i32.const 1000000)) (then (local.set $end (i32.const 1000000))))
    (local.set $number (i32.const 2))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (local.get $end)))
        (if (i32.eqz (i32.load8_u (i32.add (global.get $base) (local.get $number))))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (if (i32.lt_u (local.get $number) (i32.const 1000))
              (then (call $strike (local.get $number) (local.get $end))))))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next)))
    (i32.store (i32.const 0) (local.get $count))
    (call $write (i32.const 0) (i32.const 4))))
