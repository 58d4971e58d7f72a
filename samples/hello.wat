;; Writes the input back in capitals, 64 bytes at a time.
(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "HELLO, ")

  (func $capital (param $byte i32) (result i32)
    (select
      (i32.sub (local.get $byte) (i32.const 32))
      (local.get $byte)
      (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))))

  (func (export "_start") (local $count i32) (local $at i32)
    (call $write (i32.const 0) (i32.const 7))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.tee $count (call $read (i32.const 64) (i32.const 64)))))
        (local.set $at (i32.const 64))
        (loop $byte
          (i32.store8 (local.get $at) (call $capital (i32.load8_u (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $byte (i32.lt_u (local.get $at) (i32.add (local.get $count) (i32.const 64)))))
        (call $write (i32.const 64) (local.get $count))
        (br $next)))))
