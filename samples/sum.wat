;; Adds up the decimal numbers of the input (anything that is not a digit separates them) and writes the sum in decimal, modulo 2^32.
(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (global $total (mut i32) (i32.const 0))

  (func $take (param $from i32) (param $to i32) (local $number i32) (local $digit i32)
    (loop $next
      (if (i32.lt_u (local.get $from) (local.get $to))
        (then
          (local.set $digit (i32.sub (i32.load8_u (local.get $from)) (i32.const 48)))
          (if (i32.lt_u (local.get $digit) (i32.const 10))
            (then (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit))))
            (else
              (global.set $total (i32.add (global.get $total) (local.get $number)))
              (local.set $number (i32.const 0))))
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (br $next))))
    (global.set $total (i32.add (global.get $total) (local.get $number))))

  ;; Writes the digits backwards from address 16.
  (func $print (param $value i32) (local $at i32)
    (local.set $at (i32.const 16))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
      (br_if $next (local.tee $value (i32.div_u (local.get $value) (i32.const 10)))))
    (call $write (local.get $at) (i32.sub (i32.const 16) (local.get $at))))

  (func (export "_start")
    (call $take (i32.const 32) (i32.add (i32.const 32) (call $read (i32.const 32) (i32.const 60000))))
    (call $print (global.get $total))))
