// FIRST COUNT: writes modules number FIRST to FIRST + COUNT - 1 to standard output, each behind its length as four little-endian bytes.
use std::io::Write;

use wasm_smith::{Config, Module};

fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..512 + seed % 8192).map(|_| next()).collect()
}

fn config() -> Config {
    Config {
        allow_start_export: false,
        bulk_memory_enabled: true,
        exceptions_enabled: false,
        export_everything: true,
        gc_enabled: false,
        max_funcs: 8,
        max_globals: 6,
        max_imports: 0,
        max_instructions: 400,
        max_memories: 1,
        max_memory32_bytes: 1 << 18,
        max_table_elements: 40,
        max_tables: 3,
        max_types: 8,
        memory64_enabled: false,
        memory_max_size_required: true,
        min_funcs: 1,
        multi_value_enabled: true,
        reference_types_enabled: true,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: false,
        threads_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        shared_everything_threads_enabled: false,
        extended_const_enabled: true,
        ..Config::default()
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).map(|text| text.parse().expect("two numbers")).collect();
    let mut out = std::io::stdout().lock();
    for seed in numbers[0]..numbers[0] + numbers[1] {
        let content = bytes(seed);
        let mut module = Module::new(config(), &mut arbitrary::Unstructured::new(&content)).expect("a module");
        module.ensure_termination(1000).expect("no such export");
        let wasm = module.to_bytes();
        out.write_all(&(wasm.len() as u32).to_le_bytes()).unwrap();
        out.write_all(&wasm).unwrap();
    }
}
