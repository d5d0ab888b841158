//! Says in the file's metadata (XMP) that it is a Factur-X invoice: four properties and the schema that describes them.
//!
//! krilla writes the metadata of PDF/A and PDF/UA and has no door for more. What it wrote is opened here once: the metadata stream is
//! replaced by a longer one and the places of what follows it in the cross-reference table move. Whatever looks otherwise than
//! expected is a fault, never a broken file.

use crate::check::Fault;

const SCHEMA: &str = concat!(
    "<rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>",
    "<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>",
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>",
);
const PROPERTIES: [(&str, &str, &str); 4] = [
    ("DocumentFileName", "The name of the embedded XML document", super::ATTACHMENT),
    ("DocumentType", "The type of the hybrid document in capital letters", "INVOICE"),
    ("Version", "The actual version of the standard applying to the embedded XML document", "1.0"),
    ("ConformanceLevel", "The conformance level of the embedded XML document", "EN 16931"),
];

/// The packet with the invoice's properties.
fn extended(packet: &str) -> Option<String> {
    let bag = packet.find("<pdfaExtension:schemas>")?;
    let bag_end = bag + packet[bag..].find("</rdf:Bag></pdfaExtension:schemas>")?;
    let end = packet.rfind("</rdf:Description>")?;
    let mut out = String::with_capacity(packet.len() + 2048);
    out.push_str(&packet[..bag_end]);
    out.push_str(SCHEMA);
    for (name, about, _) in PROPERTIES {
        out.push_str("<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>");
        out.push_str(name);
        out.push_str("</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>");
        out.push_str("<pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>");
        out.push_str(about);
        out.push_str("</pdfaProperty:description></rdf:li>");
    }
    out.push_str("</rdf:Seq></pdfaSchema:property></rdf:li>");
    out.push_str(&packet[bag_end..end]);
    for (name, _, value) in PROPERTIES {
        let space = "xmlns:fx=\"urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#\"";
        out.push_str(&format!("<fx:{name} {space}>{value}</fx:{name}>"));
    }
    out.push_str(&packet[end..]);
    Some(out)
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|w| w == what).map(|at| from + at)
}

fn find_last(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|w| w == what)
}

/// The file with the invoice's properties in its metadata.
///
/// # Errors
/// The file has another form than krilla gives it.
pub(super) fn say_invoice(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    rewritten(bytes).ok_or_else(|| Fault::Write("the metadata has an unknown form".into()))
}

fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let kind = find_last(bytes, b"/Type /Metadata").or_else(|| find_last(bytes, b"/Type/Metadata"))?;
    let head = find_last(&bytes[..kind], b" obj")?;
    let start = find(bytes, b"stream\n", kind)? + "stream\n".len();
    let end = find(bytes, b"\nendstream", start)?;
    let packet = extended(std::str::from_utf8(&bytes[start..end]).ok()?)?;
    let dictionary = std::str::from_utf8(&bytes[head..start]).ok()?;
    let old = format!("/Length {}", end - start);
    if dictionary.matches(&old).count() != 1 {
        return None;
    }
    let dictionary = dictionary.replace(&old, &format!("/Length {}", packet.len()));
    let mut out = Vec::with_capacity(bytes.len() + packet.len());
    out.extend_from_slice(&bytes[..head]);
    out.extend_from_slice(dictionary.as_bytes());
    out.extend_from_slice(packet.as_bytes());
    let moved = out.len().checked_sub(end)?;
    out.extend_from_slice(&bytes[end..]);
    // The table at the end: what came after the metadata moved.
    let mark = find_last(&out, b"startxref\n")? + "startxref\n".len();
    let mark_end = find(&out, b"\n", mark)?;
    let table: usize = std::str::from_utf8(&out[mark..mark_end]).ok()?.trim().parse().ok()?;
    let table = table + moved;
    if !out.get(table..)?.starts_with(b"xref\n") {
        return None;
    }
    let rows = find(&out, b"\n", table + "xref\n".len())? + 1;
    for row in out[rows..mark].chunks_exact_mut(20).take_while(|row| row[..10].iter().all(u8::is_ascii_digit)) {
        let place: usize = std::str::from_utf8(&row[..10]).ok()?.parse().ok()?;
        if row[17] == b'n' && place > head {
            row[..10].copy_from_slice(format!("{:010}", place + moved).as_bytes());
        }
    }
    out.splice(mark..mark_end, table.to_string().into_bytes());
    Some(out)
}
