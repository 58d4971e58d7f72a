;; Fibonacci the slow way: the first byte of the input is n, the output is fib(n) as a little-endian word. The exit code is fib(n) mod 256.
(module
  (import "longrun" "read_input" (func $read (param i32 i32) (result i32)))
  (import "longrun" "write_output" (func $write (param i32 i32)))
  (import "longrun" "halt" (func $halt (param i32)))
  (memory (export "memory") 1)

  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func (export "_start")
    (drop (call $read (i32.const 8) (i32.const 1)))
    (i32.store (i32.const 0) (call $fib (i32.load8_u (i32.const 8))))
    (call $write (i32.const 0) (i32.const 4))
    (call $halt (i32.load8_u (i32.const 0)))))
