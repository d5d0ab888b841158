kind-album = Album
kind-book = Buch
kind-video = Video
kind-podcast = Podcast

price-free = Kostenlos
price-from = ab
price-was = Vorher:
price-lowest = Niedrigster Preis der 30 Tage davor: { $price }
price-about = { $amount } (ungefähr)
price-about-note = Beträge in { $currency } sind ungefähr, nach dem Kurs der { $source } vom { $date }. Sie zahlen in { $paid }.
price-about-old = Beträge in { $currency } sind ungefähr, nach einem alten Kurs der { $source } vom { $date }. Sie zahlen in { $paid }.
price-step = Ab { $count } Stück: je { $price }
price-none = Hier nicht erhältlich
price-named = Preis frei wählbar ab { $least }
price-name-yours = Ihr Preis in { $currency }
price-name-hint = Mindestens { $least }. Vorschlag: { $suggested }.
tax-final = es kommt keine Steuer hinzu
tax-incl-vat = inkl. MwSt.
tax-incl-gst = inkl. GST
tax-incl-ct = inkl. Konsumsteuer
tax-excl = zzgl. Steuer
tax-none = ohne Steuer
tax-import = zzgl. Einfuhrsteuer
tax-some = teils mit Steuer

facet-type = Art
facet-genre = Genre
facet-tag = Stichwort
facet-year = Jahr
facet-price = Preis
facet-format = Format
facet-maker = Urheber
facet-store = Laden
facet-language = Sprache
facet-chosen = gewählt
sort-relevance = Beste Treffer
sort-newest = Neueste
sort-title = Titel
sort-price-up = Preis aufsteigend
sort-price-down = Preis absteigend

feature-newest = Neu
feature-latest = Zuletzt erschienen
feature-new = Neu

parts-album = { $count ->
    [one] ein Stück
   *[other] { $count } Stücke
 }
parts-book = { $count ->
    [one] ein Kapitel
   *[other] { $count } Kapitel
 }
parts-video = { $count ->
    [one] ein Teil
   *[other] { $count } Teile
 }
parts-podcast = { $count ->
    [one] eine Folge
   *[other] { $count } Folgen
 }
parts-title-album = Stücke
parts-title-book = Inhalt
parts-title-video = Teile
parts-title-podcast = Folgen
group-album = CD { $number }
group-book = Teil { $number }
group-video = Staffel { $number }
group-podcast = Staffel { $number }
part-bonus = Bonus, für Käufer
part-notes = Notizen
transcript = Zum Lesen
transcript-in = Zum Lesen ({ $language })
transcript-title-of = Zum Lesen: { $episode } · { $podcast }
transcript-file = Der Text mit seinen Zeiten als Datei (WebVTT)
transcript-press = Drücken Sie eine Zeit, um ab dort zu hören.
transcript-play-from = Ab { $at } hören

fact-series = Reihe
fact-series-number = { $series }, Nr. { $number }
fact-pages = Seiten
fact-words = Wörter
fact-language = Sprache
fact-isbn = ISBN
fact-resolution = Auflösung
fact-subtitles = Untertitel
fact-updates = Aktualisierungen
fact-sound = Ton
updates-none = Sie bleibt, wie sie ist
updates-corrections = Korrekturen sind kostenlos und kommen in Ihre Bibliothek
updates-editions = Korrekturen und neue Auflagen sind kostenlos und kommen in Ihre Bibliothek
fact-age = Altersfreigabe
fact-accessibility = Barrierefreiheit

stock-none = Ausverkauft
stock-few = { $count ->
    [one] Noch eins da
   *[other] Noch { $count } da
 }
stock-there = Auf Lager
ships = Wird als Paket verschickt
ships-from = Versand aus { $place }

maker-artist = Musik
maker-author = Literatur
maker-works-artist = Diskografie
maker-works-author = Bibliografie
language-en = English
language-de = Deutsch
language-fr = Français
language-es = Español
language-it = Italiano
language-pt = Português
language-ru = Русский
language-ja = 日本語
language-zh = 中文
language-ar = العربية
