//! An address as it is written on a parcel, and on a document.

use crate::data::{Row, of_letter};
use crate::form::Region;
use crate::{Address, Field, postcode_of, region_of};

/// The lines of an envelope, the country last, without empty ones. An address in Latin script is written in the order the country
/// has for that. Nothing is checked: what is missing is left out, with the signs around it.
pub fn lines(country: &str, address: &Address) -> Vec<String> {
    let row = Row::of(country);
    let name = if row.name.is_empty() { country.trim().to_uppercase() } else { row.name.to_owned() };
    written_out(row, country, address, name, true)
}

/// The lines of an address as it was typed for a letter or an invoice: in the order of the country's envelopes but without their
/// capitals, which are for machines that sort; the country's name as it is given. Regions and postcodes are put right where they are
/// known.
pub fn letter(country: &str, typed: &Address, name: &str) -> Vec<String> {
    let row = Row::of(country);
    let mut address = typed.clone();
    if let Some(postcode) = postcode_of(country, &typed.postcode) {
        address.postcode = postcode;
    }
    written_out(row, country, &address, name.to_owned(), false)
}

fn written_out(row: &Row, country: &str, address: &Address, name: String, capitals: bool) -> Vec<String> {
    let region = region_of(country, &address.region);
    let latin = !Field::ALL.into_iter().any(|f| f != Field::Region && own_script(address.get(f)));
    let text = |field: Field| {
        let text = match (field, region) {
            (Field::Region, Some(region)) if latin => latin_name(&region),
            (Field::Region, Some(region)) => region.envelope,
            _ => address.get(field).trim(),
        };
        if capitals && row.capitals(field) { text.to_uppercase() } else { text.to_owned() }
    };
    let template = row.latin.filter(|_| latin).unwrap_or(row.template);
    let mut lines: Vec<String> = template.split("%n").flat_map(|line| written(line, &text)).collect();
    lines.push(name);
    lines.retain(|line| !line.is_empty());
    lines
}

/// In Latin script; what stands on envelopes if that is Latin already, for codes are shorter than names.
fn latin_name(region: &Region) -> &'static str {
    if own_script(region.envelope) { region.latin } else { region.envelope }
}

/// Has a letter of another script than Latin.
fn own_script(text: &str) -> bool {
    text.chars().any(|c| c.is_alphabetic() && c > '\u{24f}' && !('\u{1e00}'..='\u{1eff}').contains(&c))
}

/// One line of a template. Signs between two fields stand only if there is something on both sides, signs at an end only beside
/// something; a line of signs alone stands.
fn written(template: &str, text: &dyn Fn(Field) -> String) -> Vec<String> {
    let mut line = String::new();
    // Signs that wait for what follows them, and whether fields were passed that are empty.
    let (mut waiting, mut passed, mut fields) = ("", false, 0);
    let mut rest = template;
    while !rest.is_empty() {
        let at = rest.find('%').unwrap_or(rest.len());
        let (signs, after) = rest.split_at(at);
        if !signs.is_empty() && (waiting.is_empty() || !passed) {
            // After an empty beginning nothing is parted any more.
            waiting = if passed && line.is_empty() { "" } else { signs };
        }
        let Some(letter) = after.chars().nth(1) else { break };
        rest = &after[1 + letter.len_utf8()..];
        let filled: Vec<String> = of_letter(letter).iter().map(|f| text(*f)).filter(|t| !t.is_empty()).collect();
        fields += 1;
        if filled.is_empty() {
            passed = true;
            if line.is_empty() {
                waiting = "";
            }
            continue;
        }
        line.push_str(waiting);
        line.push_str(&filled.join("\n"));
        (waiting, passed) = ("", false);
    }
    // Signs at the end stand beside the field before them, or alone.
    if !passed && (fields == 0 || !line.is_empty()) {
        line.push_str(waiting);
    }
    line.split('\n').map(|l| l.trim().to_owned()).collect()
}
