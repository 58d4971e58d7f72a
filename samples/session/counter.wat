;; A session: a number that events change. `add` answers with it, `say` writes it in decimal, with a sign and a line feed.
(module
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (memory 1)
  (global $number (mut i32) (i32.const 0))

  (func (export "add") (param $amount i32) (result i32)
    (global.set $number (i32.add (global.get $number) (local.get $amount)))
    (global.get $number))

  (func (export "reset")
    (global.set $number (i32.const 0)))

  (func (export "say") (local $place i32) (local $left i32)
    ;; the digits are put from the end of the line to its beginning
    (local.set $place (i32.const 31))
    (i32.store8 (i32.const 31) (i32.const 10))
    (local.set $left (select (i32.sub (i32.const 0) (global.get $number)) (global.get $number) (i32.lt_s (global.get $number) (i32.const 0))))
    (loop $digits
      (local.set $place (i32.sub (local.get $place) (i32.const 1)))
      (i32.store8 (local.get $place) (i32.add (i32.rem_u (local.get $left) (i32.const 10)) (i32.const 48)))
      (br_if $digits (local.tee $left (i32.div_u (local.get $left) (i32.const 10)))))
    (if (i32.lt_s (global.get $number) (i32.const 0))
      (then
        (local.set $place (i32.sub (local.get $place) (i32.const 1)))
        (i32.store8 (local.get $place) (i32.const 45))))
    (call $write (local.get $place) (i32.sub (i32.const 32) (local.get $place)))))
