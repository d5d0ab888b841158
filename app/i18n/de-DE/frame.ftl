skip-to-content = Zum Inhalt springen
close = Schließen
dismiss = Ausblenden
loading = Wird geladen
messages = Meldungen
account = Konto
account-of = Konto von { $name }
cart-count = { $count ->
    [0] Warenkorb
    [one] Warenkorb, 1 Artikel
   *[other] Warenkorb, { $count } Artikel
 }
own-label = Ihr Bereich
kinds-label = Arten
kinds-album = Musik
kinds-book = Bücher
kinds-video = Video
kinds-podcast = Podcasts
kinds-all = Alles

search-label = Werke, Urheber und Läden suchen
search-placeholder = Suchen
search-go = Suchen
search-makers = Urheber
search-works = Werke
search-shops = Läden
search-recent = Auf diesem Gerät gesucht
search-status = { $count ->
    [0] Keine Vorschläge
    [one] Ein Vorschlag
   *[other] { $count } Vorschläge
 }

prefs-open = Land, Währung und Sprache: { $country }, { $currency }, { $language }
prefs-title = Land, Währung und Sprache
prefs-country = Land
prefs-country-hint = Bestimmt Preise, Steuer und was geliefert werden kann.
prefs-currency = Währung
prefs-currency-hint = Was Sie sehen. Wo ein Laden einen Preis in ihr hat, zahlen Sie ihn; sonst steht vor einem ungefähren Betrag der Preis, den Sie zahlen.
prefs-language = Sprache
prefs-language-hint = Die Worte dieser Seite. Titel und Beschreibungen bleiben, wie ihre Urheber sie schrieben.
prefs-save = Speichern
theme-label = Darstellung
theme-system = Wie dieses Gerät
theme-light = Hell
theme-dark = Dunkel
theme-contrast = Hoher Kontrast

keys-title = Tasten
keys-search = Suchen
keys-cart = Warenkorb öffnen
keys-play = Abspielen und anhalten
keys-skip = Fünf Sekunden zurück und vor
keys-next = Nächstes und voriges
keys-help = Diese Liste zeigen
keys-close = Dialoge und Listen schließen

player-label = Player
player-play = Abspielen
player-pause = Anhalten
player-play-title = { $title } abspielen
player-pause-title = { $title } anhalten
player-next = Nächstes
player-previous = Voriges
player-seek = Stelle
player-place = { $place } von { $length }
player-close = Player schließen
player-failed = Diese Hörprobe konnte nicht geladen werden

footer-shop = Laden
footer-new = Neue Werke
footer-library = Ihre Bibliothek
footer-invoices = Ihre Rechnungen
footer-rights = Ihre Rechte
footer-more = Mehr
footer-feed = Feed neuer Werke
footer-studio = Studio für Verkäufer
footer-seller = Wer hier verkauft
footer-on = Dieser Laden läuft auf

share-copy = Adresse kopieren
share-copied = Adresse kopiert
