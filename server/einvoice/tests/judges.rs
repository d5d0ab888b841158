mod common;
#[test]
fn dump() {
    let dir = std::path::Path::new("/tmp/einv/out");
    std::fs::create_dir_all(dir).unwrap();
    for (name, doc) in common::expressible_ones() {
        std::fs::write(dir.join(format!("{name}.xml")), vitrine_einvoice::xml(&doc).unwrap_or_else(|e| panic!("{name}: {e}"))).unwrap();
    }
    for (name, doc) in common::others() { println!("{name} {:?}", vitrine_einvoice::xml(&doc)); }
}
