//! Lists the kernels of native/ that do without Python, for src/bin/kernels.rs to compile them in.
use std::fmt::Write;
use std::path::Path;

fn main() {
    let here = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where");
    let folder = Path::new(&here).join("../../native/src").canonicalize().expect("native/ lies two folders up");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let mut modules = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        if name != "lib" && !text.contains("pyo3") {
            writeln!(modules, "#[allow(dead_code, clippy::all)]\n#[path = {path:?}]\nmod {name};").expect("strings grow");
        }
    }
    let out = std::env::var("OUT_DIR").expect("cargo says where");
    std::fs::write(Path::new(&out).join("native.rs"), modules).expect("the folder for output is writable");
}
