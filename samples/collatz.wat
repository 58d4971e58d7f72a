;; For every number from 1 to n (the first two bytes of the input) counts the Collatz steps down to 1; the number that takes longest
;; and its steps are written as two little-endian words.
(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (memory (export "memory") 1)

  (func $steps (param $value i32) (result i32) (local $count i32)
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $value) (i32.const 1)))
        (local.set $value
          (if (result i32) (i32.and (local.get $value) (i32.const 1))
            (then (i32.add (i32.mul (local.get $value) (i32.const 3)) (i32.const 1)))
            (else (i32.shr_u (local.get $value) (i32.const 1)))))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $next)))
    (local.get $count))

  (func (export "_start") (local $number i32) (local $count i32)
    (drop (call $read (i32.const 16) (i32.const 2)))
    (local.set $number (i32.load16_u (i32.const 16)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $number)))
        (local.set $count (call $steps (local.get $number)))
        (if (i32.ge_u (local.get $count) (i32.load (i32.const 4)))
          (then
            (i32.store (i32.const 0) (local.get $number))
            (i32.store (i32.const 4) (local.get $count))))
        (local.set $number (i32.sub (local.get $number) (i32.const 1)))
        (br $next)))
    (call $write (i32.const 0) (i32.const 8))))
