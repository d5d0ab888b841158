//! The fonts of documents: the built-in one, those of the operator's folder, else one for Chinese, Japanese and Korean that the system has.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use vitrine_einvoice::{Fault, Fonts, Weight};

/// Largest font that is read, bytes; whole scripts take up to 20 MB.
const MOST_FONT: u64 = 40 << 20;
/// Fonts of a folder at most.
const MOST_FONTS: usize = 32;
/// Where systems have fonts.
const SYSTEM: [&str; 2] = ["/usr/local/share/fonts", "/usr/share/fonts"];
/// As packages of systems call it (Debian `fonts-noto-cjk`, Alpine `font-noto-cjk`, Arch `noto-fonts-cjk`). Its licence, the SIL Open Font License, lets
/// subsets go into documents.
const CJK: &str = "NotoSansCJK-Regular.ttc";
/// Folders below one of the system's.
const DEEPEST: u32 = 3;

/// Fonts for letters that the built-in one lacks, from a folder; files that are none are told and passed over. Without a folder, `CJK` where the system
/// has it, read when it is first needed.
///
/// # Errors
/// The folder cannot be read.
pub fn fonts(folder: Option<&Path>) -> anyhow::Result<Fonts> {
    let mut fonts = Fonts::built_in()?;
    let Some(folder) = folder else {
        let roots: Vec<&Path> = SYSTEM.iter().map(Path::new).collect();
        return Ok(match installed(&roots) {
            Some(path) => late(fonts, path),
            None => fonts,
        });
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let is_font = |path: &Path| path.extension().is_some_and(|e| ["ttf", "otf", "ttc"].iter().any(|x| e == *x));
    for path in files.into_iter().filter(|path| is_font(path)).take(MOST_FONTS) {
        let Some(bytes) = read(&path) else { continue };
        let bold = path.file_stem().and_then(|s| s.to_str()).is_some_and(|s| s.to_lowercase().contains("bold"));
        match fonts.clone().with(bytes, 0, if bold { Weight::Bold } else { Weight::Regular }) {
            Ok(more) => fonts = more,
            Err(error) => told(&path, &error),
        }
    }
    Ok(fonts)
}

/// With a file that is read when a letter first needs it; one that is no font is told then, and passed over.
fn late(fonts: Fonts, path: PathBuf) -> Fonts {
    let named = path.clone();
    fonts.with_late(move || read(&path), move |error| told(&named, error))
}

fn told(path: &Path, error: &Fault) {
    tracing::warn!(path = %path.display(), %error, "a font cannot be read; passed over");
}

/// A font's file, unless it cannot be read or is too large, which is told.
fn read(path: &Path) -> Option<Vec<u8>> {
    let read = || {
        if std::fs::metadata(path)?.len() > MOST_FONT {
            return Err(std::io::Error::other("it is larger than 40 MB"));
        }
        std::fs::read(path)
    };
    read().inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a font is passed over")).ok()
}

/// Where [`CJK`] is below one of these folders.
fn installed(roots: &[&Path]) -> Option<PathBuf> {
    fn below(folder: &Path, deeper: u32) -> Option<PathBuf> {
        let own = folder.join(CJK);
        if own.is_file() {
            return Some(own);
        }
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(folder).ok()?.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
        folders.sort();
        folders.iter().filter(|_| deeper > 0).find_map(|folder| below(folder, deeper - 1))
    }
    roots.iter().find_map(|root| below(root, DEEPEST))
}

/// The built-in fonts, read once.
pub(super) fn default_fonts() -> Arc<Fonts> {
    static FONTS: OnceLock<Arc<Fonts>> = OnceLock::new();
    // They are part of the program: a test reads them.
    #[expect(clippy::expect_used, reason = "built in, and read by a test")]
    FONTS.get_or_init(|| Arc::new(Fonts::built_in().expect("the built-in font"))).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_font_is_found_by_its_name_in_its_folders() {
        let (none, has) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = has.path().join("opentype/noto");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("NotoSansCJK-Bold.ttc"), b"").unwrap();
        let roots = [Path::new("/nowhere"), none.path(), has.path()];
        assert_eq!(installed(&roots), None);
        std::fs::write(folder.join(CJK), b"").unwrap();
        assert_eq!(installed(&roots), Some(folder.join(CJK)));
        let deep = none.path().join("a/b/c/d");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join(CJK), b"").unwrap();
        assert_eq!(installed(&[none.path()]), None, "not through everything");
    }

    #[test]
    fn what_is_no_font_in_a_folder_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.ttf"), b"none").unwrap();
        std::fs::write(folder.path().join("b.txt"), b"none").unwrap();
        let read = || format!("{:?}", fonts(Some(folder.path())).unwrap());
        assert_eq!(read(), "Fonts(2)", "the built-in ones");
        // One that is a font, after those that are none, is among them.
        let hebrew = Path::new(env!("CARGO_MANIFEST_DIR")).join("einvoice/tests/fonts/NotoSansHebrew-Regular.ttf");
        std::fs::copy(hebrew, folder.path().join("c.ttf")).unwrap();
        assert_eq!(read(), "Fonts(3)");
        assert!(fonts(Some(Path::new("/nowhere"))).is_err());
    }
}
