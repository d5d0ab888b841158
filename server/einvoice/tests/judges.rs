mod common;
#[test]
fn dump() {
    let dir = std::path::Path::new("/tmp/einv/out");
    std::fs::create_dir_all(dir).unwrap();
    let fonts = vitrine_einvoice::Fonts::built_in().unwrap();
    for (name, doc) in common::expressible_ones().into_iter().chain(common::others()) {
        let at = std::time::Instant::now();
        let pdf = vitrine_einvoice::pdf(&doc, &common::labels(&doc.language), &fonts).unwrap_or_else(|e| panic!("{name}: {e}"));
        println!("{name} {:?} {} {:?} {:?}", at.elapsed(), pdf.bytes.len(), pdf.replaced, pdf.without_xml);
        std::fs::write(dir.join(format!("{name}.pdf")), pdf.bytes).unwrap();
    }
}
