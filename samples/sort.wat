;; Sorts the bytes of the input by insertion and writes them.
(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (memory (export "memory") 1)

  (func $sort (param $count i32) (local $i i32) (local $j i32) (local $byte i32)
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (local.set $byte (i32.load8_u (local.get $i)))
        (local.set $j (local.get $i))
        (block $placed
          (loop $shift
            (br_if $placed (i32.eqz (local.get $j)))
            (br_if $placed (i32.le_u (i32.load8_u (i32.sub (local.get $j) (i32.const 1))) (local.get $byte)))
            (i32.store8 (local.get $j) (i32.load8_u (i32.sub (local.get $j) (i32.const 1))))
            (local.set $j (i32.sub (local.get $j) (i32.const 1)))
            (br $shift)))
        (i32.store8 (local.get $j) (local.get $byte))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $each))))

  (func (export "_start") (local $count i32)
    (local.set $count (call $read (i32.const 0) (i32.const 65536)))
    (call $sort (local.get $count))
    (call $write (i32.const 0) (local.get $count))))
