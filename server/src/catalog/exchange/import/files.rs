//! Files and pictures that rows name: looked at once in an import, kept by their content.

use super::*;

impl Importer {
    pub(super) async fn picture(&self, row: &PictureRow, kept: Option<&Image>) -> std::result::Result<Image, Fault> {
        let known = self.seen().pictures.entry(row.file.clone()).or_default().clone();
        // Rows are worked on side by side: that others name it too is known before it is there.
        known.named.fetch_add(1, Ordering::Relaxed);
        let mut image = known.image.get_or_try_init(|| self.new_picture(&row.file)).await?.clone();
        if known.named.load(Ordering::Relaxed) > 1 {
            self.seen().shared.insert(image.original.clone());
        }
        image.alt = row.alt.clone();
        // Renditions that jobs added since stay.
        if let Some(kept) = kept
            && image.renditions.iter().all(|r| kept.renditions.contains(r))
        {
            image.renditions.clone_from(&kept.renditions);
        }
        Ok(image)
    }

    async fn new_picture(&self, file: &str) -> std::result::Result<Image, Fault> {
        let path = self.path(file)?;
        let picture = self.media.in_hand(&path, MAX_IMAGE_BYTES).await.map_err(|e| refuse(file, &e))?;
        let name = format!("derived/picture-{}.json", crate::media::hex(&Sha256::digest(&picture.bytes)));
        if let Some(image) = self.derived::<Image>(&name).await? {
            // Some import before this one brought it.
            self.seen().shared.insert(image.original.clone());
            return Ok(image);
        }
        let image = self.media.picture(picture, "").await.map_err(|e| refuse(file, &e))?;
        self.remember(&name, &image).await?;
        Ok(image)
    }

    pub(super) async fn file(
        &self,
        work: &WorkId,
        tenant: &TenantId,
        row: &FileRow,
        notes: &mut Vec<String>,
    ) -> std::result::Result<Stored, Fault> {
        let seen = self.seen().files.entry(row.file.clone()).or_default().clone();
        let facts = seen.get_or_try_init(|| self.new_file(&row.file)).await?.clone();
        notes.extend(facts.notes);
        let name = row
            .name
            .clone()
            .or_else(|| Path::new(&row.file).file_name().map(|n| n.to_string_lossy().into_owned()))
            .unwrap_or_default();
        let asset = Asset {
            id: build::asset_id(work, &facts.hashed.sha256, &name),
            tenant: tenant.clone(),
            work: work.clone(),
            key: format!("assets/{}", facts.hashed.sha256),
            file_name: name,
            content_type: facts.content_type,
            format: row.format.clone(),
            size: facts.hashed.size,
            sha256: facts.hashed.sha256,
            crc32: facts.hashed.crc32,
            length_ms: facts.sound.as_ref().map(|s| s.length_ms),
            state: facts.state,
        };
        Ok(Stored { asset, sound: facts.sound, book: facts.book })
    }

    /// Stores a file and finds out what it is.
    async fn new_file(&self, file: &str) -> std::result::Result<FileFacts, Fault> {
        let path = self.path(file)?;
        let unreadable = |e: std::io::Error| format!("`file`: {file:?}: {e}");
        let hashed = hash(&path).await.map_err(unreadable)?;
        let key = format!("assets/{}", hashed.sha256);
        let content_type = mime_guess::from_path(&path).first_or_octet_stream().to_string();
        let mut notes = Vec::new();
        let mut state = AssetState::Clean;
        if !crate::media::looks_like(&content_type, &hashed.head) {
            state = AssetState::Quarantined;
            notes.push(format!("{file}: its bytes are not {content_type}; it is kept back"));
        }
        if self.blob.head(&key, None).await.is_err() {
            let opened = tokio::fs::File::open(&path).await.map_err(unreadable)?;
            let stream = tokio_util::io::ReaderStream::with_capacity(opened, 256 * 1024)
                .map_err(|e| BlobError::Unavailable(e.to_string()));
            self.blob.put(&key, Box::pin(stream), PutOptions::new(content_type.clone())).await.map_err(fault::blob)?;
        }
        let mut facts = FileFacts { hashed, content_type, state, sound: None, book: None, notes };
        if facts.state != AssetState::Clean {
            return Ok(facts);
        }
        let film = facts.content_type.starts_with("video/");
        if film || facts.content_type.starts_with("audio/") {
            let derived = format!("derived/{}-{}.json", if film { "film" } else { "sound" }, facts.hashed.sha256);
            facts.sound = self.derived(&derived).await?;
            if facts.sound.is_none() {
                let made = if film { self.media.film(&path).await } else { self.media.sound(&path).await };
                match made {
                    Ok(sound) => {
                        self.remember(&derived, &sound).await?;
                        facts.sound = Some(sound);
                    }
                    Err(e @ MediaError::NoTools) => facts.notes.push(format!("{file}: {e}")),
                    Err(e) => return Err(refuse(file, &e)),
                }
            }
        } else if facts.content_type == "application/epub+zip" {
            let derived = format!("derived/book-{}.json", facts.hashed.sha256);
            facts.book = self.derived(&derived).await?;
            if facts.book.is_none() {
                let bytes = self.media.in_hand(&path, MAX_BOOK_BYTES).await.map_err(|e| refuse(file, &e))?;
                let book = self.media.book(bytes).await.map_err(|e| refuse(file, &e))?;
                self.remember(&derived, &book).await?;
                facts.book = Some(book);
            }
        }
        Ok(facts)
    }

    async fn derived<T: serde::de::DeserializeOwned>(&self, key: &str) -> std::result::Result<Option<T>, Fault> {
        match self.blob.get_bytes(key).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(BlobError::NotFound) => Ok(None),
            Err(e) => Err(Fault::Inside(fault::blob(e))),
        }
    }

    async fn remember<T: serde::Serialize>(&self, key: &str, value: &T) -> std::result::Result<(), Fault> {
        let bytes = serde_json::to_vec(value).map_err(|e| Fault::Inside(fault::internal("remembering", &e)))?;
        self.blob.put_bytes(key, bytes.into(), PutOptions::new("application/json")).await.map_err(fault::blob)?;
        Ok(())
    }
}

pub(in crate::catalog::exchange) fn refuse(file: &str, error: &MediaError) -> Fault {
    Fault::Refused(format!("{file}: {error}"))
}

async fn hash(path: &Path) -> std::io::Result<Hashed> {
    let mut file = tokio::fs::File::open(path).await?;
    let (mut sha, mut crc, mut size, mut head) = (Sha256::new(), crc32fast::Hasher::new(), 0u64, Vec::new());
    let mut buffer = vec![0u8; 256 * 1024];
    loop {
        let n = file.read(&mut buffer).await?;
        if n == 0 {
            break;
        }
        if head.is_empty() {
            head = buffer[..n.min(64)].to_vec();
        }
        sha.update(&buffer[..n]);
        crc.update(&buffer[..n]);
        size += n as u64;
    }
    Ok(Hashed { size, sha256: crate::media::hex(&sha.finalize()), crc32: crc.finalize(), head })
}
