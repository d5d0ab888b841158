//! Names and titles in ten scripts, each with its Latin form.
//!
//! Titles are "A and B" of plain nouns, which every language here can say without inflecting them. Latin forms follow the
//! usual romanisation of each script, without claim to scholarly exactness.

/// How many scripts.
pub(super) const SCRIPTS: usize = 10;
/// Nouns of each script.
const NOUNS: usize = 16;

/// Native and Latin form.
type Word = (&'static str, &'static str);

/// Words of one script.
pub(super) struct Script {
    and: Word,
    nouns: [Word; NOUNS],
    given: [Word; 6],
    family: [Word; 6],
    /// Family name first, without a space in the native form.
    eastern: bool,
}

impl Script {
    /// Scripts take turns.
    pub(super) fn of(i: usize) -> &'static Self {
        &ALL[i % SCRIPTS]
    }

    /// The name of a person; different for the first 36 numbers, then with a numeral.
    pub(super) fn person(&self, i: usize) -> (String, String) {
        let given = self.given[i % 6];
        let family = self.family[(i / 6 + i) % 6];
        let again = numeral(i / 36);
        if self.eastern {
            (format!("{}{}{again}", family.0, given.0), format!("{} {}{again}", family.1, given.1))
        } else {
            (format!("{} {}{again}", given.0, family.0), format!("{} {}{again}", given.1, family.1))
        }
    }

    /// A title; different for the first 240 numbers, then with a numeral.
    pub(super) fn title(&self, i: usize) -> (String, String) {
        let pairs = NOUNS * (NOUNS - 1);
        // A step that shares no factor with the number of pairs visits every pair before the first returns.
        let pair = i * 77 % pairs;
        let a = pair / (NOUNS - 1);
        let b = pair % (NOUNS - 1);
        let b = if b >= a { b + 1 } else { b };
        let again = numeral(i / pairs);
        let join =
            |f: fn(&Word) -> &'static str| format!("{}{}{}{again}", f(&self.nouns[a]), f(&self.and), f(&self.nouns[b]));
        (join(|w| w.0), capital(&join(|w| w.1)))
    }
}

fn numeral(times: usize) -> String {
    if times == 0 { String::new() } else { format!(" {}", times + 1) }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

const fn same(word: &'static str) -> Word {
    (word, word)
}

#[rustfmt::skip]
static ALL: [Script; SCRIPTS] = [
    // English.
    Script { eastern: false, and: same(" and "),
        nouns: [same("Light"), same("Sea"), same("Stone"), same("Snow"), same("Wind"), same("Moon"), same("River"), same("Fire"), same("Night"), same("Garden"), same("Rain"), same("Star"), same("Bird"), same("Bread"), same("Winter"), same("Road")],
        given: [same("Ada"), same("Miles"), same("Ivy"), same("Jonah"), same("Pearl"), same("Rufus")],
        family: [same("Hollis"), same("Marlowe"), same("Quill"), same("Ashdown"), same("Thorne"), same("Winslow")] },
    // Icelandic, Polish, Czech letters: Latin with diacritics.
    Script { eastern: false, and: same(" og "),
        nouns: [same("Ljós"), same("Sjór"), same("Steinn"), same("Snjór"), same("Vindur"), same("Tungl"), same("Á"), same("Eldur"), same("Nótt"), same("Garður"), same("Regn"), same("Stjarna"), same("Fugl"), same("Brauð"), same("Vetur"), same("Vegur")],
        given: [same("Þóra"), same("Zbyněk"), same("Łucja"), same("Çağla"), same("Björn"), same("Inês")],
        family: [same("Sæmundsdóttir"), same("Dvořáček"), same("Wiśniewska"), same("Öztürk"), same("Ångström"), same("Gonçalves")] },
    Script { eastern: false, and: (" و", " wa-"),
        nouns: [("نور", "nur"), ("بحر", "bahr"), ("حجر", "hajar"), ("ثلج", "thalj"), ("ريح", "rih"), ("قمر", "qamar"), ("نهر", "nahr"), ("نار", "nar"), ("ليل", "layl"), ("حديقة", "hadiqa"), ("مطر", "matar"), ("نجم", "najm"), ("طائر", "ta'ir"), ("خبز", "khubz"), ("شتاء", "shita'"), ("طريق", "tariq")],
        given: [("ليلى", "Layla"), ("سامي", "Sami"), ("نور", "Nour"), ("كريم", "Karim"), ("هدى", "Huda"), ("يوسف", "Yusuf")],
        family: [("حداد", "Haddad"), ("نجار", "Najjar"), ("خوري", "Khoury"), ("منصور", "Mansour"), ("سالم", "Salem"), ("درويش", "Darwish")] },
    Script { eastern: false, and: (" ו", " ve-"),
        nouns: [("אור", "or"), ("ים", "yam"), ("אבן", "even"), ("שלג", "sheleg"), ("רוח", "ruach"), ("ירח", "yareach"), ("נהר", "nahar"), ("אש", "esh"), ("לילה", "laila"), ("גן", "gan"), ("גשם", "geshem"), ("כוכב", "kochav"), ("ציפור", "tzipor"), ("לחם", "lechem"), ("חורף", "choref"), ("דרך", "derech")],
        given: [("נועה", "Noa"), ("איתן", "Eitan"), ("תמר", "Tamar"), ("יונתן", "Yonatan"), ("מאיה", "Maya"), ("אורי", "Uri")],
        family: [("כהן", "Cohen"), ("ברק", "Barak"), ("שפירא", "Shapira"), ("גולן", "Golan"), ("אלמוג", "Almog"), ("רוזן", "Rosen")] },
    Script { eastern: false, and: (" и ", " i "),
        nouns: [("свет", "svet"), ("море", "more"), ("камень", "kamen"), ("снег", "sneg"), ("ветер", "veter"), ("луна", "luna"), ("река", "reka"), ("огонь", "ogon"), ("ночь", "noch"), ("сад", "sad"), ("дождь", "dozhd"), ("звезда", "zvezda"), ("птица", "ptitsa"), ("хлеб", "khleb"), ("зима", "zima"), ("дорога", "doroga")],
        given: [("Анна", "Anna"), ("Михаил", "Mikhail"), ("Ольга", "Olga"), ("Лев", "Lev"), ("Вера", "Vera"), ("Павел", "Pavel")],
        family: [("Лебеденко", "Lebedenko"), ("Гончар", "Gonchar"), ("Шевчук", "Shevchuk"), ("Мельник", "Melnik"), ("Бондарь", "Bondar"), ("Ткач", "Tkach")] },
    Script { eastern: false, and: (" και ", " kai "),
        nouns: [("φως", "fos"), ("θάλασσα", "thalassa"), ("πέτρα", "petra"), ("χιόνι", "chioni"), ("άνεμος", "anemos"), ("φεγγάρι", "fengari"), ("ποτάμι", "potami"), ("φωτιά", "fotia"), ("νύχτα", "nychta"), ("κήπος", "kipos"), ("βροχή", "vrochi"), ("αστέρι", "asteri"), ("πουλί", "pouli"), ("ψωμί", "psomi"), ("χειμώνας", "cheimonas"), ("δρόμος", "dromos")],
        given: [("Ελένη", "Eleni"), ("Νίκος", "Nikos"), ("Μαρία", "Maria"), ("Γιώργος", "Giorgos"), ("Σοφία", "Sofia"), ("Άρης", "Aris")],
        family: [("Βλάχου", "Vlachou"), ("Κόκκινος", "Kokkinos"), ("Λιβάνη", "Livani"), ("Μαύρος", "Mavros"), ("Ράπτη", "Rapti"), ("Σταθάς", "Stathas")] },
    Script { eastern: false, and: (" और ", " aur "),
        nouns: [("प्रकाश", "prakash"), ("सागर", "sagar"), ("पत्थर", "patthar"), ("हिम", "him"), ("पवन", "pavan"), ("चाँद", "chand"), ("नदी", "nadi"), ("अग्नि", "agni"), ("रात", "rat"), ("बाग", "bag"), ("वर्षा", "varsha"), ("तारा", "tara"), ("पक्षी", "pakshi"), ("रोटी", "roti"), ("शीत", "sheet"), ("मार्ग", "marg")],
        given: [("मीरा", "Mira"), ("अर्जुन", "Arjun"), ("कविता", "Kavita"), ("रोहन", "Rohan"), ("सीता", "Sita"), ("देव", "Dev")],
        family: [("शर्मा", "Sharma"), ("वर्मा", "Varma"), ("जोशी", "Joshi"), ("मिश्रा", "Mishra"), ("नायर", "Nair"), ("राव", "Rao")] },
    Script { eastern: false, and: ("และ", " lae "),
        nouns: [("แสง", "saeng"), ("ทะเล", "thale"), ("หิน", "hin"), ("หิมะ", "hima"), ("ลม", "lom"), ("จันทร์", "chan"), ("แม่น้ำ", "maenam"), ("ไฟ", "fai"), ("ราตรี", "ratri"), ("สวน", "suan"), ("ฝน", "fon"), ("ดาว", "dao"), ("นก", "nok"), ("ขนมปัง", "khanompang"), ("ฤดูหนาว", "ruedu nao"), ("ถนน", "thanon")],
        given: [("มาลี", "Mali"), ("สมชาย", "Somchai"), ("อรุณ", "Arun"), ("ดาริน", "Darin"), ("กานต์", "Kan"), ("พิมพ์", "Phim")],
        family: [("ใจดี", "Chaidi"), ("ทองคำ", "Thongkham"), ("สุขสม", "Suksom"), ("แก้วใส", "Kaeosai"), ("วงศ์ไทย", "Wongthai"), ("ศรีงาม", "Si-ngam")] },
    Script { eastern: true, and: ("と", " to "),
        nouns: [("光", "hikari"), ("海", "umi"), ("石", "ishi"), ("雪", "yuki"), ("風", "kaze"), ("月", "tsuki"), ("川", "kawa"), ("火", "hi"), ("夜", "yoru"), ("庭", "niwa"), ("雨", "ame"), ("星", "hoshi"), ("鳥", "tori"), ("パン", "pan"), ("冬", "fuyu"), ("道", "michi")],
        given: [("葵", "Aoi"), ("健", "Ken"), ("美咲", "Misaki"), ("翔", "Sho"), ("さくら", "Sakura"), ("蓮", "Ren")],
        family: [("小林", "Kobayashi"), ("森", "Mori"), ("石川", "Ishikawa"), ("藤田", "Fujita"), ("高橋", "Takahashi"), ("西村", "Nishimura")] },
    Script { eastern: true, and: ("与", " yu "),
        nouns: [("光", "guang"), ("海", "hai"), ("石", "shi"), ("雪", "xue"), ("风", "feng"), ("月", "yue"), ("河", "he"), ("火", "huo"), ("夜", "ye"), ("园", "yuan"), ("雨", "yu"), ("星", "xing"), ("鸟", "niao"), ("面包", "mianbao"), ("冬", "dong"), ("路", "lu")],
        given: [("雅", "Ya"), ("明", "Ming"), ("静", "Jing"), ("伟", "Wei"), ("兰", "Lan"), ("涛", "Tao")],
        family: [("林", "Lin"), ("陈", "Chen"), ("周", "Zhou"), ("吴", "Wu"), ("郑", "Zheng"), ("何", "He")] },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn titles_and_people_do_not_repeat() {
        for (i, script) in ALL.iter().enumerate() {
            let titles: BTreeSet<_> = (0..600).map(|n| script.title(n)).collect();
            assert_eq!(titles.len(), 600, "script {i}");
            let people: BTreeSet<_> = (0..80).map(|n| script.person(n).1).collect();
            assert_eq!(people.len(), 80, "script {i}");
        }
    }

    #[test]
    fn forms_stand_side_by_side() {
        assert_eq!(ALL[8].title(0), ("光と海".into(), "Hikari to umi".into()));
        assert_eq!(ALL[2].person(0), ("ليلى حداد".into(), "Layla Haddad".into()));
        assert_eq!(ALL[0].title(240).0, "Light and Sea 2");
    }
}
