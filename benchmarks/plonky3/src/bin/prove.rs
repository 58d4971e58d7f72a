//! Proves the benchmark machine with p3-batch-stark, once for every line on standard input; answers with seconds.
use p3_batch_stark::{ProverData, StarkInstance, prove_batch, verify_batch};
use yardstick::machine::machine;
use yardstick::setup::{Parameters, config};
use yardstick::{arguments, seconds, serve};

fn main() {
    let [threads, log_rows, chips, triples, log_blowup, queries, log_arity, log_cap, grinding, batch_grinding, log_final] =
        arguments("prove THREADS LOG_ROWS CHIPS TRIPLES LOG_BLOWUP QUERIES LOG_ARITY LOG_CAP GRINDING BATCH_GRINDING LOG_FINAL");
    let config = config(&Parameters { log_blowup, queries, log_arity, log_cap, grinding, batch_grinding, log_final });
    let (airs, tables) = machine(log_rows, chips, triples);
    let statements = vec![Vec::new(); airs.len()];
    let tables: Vec<_> = tables.iter().collect();
    let instances = StarkInstance::new_multiple(&airs, &tables, &statements);
    let data = ProverData::from_instances(&config, &instances).expect("the fixed columns can be committed to");
    let mut checked = false;
    serve(|_| {
        let (time, proof) = seconds(threads, || prove_batch(&config, &instances, &data).expect("the tables satisfy the constraints"));
        if !std::mem::replace(&mut checked, true) {
            verify_batch(&config, &airs, &proof, &statements, &data.common).expect("the proof is good");
        }
        format!("{time}")
    });
}
